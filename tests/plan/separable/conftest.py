"""Households here are too small to wait for a compiler, or to start one behind the tests' back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def plain_kernels() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOTWRIGHT_KERNELS", "plain")
        yield
