"""The structured log of a run: a JSON object a line, with run, household and plan where they are known, without secrets."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import structlog

from lotwright.cli.unattended.secret_values import Secrets
from lotwright.errors import StateError

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class _Lines:
    """Where lines go: standard error as it was when the run began, and a file."""

    def __init__(self, file: IO[str] | None) -> None:
        self.streams = [sys.stderr, *([file] if file is not None else [])]

    def msg(self, line: str) -> None:
        """Write a line everywhere; a stream that is gone stops nothing."""
        for stream in self.streams:
            try:
                stream.write(line + "\n")
                stream.flush()
            except (OSError, ValueError):
                continue

    debug = info = warning = error = critical = log = msg


class _Others(logging.Handler):
    """What libraries log, as lines of ours."""

    def __init__(self, log: Any) -> None:
        super().__init__(logging.WARNING)
        self.log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Pass on the message without its traceback, which may quote anything."""
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(self.log, level)("library", logger=record.name, message=record.getMessage())


@contextmanager
def logging_to(file: Path | None, level: str, secrets: Secrets) -> Iterator[Any]:
    """The log of a run; what libraries log meanwhile goes the same way.

    Raises
    ------
    StateError
        The file cannot be written, or may be read by others.
    """

    def hide(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        found: Mapping[str, Any] = secrets.hide_all(event)
        return found

    stream = None if file is None else _open(file)
    log = structlog.wrap_logger(
        _Lines(stream),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            hide,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        cache_logger_on_first_use=False,
    )
    others, root = _Others(log), logging.getLogger()
    before = root.handlers[:]
    root.handlers = [others]
    try:
        yield log
    finally:
        root.handlers = before
        structlog.contextvars.clear_contextvars()
        if stream is not None:
            stream.close()


def _open(file: Path) -> IO[str]:
    """A file of our own to append to, of mode 0600."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        if os.name == "posix" and os.fstat(handle).st_mode & 0o077:
            os.close(handle)
            raise StateError(f"The log {file} may be read by others. Run: chmod 600 {file}")
        return os.fdopen(handle, "a", encoding="utf-8")
    except OSError as error:
        raise StateError(f"The log {file} cannot be written: {error.strerror}.") from error
