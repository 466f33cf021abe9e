"""Settings of an unattended run: a TOML file, and over it the environment (``LOTWRIGHT_…``). Secrets are not settings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from lotwright.errors import ProgramError

PREFIX = "LOTWRIGHT_"
_SECRET_NAMES = re.compile(r"secret|token|passw|api_?key|key_id|credential|(^|_)urls?$", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Prices(_Part):
    """Where prices come from: the book's own table, a file, or a source that is fetched."""

    source: Literal["book", "file", "yfinance", "alpaca"] = "book"
    file: Path | None = None


class Execute(_Part):
    """How approved plans are carried out, and who stands for plans that nobody looks at."""

    broker: Literal["simulated", "alpaca", "csv"] = "simulated"
    live: bool = False
    stand_in: str | None = Field(default=None, description="Address of a stand-in for the broker on this machine.")
    approved_by: str | None = Field(default=None, description="With act = automatic: the person who answers for it.")
    most_turnover: float = Field(
        default=0.25, gt=0, le=2, description="Fraction of household value; more waits for a person."
    )
    most_trades: int = Field(default=200, ge=1, description="More trades of a household wait for a person.")
    hours: float = Field(default=24.0, gt=0, le=24 * 31, description="How long an automatic approval holds.")
    rules: Path | None = None
    workers: int = Field(default=1, ge=1, le=32)


class Notify(_Part):
    """What is told to whom: events; the addresses are secrets and come from the environment."""

    on: tuple[Literal["failure", "approval", "done", "quiet"], ...] = ("failure", "approval", "done")
    seconds: float = Field(default=20.0, gt=0, le=600, description="The most that all notifications together may take.")


class Log(_Part):
    """Where the structured log goes: JSON lines to standard error, and to a file of mode 0600 where one is named."""

    file: Path | None = None
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """All of them. Paths in the file, and in the environment, are relative to the file's folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )
    says: str = ""
    name: str = Field(default="daily", pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,40}$")
    book: Path
    state: Path
    out: Path | None = None
    triggers: str = "sensible"
    program: str | None = None
    series: Mapping[str, Path] = Field(default_factory=dict)
    time_zone: str = "America/New_York"
    act: Literal["propose", "when_approved", "automatic"] = "propose"
    gap_bp: float = Field(default=0.1, ge=0)
    time_limit: float = Field(default=10.0, gt=0)
    workers: int = Field(default=1, ge=1, le=256)
    prices: Prices = Prices()
    execute: Execute = Execute()
    notify: Notify = Notify()
    log: Log = Log()
    folder: ClassVar[Path] = Path()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic-settings calls by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic-settings calls by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; nothing else is read."""
        return env_settings, init_settings

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("there is no such time zone; write it like America/New_York") from error
        return name


def read_settings(path: Path) -> Settings:
    """The settings of a file and of the environment over it, every path made absolute.

    Raises
    ------
    ProgramError
        The file cannot be read, names a setting that does not exist or does not fit, or holds a secret. What was found is
        never repeated, should it have been one.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProgramError(f"{path} cannot be read: {error.strerror}. Name the settings of a run.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        said = error if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
        raise ProgramError(f"{path} is not TOML: {_place(str(said))}. Correct that line.") from None
    _no_secrets(table, path)
    hidden = next((key for key in table if key.startswith("_")), None)
    if hidden is not None:
        raise ProgramError(f"{path}: {hidden} is no setting. There are: {', '.join(_names(()))}.")
    try:
        settings = Settings(**table)
    except ValidationError as error:
        raise ProgramError(_told(error, path)) from None
    except SettingsError as error:
        raise ProgramError(f"{path}: {error}. In the environment, write it as JSON.") from None
    found = settings.model_copy(update=_absolute(settings, path.resolve().parent))
    _fits(found, path)
    return found


def _fits(settings: Settings, path: Path) -> None:
    """Settings that make sense only together."""
    if settings.act == "automatic" and not (settings.execute.approved_by or "").strip():
        raise ProgramError(
            f'{path}: act = "automatic" carries plans out that nobody looked at. Say who answers for it: [execute]'
            ' approved_by = "NAME".'
        )
    if settings.prices.source == "file" and settings.prices.file is None:
        raise ProgramError(f'{path}: prices.source is "file", but no file is named. Give prices.file.')


def _absolute(settings: Settings, folder: Path) -> dict[str, Any]:
    def full(found: Path | None) -> Path | None:
        return None if found is None else folder / found.expanduser()

    trigger = settings.triggers
    is_path = trigger.endswith(".toml") or "/" in trigger
    program = settings.program
    is_program_path = program is not None and (program.endswith(".toml") or "/" in program)
    return {
        "book": full(settings.book),
        "state": full(settings.state),
        "out": full(settings.out),
        "triggers": str(folder / trigger) if is_path else trigger,
        "program": str(folder / str(program)) if is_program_path else program,
        "series": {name: full(found) for name, found in settings.series.items()},
        "prices": settings.prices.model_copy(update={"file": full(settings.prices.file)}),
        "execute": settings.execute.model_copy(update={"rules": full(settings.execute.rules)}),
        "log": settings.log.model_copy(update={"file": full(settings.log.file)}),
    }


def _no_secrets(table: Mapping[str, Any], path: Path, above: str = "") -> None:
    """Refuse a file that holds what only the environment may; the value is not repeated."""
    for key, value in table.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            _no_secrets(value, path, f"{name}.")
            continue
        is_secret = bool(_SECRET_NAMES.search(key)) or (isinstance(value, str) and _PASSWORD_IN_URL.search(value))
        if is_secret:
            raise ProgramError(
                f"{path}: {name} looks like a secret, and secrets do not go into files. Remove it (and change the secret);"
                " addresses of notifications go into LOTWRIGHT_NOTIFY_URLS, a broker's keys into its own variables."
            )


def _told(error: ValidationError, path: Path) -> str:
    """The first faults in words, without the values."""
    lines = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False)[:5]:
        where = ".".join(str(part) for part in fault["loc"]) or "the settings"
        if fault["type"] == "extra_forbidden":
            near = get_close_matches(where.rpartition(".")[2], _names(fault["loc"][:-1]), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            lines.append(f"{where} is no setting.{hint} There are: {', '.join(_names(fault['loc'][:-1]))}.")
        elif fault["type"] == "missing":
            lines.append(f"{where} is needed. Add it, or set {PREFIX}{where.upper().replace('.', '__')}.")
        else:
            lines.append(f"{where}: {fault['msg'][:1].lower()}{fault['msg'][1:]}.")
    return f"{path}: " + " ".join(lines)


def _names(place: tuple[int | str, ...]) -> list[str]:
    """Settings of a part."""
    model: Any = Settings
    for part in place:
        model = model.model_fields[str(part)].annotation
    return list(getattr(model, "model_fields", {}))


def _place(message: str) -> str:
    """What a TOML error says without the text it found."""
    at = message.rfind("(at ")
    return f"the text is malformed {message[at:]}" if at >= 0 else "the text is malformed"
