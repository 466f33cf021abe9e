"""The model of a book, and its memory on disk: exact, quick, never wrong, never in the way."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from lotwright.book.book import Book
from lotwright.book.market import Market, Price
from lotwright.files.risk_store import risk_model
from lotwright.risk.model import RiskModel
from tests.risk.histories import RealHistory, history_of


def book_of(real: RealHistory, *, with_history: bool = True) -> Book:
    prices = {
        symbol: Price(
            symbol=symbol,
            price=Decimal(100),
            as_of=date(2021, 5, 15),
            volatility=Decimal("0.30"),
            sector=real.sector[symbol],
            kind=real.kind[symbol],
        )
        for symbol in real.about.index
    }
    market = Market(as_of=date(2021, 5, 15), prices=prices, models={})
    return Book(market=market, households={}, history=real.history if with_history else None)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LOTWRIGHT_CACHE", raising=False)
    return tmp_path / "lotwright"


def same_bits(one: RiskModel, other: RiskModel) -> bool:
    return one.exposure.tobytes() == other.exposure.tobytes() and one.specific.tobytes() == other.specific.tobytes()


def test_without_history_it_is_plain_drift(simulated: RealHistory, cache: Path):
    model = risk_model(book_of(simulated, with_history=False))
    assert model.kind == "drift"
    np.testing.assert_allclose(model.specific, 0.09)
    assert not cache.exists()


def test_the_remembered_model_is_the_estimated_one(simulated: RealHistory, cache: Path):
    book = book_of(simulated)
    first, again = risk_model(book), risk_model(book)
    assert again is not first
    assert same_bits(first, again)
    assert again.symbols == first.symbols
    assert again.kind == first.kind
    assert dict(again.notes) == dict(first.notes)
    assert len(list(cache.iterdir())) == 1


def test_every_option_and_every_price_has_a_memory_of_its_own(simulated: RealHistory, cache: Path):
    risk_model(book_of(simulated))
    risk_model(book_of(simulated), estimator="sample")
    risk_model(book_of(simulated), factors=1)
    risk_model(book_of(simulated), exposures=np.ones((34, 1)))
    touched = simulated.close.copy()
    touched.iloc[-1, 0] *= 1.01
    risk_model(book_of(RealHistory(close=touched, about=simulated.about)))
    renamed = simulated.about.assign(kind="stock")
    risk_model(book_of(RealHistory(close=simulated.close, about=renamed)))
    assert len(list(cache.iterdir())) == 6


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not really", pickle.dumps({"symbols": []})])
def test_a_file_that_cannot_be_read_is_estimated_again(simulated: RealHistory, cache: Path, damage: bytes):
    book = book_of(simulated)
    first = risk_model(book)
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    assert same_bits(risk_model(book), first)
    assert same_bits(risk_model(book), first)
    assert file.read_bytes() != damage


def test_a_file_cut_short_is_estimated_again(simulated: RealHistory, cache: Path):
    book = book_of(simulated)
    first = risk_model(book)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-200])
    assert same_bits(risk_model(book), first)


def test_switched_off_it_leaves_no_file(simulated: RealHistory, cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOTWRIGHT_CACHE", "off")
    risk_model(book_of(simulated))
    assert not cache.exists()


def test_a_cache_folder_that_cannot_be_made_is_no_error(simulated: RealHistory, cache: Path):
    cache.write_text("a file where the folder should be")
    assert len(risk_model(book_of(simulated)).symbols) == 34


def test_with_a_remembered_model_the_heavy_libraries_stay_out(simulated: RealHistory, cache: Path, tmp_path: Path):
    book = book_of(simulated)
    risk_model(book)
    kept = tmp_path / "book.pickle"
    kept.write_bytes(
        pickle.dumps((simulated.close.index.to_numpy(), simulated.close.to_numpy(), list(simulated.close)))
    )
    (tmp_path / "market.pickle").write_bytes(pickle.dumps(book.market.prices))
    code = f"""
import pickle, sys
from datetime import date
import numpy as np
from lotwright.book.book import Book
from lotwright.book.history import PriceHistory
from lotwright.book.market import Market
from lotwright.files.risk_store import risk_model
dates, closes, symbols = pickle.loads(open({str(kept)!r}, "rb").read())
prices = pickle.loads(open({str(tmp_path / "market.pickle")!r}, "rb").read())
history = PriceHistory(symbols=tuple(symbols), dates=dates.astype("datetime64[D]"), adj_close=closes)
risk_model(Book(market=Market(as_of=date(2021, 5, 15), prices=prices, models={{}}), households={{}}, history=history))
print([name for name in ("pypfopt", "sklearn", "cvxpy", "pandas", "scipy") if name in sys.modules])
"""
    path = os.pathsep.join(entry for entry in sys.path if entry)
    environment = os.environ | {"PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert len(list(cache.iterdir())) == 1


def test_a_history_with_its_columns_in_another_order_is_the_same_model(simulated: RealHistory, cache: Path):
    backwards = simulated.close[simulated.close.columns[::-1]]
    other = Book(
        market=book_of(simulated).market, households={}, history=history_of(backwards[sorted(backwards.columns)])
    )
    assert same_bits(risk_model(book_of(simulated)), risk_model(other))
