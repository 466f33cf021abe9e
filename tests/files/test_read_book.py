from __future__ import annotations

import io
import pickle
import random
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lotwright.book.failure import Failure
from lotwright.book.holdings import Cashflow, Household, Lot, Restriction, Transaction
from lotwright.book.kinds import AccountKind, Action, Character, FilingStatus, Relief, Rule
from lotwright.book.market import Price, Target
from lotwright.errors import BookError
from lotwright.files.books import read_book
from tests.files.small_book import HISTORY, TABLES, edited, write_book

D = Decimal


def household(book, name) -> Household:
    found = book.households[name]
    assert isinstance(found, Household), found
    return found


def test_accounts_say_what_the_table_says_and_empty_cells_mean_the_default(tmp_path):
    first, second = household(read_book(write_book(tmp_path)), "Rivera").accounts
    assert (first.account, first.kind, first.model, first.cash) == ("A1", AccountKind.TAXABLE, "core", D("1000.10"))
    assert (first.short_term_rate, first.long_term_rate) == (D("0.35"), D("0.15"))
    assert (first.filing_status, first.relief) == (FilingStatus.MARRIED_JOINT, Relief.HIFO)
    assert (first.carryforward_short, first.fractional, first.opened) == (D("250.5"), False, date(2015, 1, 2))
    assert (second.account, second.kind, second.fractional) == ("A2", AccountKind.ROTH, True)
    assert (second.short_term_rate, second.filing_status, second.opened, second.harvest) == (None,) * 4
    assert (second.carryforward_short, second.minimum_cash, second.relief) == (0, 0, Relief.SPECIFIC)


def test_lots_are_exact_and_sorted_and_total_basis_wins_over_basis_a_share(tmp_path):
    lots = household(read_book(write_book(tmp_path)), "Rivera").accounts[0].lots
    assert lots == (
        Lot(
            account="A1",
            symbol="AAPL",
            lot="AAPL-2",
            quantity=D("2.5"),
            acquired=date(2018, 1, 5),
            basis=D("107.75"),  # 2.5 * 43.1
            holding_start=date(2017, 11, 30),
        ),
        Lot(
            account="A1",
            symbol="AAPL",
            lot="AAPL-1",
            quantity=D(10),
            acquired=date(2019, 5, 6),
            basis=D("1500.25"),
            holding_start=date(2019, 5, 6),
            purchase="P1",
        ),
        Lot(
            account="A1",
            symbol="MSFT",
            lot="MSFT-1",
            quantity=D(7),
            acquired=date(2020, 3, 2),
            basis=D(1100),
            holding_start=date(2020, 3, 2),
        ),
    )


def test_transactions_restrictions_and_cash_flows_belong_to_their_account(tmp_path):
    book = read_book(write_book(tmp_path))
    first, stone = household(book, "Rivera").accounts[0], household(book, "Stone").accounts[0]
    assert first.transactions[1] == Transaction(
        account="A1",
        date=date(2020, 3, 10),
        symbol="AAPL",
        action=Action.SELL,
        quantity=D(1),
        price=D("71.33"),
        realised_gain=D("-20.5"),
        character=Character.SHORT,
        lot="AAPL-0",
    )
    assert first.restrictions == (
        Restriction(account="A1", rule=Rule.EXCLUDE_SECTOR, sector="Energy"),
        Restriction(account="A1", rule=Rule.NO_BUY, symbol="AAPL"),
    )
    assert stone.restrictions == (Restriction(account="B1", rule=Rule.MAXIMUM_WEIGHT, symbol="MSFT", weight=D("0.10")),)
    assert first.cashflows == (Cashflow(account="A1", amount=D(500)),)
    assert stone.cashflows == (Cashflow(account="B1", amount=D("-100.25")),)


