"""Notifications through apprise: mail, chat, push, webhooks. Whatever becomes of them, the run goes on.

Problem: a mail server that hangs must not hold up a run, nor may one that refuses end it.
Therefore: every address is told in a thread of its own, all at once, and waited for no longer than the settings allow; the
threads are daemons, so that one that hangs does not outlive the process. What came of each is a value, not an error.
A message may be sent twice after a crash between sending and remembering it; it says which run it is of.
"""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lotwright.cli.unattended.secret_values import Secrets


class Event(StrEnum):
    """What is told."""

    FAILURE = "failure"
    APPROVAL = "approval"
    DONE = "done"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is said, to people; it holds no secret and no holdings."""

    event: Event
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a message at one address: its number, its service, whether it was taken, and why not."""

    number: int
    service: str
    taken: bool
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """The delivery as a JSON-ready object."""
        return {"address": self.number, "service": self.service, "taken": self.taken, "problem": self.problem}


def tell(message: Message, secrets: Secrets, *, seconds: float) -> tuple[Delivery, ...]:
    """Tell every address, all at once, and wait no longer than ``seconds``.

    Never raises: an address that makes no sense, refuses, breaks or does not answer is a delivery that was not taken.
    """
    urls = secrets.notify_urls
    found: dict[int, Delivery] = {}
    threads = [
        threading.Thread(target=_tell_one, args=(number, url, message, secrets, found), daemon=True)
        for number, url in enumerate(urls, 1)
    ]
    with warnings.catch_warnings():  # of modules that apprise imports, about Pythons to come
        warnings.simplefilter("ignore", DeprecationWarning)
        with suppress(ImportError):  # each delivery says so itself
            import apprise

            apprise.Apprise.instantiate("json://127.0.0.1")  # loads every kind of service, before the clock starts
        end = time.monotonic() + seconds
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(end - time.monotonic(), 0.0))
    told = dict(found)
    return tuple(
        told.get(
            number,
            Delivery(
                number=number,
                service=_scheme(url),
                taken=False,
                problem=f"it did not answer within {seconds:g} seconds",
            ),
        )
        for number, url in enumerate(urls, 1)
    )


def _tell_one(number: int, url: str, message: Message, secrets: Secrets, found: dict[int, Delivery]) -> None:
    try:
        problem = _sent(url, message)
    except Exception as error:  # noqa: BLE001  a library's error must not end a run; it becomes the delivery's problem
        problem = f"{type(error).__name__}: {error}"
    service = _scheme(url)
    found[number] = Delivery(number=number, service=service, taken=not problem, problem=secrets.hide(problem))


def _sent(url: str, message: Message) -> str:
    """Send, and return why it was not taken; nothing when it was."""
    import apprise

    kinds: dict[Event, Any] = {
        Event.FAILURE: apprise.NotifyType.FAILURE,
        Event.APPROVAL: apprise.NotifyType.WARNING,
    }
    service = apprise.Apprise()
    if not service.add(url):
        return "apprise does not understand the address"
    kind = kinds.get(message.event, apprise.NotifyType.SUCCESS)
    taken = service.notify(body=message.text, title=message.title, notify_type=kind)
    return "" if taken else "the service did not take it"


def _scheme(url: str) -> str:
    """The kind of service an address is of, which is no secret."""
    scheme = url.partition("://")[0]
    return (
        scheme if "://" in url and scheme.isascii() and scheme.replace("+", "").isalnum() and len(scheme) < 20 else "?"
    )


def describe(deliveries: Sequence[Delivery]) -> str:
    """What became of a message, in words."""
    taken = sum(one.taken for one in deliveries)
    left = "; ".join(f"{one.service}: {one.problem}" for one in deliveries if not one.taken)
    return f"{taken} of {len(deliveries)} notifications were taken{'. ' + left if left else ''}."
