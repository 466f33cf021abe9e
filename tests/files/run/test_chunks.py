"""A chunk carries what concerns its households and no more; a run that cannot begin leaves nothing behind."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from lotwright.book.holdings import Household, Pending
from lotwright.book.kinds import Side
from lotwright.cli.app import app
from lotwright.errors import PlanError
from lotwright.files.run import parts as parts_module
from lotwright.files.run.chunks import chunks
from lotwright.files.run.frames import pack, unpack, unpack_first
from lotwright.files.run.prepare import Asked, prepare
from lotwright.files.run.work import Ready, prepare_worker, setup_bytes, work
from tests.files.run.many import write_many


def in_hand(household: str, account: str) -> dict[str, tuple[Pending, ...]]:
    trade = Pending(
        account=account,
        symbol="AAA",
        side=Side.SELL,
        date=date(2020, 11, 27),
        quantity=Decimal(3),
        loss=Decimal("12.5"),
    )
    return {household: (trade,)}


def test_large_households_come_first_in_each_part_and_each_comes_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "PART", 16)
    folder = tmp_path / "parts"
    folder.mkdir()
    ready = prepare(Asked(book=write_many(tmp_path / "book", 40)), folder)
    found = list(chunks(ready.parts, ready.setup, done={0: {3, 5}, 2: set(range(32, 40))}, most=3))
    units = [unit for chunk in found for unit in chunk.units]
    assert sorted(units) == sorted(set(range(32)) - {3, 5})
    for number in (0, 1):
        part = ready.parts.read(number)
        weight = dict(
            zip(range(16 * number, 16 * number + 16), part.weight(range(16 * number, 16 * number + 16)), strict=True)
        )
        heaviest = [max(weight[u] for u in chunk.units) for chunk in found if chunk.units[0] // 16 == number]
        lightest = [min(weight[u] for u in chunk.units) for chunk in found if chunk.units[0] // 16 == number]
        assert all(least >= most for least, most in zip(lightest, heaviest[1:], strict=False))


def test_trades_in_hand_go_with_the_chunk_of_their_household(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    ready = prepare(Asked(book=write_many(tmp_path / "book", 6)), folder)
    waiting = {**in_hand("H00002", "A00002-0"), **in_hand("ELSEWHERE", "X")}
    sent = {
        chunk.units: unpack(chunk.payload(alone=False))[1]["pending"]
        for chunk in chunks(ready.parts, ready.setup, done={}, most=1, in_hand=waiting)
    }
    assert {unit for units, pending in sent.items() for unit in units if pending} == {2}
    assert set(sent[2,]) == {"H00002"}
    setup = setup_bytes(ready.setup, hang_seconds=60)
    assert b"ELSEWHERE" not in setup


def test_a_worker_plans_with_the_trades_in_hand_it_was_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
    folder = tmp_path / "parts"
    folder.mkdir()
    prepared = prepare(Asked(book=write_many(tmp_path / "book", 3)), folder)
    ready: Ready = prepare_worker(setup_bytes(prepared.setup, hang_seconds=60))
    seen: list[object] = []
    monkeypatch.setattr("lotwright.files.run.work.plan_household", _noting(seen))
    source = chunks(prepared.parts, prepared.setup, done={}, in_hand=in_hand("H00002", "A00002-0"))
    for chunk in source:
        with pytest.raises(_Seen):
            work(ready, chunk.payload(alone=True))
    assert [len(each.pending) for each in seen if isinstance(each, Household)] == [0, 0, 1]


class _Seen(BaseException):
    """Enough was seen."""


def _noting(seen: list[object]):  # type: ignore[no-untyped-def]
    def plan(household: object, **_: object) -> None:
        seen.append(household)
        if len(seen) == 3:
            raise _Seen
        raise ValueError

    return plan


def test_frames_may_be_sent_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    rows = prepare(Asked(book=write_many(tmp_path / "book", 2)), folder).parts.read(0).tables
    assert unpack(pack(rows, compression=None))[0] == unpack(pack(rows))[0] == rows


def test_of_an_answer_the_units_can_be_read_alone(tmp_path: Path) -> None:
    tables = {"plans": pa.table({"unit": [3, 1], "plan": ["{}", "[]"]}), "trades": pa.table({"unit": [3]})}
    for compression in ("lz4", None):
        assert unpack_first(pack(tables, about={"worker": "w"}, compression=compression), "plans") == (
            [3, 1],
            {"worker": "w"},
        )
    with pytest.raises(PlanError, match="ends within its table trades"):
        unpack_first(pack(tables)[:-1], "plans")


@pytest.mark.parametrize("units", [(0,), (2, 3, 4), (1, 4, 5), (0, 3, 11)])
def test_units_that_stand_apart_are_taken_as_those_that_stand_together(units: tuple[int, ...], tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    part = prepare(Asked(book=write_many(tmp_path / "book", 12, shuffled=True)), folder).parts.read(0)
    taken = part.rows_of(units)
    assert set(taken) == {"accounts", "lots", "transactions"}
    for name, rows in taken.items():
        assert rows.equals(pa.concat_tables([part.cut(unit, unit + 1)[name] for unit in units]))
        assert rows.num_rows or name == "transactions"


def test_a_worker_hands_over_old_trades_only_where_a_law_makes_pools_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IRC section 1091 looks back 30 days; a section 104 holding (TCGA 1992) is made of every trade there was."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
    book, folder = write_many(tmp_path / "book", 3), tmp_path / "parts"
    folder.mkdir()
    said = (book / "accounts.csv").read_text().splitlines()
    regimes = ["regime", "us", "", "uk"]
    (book / "accounts.csv").write_text(
        "".join(f"{line},{regime}\n" for line, regime in zip(said, regimes, strict=True))
    )
    rows = [
        f"A0000{n}-0,{day},AAA,buy,1,99.5"
        for n in range(3)
        for day in ("2019-03-01", "2020-09-29", "2020-09-30", "2020-11-30")
    ]
    (book / "transactions.csv").write_text("\n".join(["account,date,symbol,action,quantity,price", *rows]) + "\n")
    prepared = prepare(Asked(book=book), folder)
    ready: Ready = prepare_worker(setup_bytes(prepared.setup, hang_seconds=60))
    seen: list[object] = []
    monkeypatch.setattr("lotwright.files.run.work.plan_household", _noting(seen))
    (chunk,) = chunks(prepared.parts, prepared.setup, done={})
    with pytest.raises(_Seen):
        work(ready, chunk.payload(alone=True))
    dates = [
        [str(trade.date) for trade in each.accounts[0].transactions] for each in seen if isinstance(each, Household)
    ]
    recent = ["2020-09-30", "2020-11-30"]
    assert dates == [recent, recent, ["2019-03-01", "2020-09-29", *recent]]


@pytest.mark.parametrize("was_there", [True, False])
def test_a_run_that_cannot_begin_leaves_nothing_behind(
    was_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lotwright.plan.batch.cluster.CONNECT", 0.5)
    out = tmp_path / "run"
    if was_there:
        out.mkdir()
    book = write_many(tmp_path / "book", 2)
    for arguments in (["--engine", "nobody's"], ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"]):
        ended = CliRunner().invoke(app, ["batch", str(book), "--out", str(out), *arguments])
        assert ended.exit_code != 0
        assert "127.0.0.1:9" in str(ended.exception) or "no engine" in str(ended.exception)
        assert list(out.iterdir()) == [] if was_there else not out.exists()
    (book / "lots.csv").unlink()
    ended = CliRunner().invoke(app, ["batch", str(book), "--out", str(out), "--workers", "1"])
    assert "lots" in str(ended.exception)
    assert list(out.iterdir()) == [] if was_there else not out.exists()