def test_the_market_is_shared_by_all(tmp_path):
    book = read_book(write_book(tmp_path))
    market = book.market
    assert market.as_of == date(2020, 3, 23)
    assert list(market.prices) == ["AAPL", "BND", "MSFT", "XOM"]
    assert market.prices["AAPL"] == Price(
        symbol="AAPL",
        price=D("56.09"),
        as_of=date(2020, 3, 23),
        half_spread=D("0.0001"),
        sector="Information Technology",
        kind="stock",
    )
    assert market.models["core"].targets[0] == Target(symbol="AAPL", weight=D("0.3"), lower=D("0.2"), upper=D("0.4"))
    assert [target.symbol for target in market.models["core"].targets] == ["AAPL", "BND", "MSFT"]
    assert market.substitutes == {"AAPL": ("XOM", "MSFT", "BND"), "BND": ("XOM",)}
    assert market.identical == {"AAPL": "big", "XOM": "big"}


def test_history_is_an_array_of_days_by_symbols(tmp_path):
    history = read_book(write_book(tmp_path)).history
    assert history is not None
    assert history.symbols == ("AAPL", "MSFT")
    assert history.dates.tolist() == [date(2020, 3, 20), date(2020, 3, 23)]
    np.testing.assert_array_equal(history.adj_close, [[57.1, 137.0], [56.0, np.nan]])


def test_tables_that_may_be_absent_may_be_absent(tmp_path):
    optional = ("transactions", "restrictions", "substitutes", "identical", "cashflows", "history")
    book = read_book(write_book(tmp_path, **dict.fromkeys(optional)))
    assert book.history is None
    assert book.market.identical == {}
    assert all(not account.transactions for account in household(book, "Rivera").accounts)


def typed(name: str) -> pd.DataFrame:
    """The table as a data frame with real numbers, days and flags."""
    frame = pd.read_csv(io.StringIO(TABLES[name]))
    for column in ("acquired", "holding_start", "date", "as_of", "opened"):
        if column in frame:
            frame[column] = pd.to_datetime(frame[column])
    return frame


def decimals_and_days(frame: pd.DataFrame) -> pa.Table:
    """The same with fixed-point numbers and plain days, as a database would export it."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for i, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.date32()))
        elif pa.types.is_floating(field.type):
            table = table.set_column(i, field.name, table.column(i).cast(pa.decimal128(20, 6)))
    return table


def as_dictionaries(frame: pd.DataFrame) -> pa.Table:
    """The same with every word and every day as text, dictionary-encoded."""
    table = pa.Table.from_pandas(
        frame.astype(dict.fromkeys(frame, "object"))
        .where(frame.notna())
        .map(lambda cell: None if cell is None or cell != cell else str(cell))
        .astype("string"),
        preserve_index=False,
    )
    return pa.table({name: table.column(name).cast(pa.string()).dictionary_encode() for name in table.column_names})


@pytest.mark.parametrize("store", [pa.Table.from_pandas, decimals_and_days, as_dictionaries])
def test_parquet_and_csv_give_equal_books(tmp_path, store):
    text = read_book(write_book(tmp_path / "text"))
    (tmp_path / "binary").mkdir()
    for name in TABLES:
        pq.write_table(store(typed(name)), tmp_path / "binary" / f"{name}.parquet")
    binary = read_book(tmp_path / "binary")
    assert text.market == binary.market
    assert dict(text.households) == dict(binary.households)
    assert text.history.symbols == binary.history.symbols
    np.testing.assert_array_equal(text.history.adj_close, binary.history.adj_close)
    assert text.content_hash != binary.content_hash


def shuffled(text: str, seed: int) -> str:
    header, *rows = text.splitlines()
    random.Random(seed).shuffle(rows)
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_changes_nothing(tmp_path, seed):
    straight = read_book(write_book(tmp_path / "straight"))
    mixed = read_book(write_book(tmp_path / "mixed", **{name: shuffled(text, seed) for name, text in TABLES.items()}))
    assert list(straight.households) == list(mixed.households) == ["Rivera", "Stone"]
    assert dict(straight.households) == dict(mixed.households)
    assert straight.market == mixed.market
    np.testing.assert_array_equal(straight.history.adj_close, mixed.history.adj_close)


def test_what_a_spreadsheet_leaves_behind_is_no_fault(tmp_path):
    """A byte order mark, carriage returns, blank rows, spaces around words, an unknown column."""
    accounts = TABLES["accounts"].replace("A2,", " A2 ,").replace("B1,Stone", ",,,,,,,,,,,\n\nB1,Stone")
    content = b"\xef\xbb\xbf" + accounts.replace("\n", "\r\n").encode() + b"\r\n"
    prices = "\n".join(
        f'{line},said "so"'.replace('"', '""').replace(',said ""so""', ',"said ""so"""')
        for line in TABLES["prices"].splitlines()
    )
    straight = read_book(write_book(tmp_path / "straight"))
    book = read_book(write_book(tmp_path / "excel", accounts=content, prices=prices))
    assert dict(book.households) == dict(straight.households)
    assert book.market == straight.market


