"""The audit chain: whatever is done to it is found, and the first bad record is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.canonical import canonical_json
from lotwright.errors import LotwrightError, StoreError
from lotwright.store import Store
from lotwright.store.audit import AUDIT_FILE, AuditChain
from lotwright.store.audit_keys import Signer, make_key, read_signer, signer_of
from lotwright.store.audit_record import GENESIS
from lotwright.store.audit_verify import AuditReport, read_checkpoints, records, verify_chain
from lotwright.store.facts import Checkpoint

PAYLOADS = [
    {"symbol": "VTI", "quantity": Decimal("1.50"), "day": datetime(2026, 11, 20, tzinfo=UTC).date()},
    {"text": 'Zoë said "no"\n\u2028', "number": 0.1, "nothing": None},
    {"nested": [{"a": []}, {}], "yes": True},
    {},
]


class Clock:
    """A second a look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def chain(folder: Path, *, store: Store | None = None, signer: Signer | None = None) -> AuditChain:
    return AuditChain(folder, clock=Clock(), store=store, signer=signer, name="test")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Checkpoint]:
    """A chain's file, signed from the third record on, and its checkpoint."""
    folder = tmp_path_factory.mktemp("written")
    make_key(folder / "key")
    for payload in PAYLOADS[:2]:
        chain(folder).record("step", payload)
    signed = chain(folder, signer=read_signer(folder / "key"))
    for payload in PAYLOADS:
        signed.record("step", payload)
    return (folder / AUDIT_FILE).read_bytes(), signed.checkpoint()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def verified(folder: Path, data: bytes, *points: Checkpoint) -> AuditReport:
    (folder / AUDIT_FILE).write_bytes(data)
    return verify_chain(folder, checkpoints=points)


def test_the_chain_is_sha_256_over_canonical_json(folder: Path):
    """By hand, without our reader: each line but its hash and signature, keys sorted, hashed, and named by the next."""
    for payload in PAYLOADS:
        chain(folder).record("step", payload)
    before = GENESIS
    lines = (folder / AUDIT_FILE).read_bytes().splitlines()
    assert len(lines) == 5
    for number, line in enumerate(lines, start=1):
        record = json.loads(line)
        stated = record.pop("hash")
        text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert stated == sha256(text.encode()).hexdigest()
        assert (record["prev"], record["seq"]) == (before, number)
        before = stated
    assert json.loads(lines[1])["payload"] == {"day": "2026-11-20", "quantity": "1.50", "symbol": "VTI"}


def test_an_untouched_chain_holds(folder: Path, written: tuple[bytes, Checkpoint]):
    data, point = written
    report = verified(folder, data, point)
    assert (report.ok, report.count, report.head, report.notes) == (True, 7, point.head, ())


@settings(max_examples=400)
@given(data=st.data())
def test_any_single_mutation_of_the_file_is_found(
    data: st.DataObject, written: tuple[bytes, Checkpoint], tmp_path_factory: pytest.TempPathFactory
):
    original, point = written
    lines = original.splitlines(keepends=True)
    which = data.draw(
        st.sampled_from(["flip", "cut", "drop", "swap", "duplicate", "insert", "remove byte", "insert byte"])
    )
    place = data.draw(st.integers(0, len(original) - 1))
    number = data.draw(st.integers(0, len(lines) - 1))
    byte = bytes([data.draw(st.integers(0, 255))])
    changed = {
        "flip": lambda: (
            original[:place] + bytes([original[place] ^ data.draw(st.integers(1, 255))]) + original[place + 1 :]
        ),
        "cut": lambda: original[:place],
        "drop": lambda: b"".join(lines[:number] + lines[number + 1 :]),
        "swap": lambda: b"".join(_swapped(lines, number, data.draw(st.integers(0, len(lines) - 1)))),
        "duplicate": lambda: b"".join([*lines[: number + 1], *lines[number:]]),
        "insert": lambda: b"".join(
            [*lines[:number], data.draw(st.sampled_from([b"\n", b"{}\n", lines[-1]])), *lines[number:]]
        ),
        "remove byte": lambda: original[:place] + original[place + 1 :],
        "insert byte": lambda: original[:place] + byte + original[place:],
    }[which]()
    if changed == original:
        return
    report = verified(tmp_path_factory.getbasetemp(), changed, point)
    assert not report.ok, which
    assert report.line is not None
    assert report.reason
    first = next(
        (n for n, (a, b) in enumerate(zip(lines, changed.split(b"\n"), strict=False), 1) if a != b + b"\n"), len(lines)
    )
    assert report.line <= first + 1


