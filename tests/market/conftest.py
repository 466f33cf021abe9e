from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from lotwright.market.asking import Patience
from tests.market.standin import Heard, alpaca, serving, yahoo

NOW = datetime(2020, 9, 1, 21, 0, tzinfo=UTC)
PATIENT = Patience(connect=3.0, silence=20.0, attempts=3, pause=0.0)
"""For answers that come: the machine may be busy."""
QUICK = Patience(connect=0.3, silence=0.3, attempts=2, pause=0.0)
"""For the answer that takes 1.2 seconds."""


@pytest.fixture
def yahoo_url() -> Iterator[tuple[str, Heard]]:
    with serving(yahoo) as found:
        yield found


@pytest.fixture
def alpaca_url() -> Iterator[tuple[str, Heard]]:
    with serving(alpaca) as found:
        yield found