def test_words_that_other_readers_take_for_nothing_are_words(tmp_path):
    """A symbol may be NA, NULL or TRUE."""
    book = read_book(
        write_book(
            tmp_path,
            prices=TABLES["prices"] + "NA,10,2020-03-23,,,\nTRUE,11,2020-03-23,,,\n",
            lots=TABLES["lots"] + "B1,NA,1,1,2020-01-02,5,,,\nB1,TRUE,001,1,2020-01-02,5,,,\n",
        )
    )
    assert [(lot.symbol, lot.lot) for lot in household(book, "Stone").accounts[0].lots] == [
        ("MSFT", "MSFT-1"),
        ("NA", "1"),
        ("TRUE", "001"),
    ]


def test_only_the_households_asked_for_are_handed_out(tmp_path):
    book = read_book(write_book(tmp_path), households=["Stone"])
    assert list(book.households) == ["Stone"]
    with pytest.raises(KeyError):
        book.households["Rivera"]


def test_one_household_may_be_named_alone(tmp_path):
    assert list(read_book(write_book(tmp_path), households="Stone").households) == ["Stone"]


def test_an_unknown_household_is_named_with_the_nearest_one(tmp_path):
    with pytest.raises(BookError, match=r"accounts\.csv has no household Rivero\. Did you mean Rivera\?"):
        read_book(write_book(tmp_path), households=["Rivero"])


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_another_file_may_take_the_place_of_the_prices(tmp_path, ending):
    book, other = write_book(tmp_path / "book"), tmp_path / f"today.{ending}"
    frame = typed("prices").assign(as_of=pd.Timestamp("2020-03-24"))
    frame.to_csv(other, index=False) if ending == "csv" else frame.to_parquet(other)
    assert read_book(book, prices=other).market.as_of == date(2020, 3, 24)
    assert read_book(book).market.as_of == date(2020, 3, 23)
    assert read_book(book, prices=other).content_hash != read_book(book).content_hash


def test_the_hash_names_the_bytes_read(tmp_path):
    plain = read_book(write_book(tmp_path / "a")).content_hash
    assert read_book(write_book(tmp_path / "b")).content_hash == plain
    assert read_book(write_book(tmp_path / "c", history=edited("history", "56.0\n", "56.1\n"))).content_hash != plain
    (tmp_path / "a" / "manifest.json").write_text("{}")
    assert read_book(tmp_path / "a").content_hash == plain


def test_a_book_can_be_sent_to_another_process(tmp_path):
    book = read_book(write_book(tmp_path))
    copy = pickle.loads(pickle.dumps(book))
    assert dict(copy.households) == dict(book.households)


def test_facts_of_one_tax_return_that_differ_are_noted(tmp_path):
    accounts = edited("accounts", "A2,Rivera,roth,core,20,,,,", "A2,Rivera,taxable,core,20,0.32,,single,")
    (note,) = household(read_book(write_book(tmp_path, accounts=accounts)), "Rivera").notes
    assert note == (
        "The accounts of this household, which files one tax return, differ in short-term rate (A1 0.35, A2 0.32); "
        "filing status (A1 married_joint, A2 single)."
    )
    assert household(read_book(write_book(tmp_path)), "Rivera").notes == ()


def test_the_rates_of_an_account_that_is_not_taxed_are_of_no_interest(tmp_path):
    accounts = edited("accounts", "A2,Rivera,roth,core,20,,,,", "A2,Rivera,roth,core,20,0,0,,")
    assert household(read_book(write_book(tmp_path, accounts=accounts)), "Rivera").notes == ()


