"""What stands in examples/unattended can be used as it stands: read by systemd, by cron's grammar, by us, and called."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from lotwright.cli.unattended.settings import Settings, read_settings


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "examples" / "unattended"


@pytest.fixture
def settings(folder: Path, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the settings beside a copy of the book."""
    for name in ("LOTWRIGHT_STATE", "LOTWRIGHT_STORE", "LOTWRIGHT_NOTIFY_URLS", "LOTWRIGHT_BOOK"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(root / "examples" / "books" / "first_steps", tmp_path / "books" / "first_steps")
    (tmp_path / "unattended").mkdir()
    return Path(shutil.copy(folder / "run.toml", tmp_path / "unattended" / "run.toml"))


def test_the_settings_read_and_every_one_they_mention_exists(settings: Path) -> None:
    found = read_settings(settings)
    assert (found.act, found.execute.broker) == ("when_approved", "simulated")
    assert found.book.is_dir()
    commented = re.findall(r"^# (\w+) = ", settings.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(commented) <= set(type(found.execute).model_fields)
    assert set(tomllib.loads(settings.read_text(encoding="utf-8"))) <= set(Settings.model_fields)


def test_the_function_runs_the_day_once(folder: Path, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("lambda_handler", folder / "lambda_handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("LOTWRIGHT_CONFIG", str(settings))
    first = module.handler({"day": "2019-12-31"}, None)
    assert (first["schema"], first["status"], first["exit"]) == ("lotwright.run/1", "waiting", 0)
    assert module.handler({"day": "2019-12-31"}, None)["status"] == "waiting"
    assert module.handler({"day": "2020-01-01"}, None)["status"] == "nothing_due"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_reads_the_units(folder: Path) -> None:
    for command in (
        ["systemd-analyze", "verify", "--man=no", str(folder / "lotwright.service"), str(folder / "lotwright.timer")],
        ["systemd-analyze", "calendar", "--iterations=2", _calendar(folder)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        ours = [line for line in done.stderr.splitlines() if "lotwright" in line]
        assert (done.returncode, ours) == (0, []), done.stderr


def _calendar(folder: Path) -> str:
    text = (folder / "lotwright.timer").read_text(encoding="utf-8")
    return re.search(r"^OnCalendar=(.+)$", text, flags=re.MULTILINE)[1]  # type: ignore[index]


def test_the_units_name_no_secret_and_the_timer_its_zone(folder: Path) -> None:
    service = (folder / "lotwright.service").read_text(encoding="utf-8")
    for line in re.findall(r"^Environment=(.+)$", service, flags=re.MULTILINE):
        name, _, value = line.partition("=")
        assert not re.search("URL|KEY|SECRET", name) or value.startswith("%d/")
    assert _calendar(folder).endswith("America/New_York")


FIELD = r"(\*|\d+(-\d+)?(,\d+(-\d+)?)*)(/\d+)?"


def test_cron_reads_the_table(folder: Path) -> None:
    """crontab(5): five fields of numbers, ranges, lists and steps; a command without an unescaped per cent sign."""
    lines = [line for line in (folder / "crontab").read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    jobs = [line for line in lines if not re.match(r"[A-Z_]+=", line)]
    assert len(jobs) == 1
    *fields, command = jobs[0].split(maxsplit=5)
    assert all(re.fullmatch(FIELD, field) for field in fields)
    for field, (low, high) in zip(fields, [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)], strict=True):
        assert all(low <= int(number) <= high for number in re.findall(r"(?<!/)\b\d+", field))
    assert "%" not in command
    assert " run /etc/lotwright/run.toml" in command
    assert not [line for line in lines if re.match(r"[A-Z_]*(URLS|KEY|SECRET|TOKEN)=", line)]


def test_the_container_is_a_job_that_keeps_its_state(folder: Path, root: Path) -> None:
    text = (folder / "Containerfile").read_text(encoding="utf-8")
    assert 'ENTRYPOINT ["lotwright", "run"]' in text
    assert "VOLUME /state" in text
    assert "USER lotwright" in text
    assert (root / "constraints.txt").is_file()
    for variable in re.findall(r"LOTWRIGHT_(\w+)=", text.split("ENV ", 1)[1]):
        assert variable.lower() in Settings.model_fields
    assert not re.search(r"^(ENV|ARG).*(URLS|KEY|SECRET|TOKEN|PASSW)", text, flags=re.MULTILINE)