def _swapped(lines: list[bytes], one: int, other: int) -> list[bytes]:
    swapped = lines.copy()
    swapped[one], swapped[other] = lines[other], lines[one]
    return swapped


@pytest.mark.parametrize("left", range(1, 7))
def test_a_chain_cut_off_between_records_is_found_by_a_checkpoint_and_by_the_store(folder: Path, left: int):
    with Store.open(folder) as store:
        written = chain(folder, store=store)
        for payload in PAYLOADS[:3] * 2:
            written.record("step", payload)
        point = written.checkpoint()
        lines = (folder / AUDIT_FILE).read_bytes().splitlines(keepends=True)
        (folder / AUDIT_FILE).write_bytes(b"".join(lines[:left]))
        assert verify_chain(folder).ok  # the chain alone cannot know
        for report in (verify_chain(folder, checkpoints=[point]), verify_chain(folder, store=store)):
            assert (report.ok, report.line) == (False, left + 1)
            assert "end was cut off" in report.reason
        with pytest.raises(StoreError, match="its end was cut off"):
            chain(folder, store=store).record("step", {})


def test_a_chain_written_anew_is_found(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    other = tmp_path_factory.mktemp("anew")
    with Store.open(folder) as store:
        for payload in PAYLOADS:
            chain(folder, store=store).record("step", payload)
            chain(other).record("step", {"forged": True})
        point = chain(folder, store=store).checkpoint()
        (folder / AUDIT_FILE).write_bytes((other / AUDIT_FILE).read_bytes())
        assert verify_chain(folder).ok
        report = verify_chain(folder, store=store)
        assert (report.ok, report.line) == (False, 2)
        assert "the store's copy differs" in report.reason
        report = verify_chain(folder, checkpoints=read_checkpoints(f"Done.\n{point.text}\n"))
        assert (report.ok, report.line) == (False, 5)
        assert "written anew" in report.reason
        renamed = Checkpoint(chain="another", count=1, head=point.head, at=point.at)
        assert "it was replaced" in verify_chain(folder, checkpoints=[renamed]).reason


def test_the_stores_copy_is_held_against_the_file_on_both_databases(store: Store, folder: Path):
    written = chain(folder, store=store)
    for payload in PAYLOADS:
        written.record("step", payload)
    assert verify_chain(folder, store=store).ok
    (folder / AUDIT_FILE).unlink()
    with pytest.raises(StoreError, match="The chain test is in the store"):
        chain(folder, store=store).record("step", {})


def test_the_store_catches_up_with_what_a_crash_kept_from_it(folder: Path):
    with Store.open(folder) as store:
        chain(folder, store=store).record("step", {})
        chain(folder).record("step", {})
        report = verify_chain(folder, store=store)
        assert report.ok
        assert report.notes == ("The last record is not in the store yet: a crash came between.",)
        chain(folder).record("step", {})
        assert "2 more" not in verify_chain(folder, store=store).reason
        assert not verify_chain(folder, store=store).ok
        chain(folder, store=store).record("step", {})
        assert verify_chain(folder, store=store) == verify_chain(folder)


@pytest.mark.parametrize("torn", [b"{", b'{"at":"2026', b"\x00" * 4096, b"garbage\nmore", b"x" * 200_000])
def test_a_line_that_a_crash_cut_off_stays_and_the_next_record_tells_of_it(folder: Path, torn: bytes):
    chain(folder).record("step", {"number": 1})
    with (folder / AUDIT_FILE).open("ab") as out:
        out.write(torn)
    report = verify_chain(folder)
    assert (report.ok, report.line) == (False, 3)
    chain(folder).record("step", {"number": 2})
    report = verify_chain(folder)
    assert (report.ok, report.count) == (True, 4)
    assert report.notes == ("Line 3 was cut off by a crash; record 3 says so.",)
    assert torn in (folder / AUDIT_FILE).read_bytes()
    changed = (folder / AUDIT_FILE).read_bytes().replace(torn, torn + b"!")
    assert not verified(folder, changed).ok


def test_a_record_that_lacks_only_its_end_is_kept(folder: Path):
    chain(folder).record("step", {"number": 1})
    whole = (folder / AUDIT_FILE).read_bytes()
    (folder / AUDIT_FILE).write_bytes(whole[:-1])
    assert "cut off" in verify_chain(folder).reason
    chain(folder).record("step", {"number": 2})
    assert [record.payload.get("number") for record in records(folder)] == [None, 1, 2]
    assert verify_chain(folder).ok


# Signatures


def test_a_chain_rewritten_without_the_key_is_found(folder: Path):
    public = make_key(folder / "key")
    signer = read_signer(folder / "key")
    for payload in PAYLOADS:
        chain(folder, signer=signer).record("step", payload)
    assert verify_chain(folder, public_key=public).ok
    other = make_key(folder / "other")
    assert "not by" in verify_chain(folder, public_key=other).reason
    chain(folder).record("forged", {})
    assert verify_chain(folder).ok
    assert "is not signed" in verify_chain(folder, public_key=public).reason


def test_a_signature_taken_away_or_exchanged_is_found(folder: Path):
    make_key(folder / "key")
    chain(folder, signer=read_signer(folder / "key")).record("step", {})
    first, second = (json.loads(line) for line in (folder / AUDIT_FILE).read_bytes().splitlines())
    swapped = {**second, "signature": first["signature"]}
    without = {name: value for name, value in second.items() if name != "signature"}
    bare = {name: value for name, value in without.items() if name != "key"}
    for forged, said in ((swapped, "not that of its key"), (without, "keys of a record"), (bare, "it was changed")):
        report = verified(folder, b"".join(canonical_json(one) + b"\n" for one in (first, forged)))
        assert (report.ok, report.line) == (False, 2)
        assert said in report.reason


def test_keys_come_from_the_environment_or_a_private_file(folder: Path):
    public = make_key(folder / "key")
    text = (folder / "key").read_text()
    for environment in ({"LOTWRIGHT_AUDIT_KEY": text}, {"LOTWRIGHT_AUDIT_KEY_FILE": str(folder / "key")}):
        signer = signer_of(environment)
        assert signer is not None
        assert signer.public == public
        assert text.strip() not in repr(signer)
    assert signer_of({}) is None
    with pytest.raises(StoreError, match="never overwritten"):
        make_key(folder / "key")
    (folder / "key").chmod(0o640)
    with pytest.raises(StoreError, match="chmod 600"):
        read_signer(folder / "key")
    with pytest.raises(StoreError, match="no Ed25519 key"):
        signer_of({"LOTWRIGHT_AUDIT_KEY": "short"})


# What cannot be written


def test_what_cannot_be_made_durable_raises(folder: Path, monkeypatch: pytest.MonkeyPatch):
    written = chain(folder)
    written.record("step", {})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("lotwright.store.audit.os.fsync", full)
        with pytest.raises(StoreError, match=r"No space left on device\. Nothing may be done that is not recorded"):
            written.record("step", {})
    written.record("step", {})
    assert verify_chain(folder).ok


@pytest.mark.parametrize("payload", [{"x": float("nan")}, {"x": 2**60}, {"x": object()}, {1: 2}])
def test_what_has_no_canonical_json_is_refused_and_leaves_nothing(folder: Path, payload: dict[object, object]):
    written = chain(folder)
    written.record("step", {})
    with pytest.raises(StoreError, match="cannot be written"):
        written.record("step", payload)  # type: ignore[arg-type]
    assert verify_chain(folder).count == 2


def test_a_damaged_chain_is_not_written_to(folder: Path):
    (folder / AUDIT_FILE).write_bytes(b"no record\n")
    with pytest.raises(StoreError, match="no record among them"):
        chain(folder).record("step", {})


def test_what_is_no_checkpoint_is_refused():
    with pytest.raises(StoreError, match="It reads: audit NAME COUNT HEAD TIME"):
        read_checkpoints("all is well")


NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-(2.0**53) + 1, 2.0**53 - 1)


@settings(max_examples=200)
@given(
    st.recursive(
        st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    )
)
def test_canonical_json_is_read_back_and_written_the_same(value: object):
    try:
        text = canonical_json(value)
    except LotwrightError:
        return  # half a character
    assert text == rfc8785.dumps(value)  # type: ignore[arg-type]  the quick way and the library agree
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
