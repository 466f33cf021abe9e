"""Secrets come in by the environment, private files or the keyring, and go out nowhere: a canary through every channel."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import sys
import types
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import typer
from typer.testing import CliRunner

from lotwright.cli.app import app
from lotwright.cli.unattended import steps
from lotwright.cli.unattended.run import RunFailedError, run_once
from lotwright.cli.unattended.secret_values import HIDDEN, NOTIFY, find_secrets
from lotwright.cli.unattended.settings import read_settings
from lotwright.errors import KeysError, LotwrightError, ProgramError, StateError
from tests.cli.unattended.conftest import DAY, Place, Server

CANARY = "kAnArY-3x7/9"
"""With a character that addresses quote."""
FORMS = [CANARY, quote(CANARY, safe=""), quote(CANARY), "kAnArY", base64.b64encode(f"user:{CANARY}".encode()).decode()]


def assert_no_canary(text: str) -> None:
    assert not [form for form in FORMS if form in text]


def everything_in(folder: Path) -> str:
    return "\n".join(path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def canaries(place: Place, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch) -> Server:
    """Every variable that holds a secret holds the canary; the server it notifies breaks."""
    web = serve(500)
    user = f"user:{quote(CANARY, safe='')}@127.0.0.1:{web.port}/hook/{quote(CANARY, safe='')}?token={quote(CANARY, safe='')}"
    monkeypatch.setenv(NOTIFY, f"json://{user}, slack://{quote(CANARY, safe='')}/nonsense nonsense://{CANARY}")
    monkeypatch.setenv("APCA_API_KEY_ID", f"PK{CANARY}")
    monkeypatch.setenv("APCA_API_SECRET_KEY", CANARY)
    monkeypatch.setenv("MY_OWN_TOKEN", CANARY)
    place.settings('[log]\nfile = "run.log"\nlevel = "debug"\n[notify]\nseconds = 15.0\n', out="out")
    return web


def test_a_canary_is_in_no_output_log_state_file_or_notification(place: Place, canaries: Server) -> None:
    done = CliRunner().invoke(app, ["run", str(place.config), "--as-of", DAY.isoformat(), "--json", "-"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "proposed"
    assert canaries.bodies  # the server was reached with the canary in the address
    assert '"event": "notified"' in done.stderr
    assert_no_canary(done.stdout + done.stderr + repr(done.exception))
    assert_no_canary(everything_in(place.path))
    assert_no_canary(json.dumps(canaries.bodies))
    assert (place.path / "run.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", [RuntimeError, LotwrightError, OSError, typer.BadParameter])
def test_a_canary_in_an_exception_is_hidden_everywhere(
    place: Place,
    canaries: Server,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    kind: type[Exception],
) -> None:
    def broken(_: object) -> dict[str, object]:
        try:
            raise ValueError(f"inner {os.environ[NOTIFY]}")
        except ValueError as inner:
            raise kind(f"cannot reach https://user:{CANARY}@host/{quote(CANARY, safe='')}") from inner

    monkeypatch.setattr(steps, "due", broken)
    with pytest.raises((LotwrightError, RunFailedError)) as told:
        run_once(place.config, as_of=DAY)
    import traceback

    assert_no_canary("".join(traceback.format_exception(told.value)))
    assert HIDDEN in str(told.value)
    out, err = capfd.readouterr()
    assert_no_canary(out + err + everything_in(place.path))
    assert canaries.bodies


def test_a_command_that_prints_a_canary_is_heard_without_it(
    place: Place, canaries: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    import logging

    real = steps.write

    def talks(today: steps.Today) -> dict[str, object]:
        logging.getLogger("library").error("sent to %s", os.environ["APCA_API_SECRET_KEY"])
        with steps.heard(today.log, steps.Step.EXECUTE):
            print(CANARY)
            print(CANARY, file=sys.stderr)
        return real(today)

    monkeypatch.setattr(steps, "write", talks)
    run_once(place.config, as_of=DAY)
    out, err = capfd.readouterr()
    assert err.count(HIDDEN) >= 3
    assert_no_canary(out + err + everything_in(place.path))


SECRET_SETTINGS = [
    f'notify_urls = "{CANARY}"',
    f'[notify]\nurls = ["{CANARY}"]',
    f'[execute]\napi_key = "{CANARY}"',
    f'[execute]\nstand_in = "http://user:{CANARY.replace("/", "")}@127.0.0.1"',
    f'token = "{CANARY}"',
    f'[prices]\nsource = "{CANARY}"',
    f'nme = "{CANARY}"',
    f'name = "{CANARY}"',
    f"says = {CANARY}",
    f'time_limit = "{CANARY}"',
    f'time_zone = "{CANARY}"',
]


@pytest.mark.parametrize("text", SECRET_SETTINGS)
def test_a_secret_in_the_settings_is_refused_and_not_repeated(place: Place, text: str) -> None:
    before = place.settings().read_text(encoding="utf-8")
    place.config.write_text(before.replace("\n\n", "\n") + text, encoding="utf-8")
    with pytest.raises(ProgramError) as told:
        read_settings(place.config)
    assert_no_canary(str(told.value).replace(CANARY.replace("/", ""), "kAnArY"))


def test_files_of_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text(f"json://{CANARY}\n", encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(KeysError, match=r"may be read by others .mode 0640.*chmod 600") as told:
        find_secrets({f"{NOTIFY}_FILE": str(file)})
    assert_no_canary(str(told.value))
    file.chmod(0o600)
    assert find_secrets({f"{NOTIFY}_FILE": str(file)}).notify_urls == (f"json://{CANARY}",)
    with pytest.raises(KeysError, match="cannot be read"):
        find_secrets({f"{NOTIFY}_FILE": str(tmp_path / "none")})
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(KeysError, match="not UTF-8"):
        find_secrets({f"{NOTIFY}_FILE": str(file)})


def test_a_log_that_others_may_read_is_refused(place: Place) -> None:
    (place.path / "run.log").touch(mode=0o644)
    (place.path / "run.log").chmod(0o644)
    place.settings('[log]\nfile = "run.log"')
    with pytest.raises(StateError, match="chmod 600"):
        place.start()


def test_the_keyring_is_asked_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = types.ModuleType("keyring")
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    stored = {("mine", NOTIFY): f"json://{CANARY}"}
    keyring.get_password = lambda service, name: stored.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert find_secrets({"LOTWRIGHT_KEYRING": "mine"}).notify_urls == (f"json://{CANARY}",)

    def locked(*_: str) -> str:
        raise errors.KeyringError(CANARY)  # type: ignore[attr-defined]

    keyring.get_password = locked  # type: ignore[attr-defined]
    with pytest.raises(KeysError, match="does not answer") as told:
        find_secrets({"LOTWRIGHT_KEYRING": "mine"})
    assert_no_canary(str(told.value))


def test_secrets_are_neither_shown_nor_pickled() -> None:
    found = find_secrets({NOTIFY: f"json://{CANARY}"})
    assert_no_canary(repr(found) + str(found))
    with pytest.raises(TypeError):
        pickle.dumps(found)


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("", ()),
        ("json://a", ("json://a",)),
        ("json://a, mailto://b?to=c,d\nslack://e", ("json://a", "mailto://b?to=c,d", "slack://e")),
    ],
)
def test_addresses_are_separated_by_blanks_or_commas_before_the_next(text: str, urls: tuple[str, ...]) -> None:
    assert find_secrets({NOTIFY: text}).notify_urls == urls


def test_short_words_are_not_hidden_from_every_text() -> None:
    assert find_secrets({"DOOR_TOKEN": "on"}).hide("money on hold") == "money on hold"


def test_settings_come_from_the_file_and_over_it_from_the_environment(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.settings('[prices]\nsource = "file"\nfile = "p.csv"\n[notify]\nseconds = 3.0\n', time_limit=4.0)
    found = read_settings(place.config)
    assert (found.time_limit, found.prices.file, found.state) == (4.0, place.path / "p.csv", place.path / "state")
    monkeypatch.setenv("LOTWRIGHT_TIME_LIMIT", "7")
    monkeypatch.setenv("LOTWRIGHT_PRICES__SOURCE", "book")
    monkeypatch.setenv("LOTWRIGHT_STATE", "/var/lib/lotwright")
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")  # another's variable
    found = read_settings(place.config)
    assert (found.time_limit, found.prices.source, found.state) == (7.0, "book", Path("/var/lib/lotwright"))
    assert found.notify.seconds == 3.0


@pytest.mark.parametrize(
    ("text", "values", "says"),
    [
        ("[notfy]\nseconds = 3", {}, "notfy is no setting. Did you mean notify"),
        ("[notify]\nsecond = 3", {}, "notify.second is no setting. Did you mean seconds"),
        ("", {"act": "automatic"}, "Say who answers for it"),
        ("", {"act": "sometimes"}, "act: input should be 'propose', 'when_approved' or 'automatic'"),
        ('[prices]\nsource = "file"', {}, "no file is named"),
        ("", {"time_zone": "Mars/Olympus"}, "no such time zone"),
        ("", {"name": "../x"}, "name: string should match"),
        ("x =", {}, "is not TOML: .*line"),
        ("", {"_env_file": "/etc/passwd"}, "_env_file is no setting"),
    ],
)
def test_mistakes_in_settings_are_told(place: Place, text: str, values: dict[str, object], says: str) -> None:
    place.settings(text, **values)
    with pytest.raises(ProgramError, match=says):
        read_settings(place.config)


def test_mistakes_in_the_environment_are_told_without_the_value(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOTWRIGHT_NOTIFY", "LOTWRIGHT_TIME_LIMIT"):
        with monkeypatch.context() as patched:
            patched.setenv(name, CANARY)
            with pytest.raises(ProgramError) as told:
                read_settings(place.config)
            assert name.removeprefix("LOTWRIGHT_").lower() in str(told.value)
            assert_no_canary(str(told.value))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('book = "b"\n', encoding="utf-8")
    with pytest.raises(ProgramError, match=r"state is needed. Add it, or set LOTWRIGHT_STATE"):
        read_settings(tmp_path / "run.toml")
    with pytest.raises(ProgramError, match=r"none.toml cannot be read: No such file"):
        read_settings(tmp_path / "none.toml")
    shutil.rmtree(tmp_path)
