"""The example books were put together by hand; here their sums are checked, by code that shares nothing with ours."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest

CENT = Decimal("0.01")


def tables(root: Path, book: str) -> dict[str, pd.DataFrame]:
    folder = root / "examples" / "books" / book
    return {file.stem: pd.read_csv(file, dtype=str, keep_default_na=False) for file in folder.glob("*.csv")}


@pytest.fixture
def rivera(root: Path) -> dict[str, pd.DataFrame]:
    return tables(root, "two_accounts")


@pytest.mark.parametrize("book", ["first_steps", "two_accounts", "two_countries", "four_families"])
def test_the_tables_of_a_book_agree(root: Path, book: str):
    table = tables(root, book)
    priced = set(table["prices"]["symbol"])
    for name in {"lots", "transactions", "targets", "history"} & set(table):
        assert set(table[name]["symbol"]) <= priced, name
    for name in {"lots", "transactions", "restrictions", "cashflows"} & set(table):
        assert set(table[name]["account"]) <= set(table["accounts"]["account"]), name
    assert table["prices"]["as_of"].nunique() == 1
    for _, weights in table["targets"].groupby("model")["weight"]:
        assert sum(map(Decimal, weights)) == 1
    assert set(table["accounts"]["model"]) == set(table["targets"]["model"])


def test_lots_are_purchases_less_sales_at_the_price_paid(rivera: dict[str, pd.DataFrame]):
    left: dict[tuple[str, str, str], Decimal] = {}
    basis: dict[tuple[str, str, str], Decimal] = {}
    for row in rivera["transactions"].itertuples():
        key = (row.account, row.symbol, row.lot)
        sign = 1 if row.action == "buy" else -1
        left[key] = left.get(key, Decimal(0)) + sign * Decimal(row.quantity)
        if row.action == "buy":
            basis[key] = Decimal(row.price)
    kept = {key: (shares, (shares * basis[key]).quantize(CENT)) for key, shares in left.items() if shares}
    found = {
        (row.account, row.symbol, row.lot): (Decimal(row.quantity), Decimal(row.basis))
        for row in rivera["lots"].itertuples()
    }
    assert found == kept


def test_realised_this_year_is_the_sum_of_this_years_sales(rivera: dict[str, pd.DataFrame]):
    sales = rivera["transactions"].query("action == 'sell' and date >= '2020-01-01'")
    account = rivera["accounts"].set_index("account").loc["RIVERA-JOINT"]
    bought = rivera["transactions"].query("action == 'buy'").set_index(["account", "symbol", "lot"])["price"]
    for character, column in (("ST", "realised_short"), ("LT", "realised_long")):
        rows = sales[sales["character"] == character]
        gains = [
            Decimal(row.quantity) * (Decimal(row.price) - Decimal(bought[row.account, row.symbol, row.lot]))
            for row in rows.itertuples()
        ]
        assert gains == list(map(Decimal, rows["realised_gain"]))
        assert sum(gains) == Decimal(account[column])


def test_prices_are_the_last_closes_of_the_history(rivera: dict[str, pd.DataFrame]):
    history = rivera["history"]
    last = history[history["date"] == rivera["prices"]["as_of"].iloc[0]].set_index("symbol")["adj_close"]
    for row in rivera["prices"].itertuples():
        assert abs(Decimal(row.price) - Decimal(last[row.symbol])) <= CENT / 2


def test_every_lot_of_the_four_families_cost_the_close_of_its_day(root: Path):
    """Closes of the two books agree where they overlap; older ones are in the history of ``two_accounts``."""
    history = tables(root, "two_accounts")["history"].set_index(["symbol", "date"])["adj_close"]
    for row in tables(root, "four_families")["lots"].itertuples():
        close = Decimal(history[row.symbol, row.acquired]).quantize(CENT, ROUND_HALF_UP)
        assert Decimal(row.basis) == Decimal(row.quantity) * close
        assert row.lot == f"{row.symbol}-{row.acquired}"
