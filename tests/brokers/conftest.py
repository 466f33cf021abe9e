"""The two brokers every test of the contract runs on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.brokers.standing import KINDS, Scene, scene


@pytest.fixture(params=KINDS)
def at(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A broker and its stand-in, over HTTP and in process."""
    with scene(request.param) as made:
        yield made


@pytest.fixture
def http() -> Iterator[Scene]:
    """Over HTTP alone: what only a socket can do."""
    with scene("over_http") as made:
        yield made