def test_lots_of_one_day_are_sorted_by_name(tmp_path):
    rows = ["B1,BND,b,1,2020-01-02,5,,,", "B1,BND,a,2,2020-01-02,5,,,"]
    for name, order in (("one", rows), ("two", rows[::-1])):
        lots = read_book(write_book(tmp_path / name, lots=TABLES["lots"] + "\n".join(order))).households["Stone"]
        assert [lot.lot for lot in lots.accounts[0].lots if lot.symbol == "BND"] == ["a", "b"]


def test_the_edges_of_what_is_allowed_are_allowed(tmp_path):
    """A day that is as_of, a tacked period that starts on the day of purchase, equal rates, a basis of 0."""
    book = read_book(
        write_book(
            tmp_path,
            accounts=edited("accounts", "0.24,0.15", "0.15,0.15"),
            lots=TABLES["lots"] + "B1,BND,x,1,2020-03-23,0,,2020-03-23,\n",
            transactions=TABLES["transactions"] + "B1,2020-03-23,BND,reinvest,1,0,,,,\n",
            targets=edited("targets", "core,BND,0.4", "core,BND,0.4000009"),
        )
    )
    stone = household(book, "Stone").accounts[0]
    assert stone.short_term_rate == stone.long_term_rate == D("0.15")
    assert stone.lots[0].holding_start == stone.lots[0].acquired == date(2020, 3, 23)
    assert stone.lots[0].basis == stone.transactions[-1].price == 0


def test_a_restriction_on_nothing_is_noted(tmp_path):
    restrictions = TABLES["restrictions"] + "A1,no_buy,TSLA\nA1,exclude_sector,Enrgy\n"
    assert household(read_book(write_book(tmp_path, restrictions=restrictions)), "Rivera").notes == (
        "A1 has the rule exclude_sector Enrgy, but no security of prices is in that sector. Did you mean Energy?",
        "A1 has the rule no_buy TSLA, but prices has no such security.",
    )


@pytest.mark.parametrize("day", ["2020-03-23", "2020-11-30"])
def test_the_generated_books_read_whole_and_agree_with_pandas(shared, day):
    folder: Path = shared / "data" / "books" / f"dev200-{day}"
    book = read_book(folder)
    assert str(book.market.as_of) == day
    assert not [found for found in book.households.values() if isinstance(found, Failure)]

    accounts = pd.read_parquet(folder / "accounts.parquet")
    assert list(book.households) == sorted(accounts.household.unique())
    assert sum(len(h.accounts) for h in book.households.values()) == len(accounts) == 200

    lots = pd.read_parquet(folder / "lots.parquet")
    total = lots.assign(basis=lots.basis.round(2)).groupby("account")[["quantity", "basis"]].sum()
    for found in book.households.values():
        for account in found.accounts:
            assert float(sum(lot.quantity for lot in account.lots)) == pytest.approx(total.quantity[account.account])
            assert float(sum(lot.basis for lot in account.lots)) == pytest.approx(total.basis[account.account])

    wide = pd.read_parquet(folder / "history.parquet").pivot(index="date", columns="symbol", values="adj_close")
    assert book.history.symbols == tuple(sorted(wide.columns))
    np.testing.assert_array_equal(book.history.adj_close, wide[list(book.history.symbols)].to_numpy())
    assert book.history.dates.astype(object).tolist() == wide.index.tolist()


def test_history_places_each_close_by_symbol_and_day_whatever_the_order(tmp_path):
    rows = HISTORY.splitlines()[1:]
    history = "\n".join(["symbol,date,close,adj_close", *reversed(rows)])
    np.testing.assert_array_equal(
        read_book(write_book(tmp_path, history=history)).history.adj_close, [[57.1, 137.0], [56.0, np.nan]]
    )


def test_reading_a_book_imports_neither_pandas_nor_a_solver(tmp_path):
    """Reading is the first thing every command does: a second of imports would be most of its time."""
    folder = write_book(tmp_path)
    code = (
        "import sys\nfrom lotwright.files.books import read_book\n"
        f"list(read_book({str(folder)!r}).households.values())\n"
        "print(sorted({'pandas', 'cvxpy', 'pypfopt', 'scipy', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
