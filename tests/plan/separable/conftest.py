"""Households here are too small to wait for a compiler, or to start one behind the tests' back."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
