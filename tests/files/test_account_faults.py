"""Each kind of bad input in a row of an account: the household fails and says where, what was found, what cures it."""

from __future__ import annotations

import pytest

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.files.books import read_book
from tests.files.small_book import TABLES, edited, write_book

LOT = "A1,AAPL,AAPL-1,10,2019-05-06,1500.25,,,P1"
SALE = "A1,2020-03-10,AAPL,sell,1,71.33,-20.5,ST,,AAPL-0"


def fails(table: str, old: str, new: str, *, column: str, found: str, row: int, says: str, cure: str, name: str):
    return pytest.param(table, old, new, column, found, row, says, cure, id=name)


CASES = [
    fails("lots", LOT, LOT.replace(",10,", ",,"), column="quantity", found="", row=2,
          says="found an empty cell, but every row needs one", cure="Write the number of shares.", name="empty quantity"),
    fails("lots", LOT, LOT.replace(",10,", ",NaN,"), column="quantity", found="NaN", row=2,
          says="not a number", cure="no thousands separator, currency sign or NaN", name="NaN quantity"),
    fails("lots", LOT, LOT.replace(",10,", ",-10,"), column="quantity", found="-10", row=2,
          says="must be more than 0", cure="Write a number above 0, without a minus sign.", name="negative quantity"),
    fails("lots", LOT, LOT.replace(",10,", ",0.00,"), column="quantity", found="0.00", row=2,
          says="must be more than 0", cure="Write a number above 0, without a minus sign.", name="zero quantity"),
    fails("lots", LOT, LOT.replace(",10,", ',"1,000",'), column="quantity", found="1,000", row=2,
          says="not a number", cure="no thousands separator", name="thousands separator"),
    fails("lots", LOT, LOT.replace("1500.25", "-1500.25"), column="basis", found="-1500.25", row=2,
          says="must not be negative", cure="Write 0 or more, without a minus sign.", name="negative basis"),
    fails("lots", LOT, LOT.replace("1500.25", ""), column="basis", found="", row=2,
          says="found an empty cell, but a lot needs a basis or a basis_per_share", cure="Write what the lot cost", name="no basis"),
    fails("lots", LOT, LOT.replace("2019-05-06", "2020-03-24"), column="acquired", found="2020-03-24", row=2,
          says="later than 2020-03-23, the day of the prices", cure="Correct the date", name="acquired after as_of"),
    fails("lots", LOT, LOT.replace("2019-05-06", "05/06/2019"), column="acquired", found="05/06/2019", row=2,
          says="not a date", cure="YYYY-MM-DD", name="American date"),
    fails("lots", LOT, LOT.replace("2019-05-06", "2019-02-29"), column="acquired", found="2019-02-29", row=2,
          says="not a date", cure="existing day", name="no such day"),
    fails("lots", "2017-11-30", "2018-01-06", column="holding_start", found="2018-01-06", row=3,
          says="the lot was acquired before that, on 2018-01-05", cure="only moves the start of the holding period back",
          name="holding period starts after the purchase"),
    fails("lots", LOT, LOT.replace("A1,AAPL,", "A1,APPL,"), column="symbol", found="APPL", row=2,
          says="prices.csv has no price for it", cure="Did you mean AAPL?", name="symbol without a price"),
    fails("lots", LOT, LOT.replace("AAPL-1", "AAPL-2"), column="lot", found="A1, AAPL, AAPL-2", row=3,
          says="row 2 has this account, symbol and lot already", cure="Keep one of the two rows", name="lot twice"),
    fails("lots", LOT, LOT.replace("AAPL-1", ""), column="lot", found="", row=2,
          says="found an empty cell, but every row needs one", cure="Write the name of the lot", name="lot without a name"),
    fails("transactions", SALE, SALE.replace("sell", "sel"), column="action", found="sel", row=3,
          says="no action has this name", cure="Did you mean sell? Write one of buy, sell, reinvest.", name="unknown action"),
    fails("transactions", SALE, SALE.replace(",1,", ",-1,"), column="quantity", found="-1", row=3,
          says="must be more than 0", cure="above 0", name="negative shares sold"),
    fails("transactions", SALE, SALE.replace("71.33", "-71.33"), column="price", found="-71.33", row=3,
          says="must not be negative", cure="Write 0 or", name="negative price"),
    fails("transactions", SALE, SALE.replace("71.33", ""), column="price", found="", row=3,
          says="found an empty cell, but every row needs one", cure="Write the price in dollars a share.", name="sale without a price"),
    fails("transactions", SALE, SALE.replace("2020-03-10", "2020-04-10"), column="date", found="2020-04-10", row=3,
          says="later than 2020-03-23", cure="Correct the date", name="trade after as_of"),
    fails("transactions", SALE, SALE.replace(",ST,", ",short,"), column="character", found="short", row=3,
          says="no character has this name", cure="Write one of ST, LT.", name="unknown character"),
    fails("transactions", SALE, SALE.replace("AAPL,sell", "APPL,sell"), column="symbol", found="APPL", row=3,
          says="prices.csv has no price for it", cure="Did you mean AAPL?", name="recent trade in an unknown symbol"),
    fails("transactions", SALE, SALE.replace("-20.5", "loss"), column="realised_gain", found="loss", row=3,
          says="not a number", cure="Write a plain number", name="gain in words"),
    fails("restrictions", "A1,no_buy", "A1,no_buying", column="rule", found="no_buying", row=2,
          says="no rule has this name", cure="Did you mean no_buy?", name="unknown rule"),
    fails("restrictions", "A1,no_buy,AAPL", "A1,maximum_weight,AAPL", column="value", found="AAPL", row=2,
          says="reads SYMBOL:0.10", cure="Write AAPL:0.10", name="maximum weight without a weight"),
    fails("restrictions", "A1,no_buy,AAPL", "A1,maximum_weight,AAPL:10", column="value", found="AAPL:10", row=2,
          says="a fraction between 0 and 1", cure="Write AAPL:0.10", name="maximum weight in per cent"),
    fails("restrictions", "A1,no_buy,AAPL", "A1,no_buy,", column="value", found="", row=2,
          says="found an empty cell, but every row needs one", cure="Write the symbol", name="restriction on nothing"),
    fails("cashflows", "A1,deposit", "A1,deposits", column="kind", found="deposits", row=2,
          says="no kind has this name", cure="Did you mean deposit?", name="unknown cash flow"),
    fails("cashflows", "A1,deposit,500", "A1,deposit,-500", column="amount", found="-500", row=2,
          says="must not be negative", cure="Write 0 or", name="negative deposit"),
    fails("cashflows", "A1,deposit,500", "A1,deposit,", column="amount", found="", row=2,
          says="found an empty cell, but every row needs one", cure="Write the amount in dollars", name="deposit of nothing"),
    fails("accounts", "A1,Rivera,taxable", "A1,Rivera,Taxable", column="kind", found="Taxable", row=2,
          says="no kind has this name", cure="Did you mean taxable?", name="unknown kind of account"),
    fails("accounts", "hifo", "best", column="relief", found="best", row=2,
          says="no relief has this name", cure="Write one of specific, fifo, lifo, hifo.", name="unknown relief"),
    fails("accounts", "married_joint", "married", column="filing_status", found="married", row=2,
          says="no filing_status has this name", cure="Did you mean married_joint?", name="unknown filing status"),
    fails("accounts", "taxable,core,1000.10", "taxable,cores,1000.10", column="model", found="cores", row=2,
          says="there is no model portfolio of this name in targets.csv or models/portfolios",
          cure="Did you mean core? Models there are: core.", name="unknown model"),
    fails("accounts", "1000.10", "", column="cash", found="", row=2,
          says="found an empty cell, but every row needs one", cure="Write the cash now, in dollars.", name="no cash"),
    fails("accounts", "1000.10", "$1000", column="cash", found="$1000", row=2,
          says="not a number", cure="currency sign", name="currency sign"),
    fails("accounts", "0.35,0.15", "35,0.15", column="short_term_rate", found="35", row=2,
          says="must lie between 0 and 1", cure="0.25 for 25 %", name="rate in per cent"),
    fails("accounts", "0.35,0.15", "0.15,0.35", column="long_term_rate", found="0.35", row=2,
          says="above the short-term rate, 0.15", cure="swap or correct", name="long rate above short rate"),
    fails("accounts", "250.5", "-250.5", column="carryforward_short", found="-250.5", row=2,
          says="must not be negative", cure="Write 0 or", name="negative carryforward"),
    fails("accounts", "false", "maybe", column="fractional", found="maybe", row=2,
          says="not true or false", cure="Write true or false.", name="flag that is none"),
    fails("accounts", "2015-01-02", "2021-01-02", column="opened", found="2021-01-02", row=2,
          says="later than 2020-03-23", cure="Correct the date", name="opened after as_of"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new", "column", "found", "row", "says", "cure"), CASES)
def test_a_bad_row_fails_its_household_and_no_other(tmp_path, table, old, new, column, found, row, says, cure):
    book = read_book(write_book(tmp_path, **{table: edited(table, old, new)}))
    failure = book.households["Rivera"]
    assert isinstance(failure, Failure)
    assert failure.reason == "input"
    (fault,) = [fault for fault in failure.evidence["faults"] if fault["column"] == column]
    assert (fault["file"], fault["row"], fault["found"]) == (f"{table}.csv", row, found)
    assert says in fault["message"]
    assert cure in fault["cure"]
    shown = repr(found) if found else "an empty cell"
    for part in (f"{table}.csv, row {row}, column {column}: found {shown}, but ", fault["cure"]):
        assert part in fault["message"]
    assert failure.evidence["faults"][0]["message"] in failure.message

    plain = read_book(write_book(tmp_path / "plain"))
    assert book.households["Stone"] == plain.households["Stone"]
    assert isinstance(plain.households["Rivera"], Household)


def test_the_message_reads_well(tmp_path):
    book = read_book(write_book(tmp_path, lots=edited("lots", "AAPL-1,10,", "AAPL-1,-10,")))
    assert book.households["Rivera"].message == (
        "Rivera has no plan because its input is wrong. lots.csv, row 2, column quantity: found '-10', but quantity must "
        "be more than 0. Write a number above 0, without a minus sign."
    )


def test_blank_rows_count_as_a_spreadsheet_counts_them(tmp_path):
    lots = edited("lots", "A1,MSFT,MSFT-1,7", "\n,,,,,,,,\nA1,MSFT,MSFT-1,-7")
    (fault,) = read_book(write_book(tmp_path, lots=lots)).households["Rivera"].evidence["faults"]
    assert fault["row"] == 6


def test_an_account_that_stands_twice_fails_both_households(tmp_path):
    book = read_book(
        write_book(
            tmp_path,
            accounts=edited("accounts", "B1,Stone", "A1,Stone"),
            lots=TABLES["lots"].replace("B1", "A2"),
            transactions=None,
            restrictions=None,
            cashflows=None,
        )
    )
    rivera, stone = book.households["Rivera"], book.households["Stone"]
    assert rivera.evidence["faults"][0]["message"] == (
        "accounts.csv, row 2, column account: found 'A1', but row 4 has this account again, for another household. "
        "Keep one of the two rows, or give them different names."
    )
    assert "found 'A1', but row 2 has this account already" in stone.message


def test_an_account_without_a_name_fails_its_household(tmp_path):
    book = read_book(write_book(tmp_path, accounts=TABLES["accounts"] + ",Stone,ira,core,1,,,,,,,\n"))
    (fault,) = book.households["Stone"].evidence["faults"]
    assert (fault["row"], fault["column"], fault["found"]) == (5, "account", "")
    assert isinstance(book.households["Rivera"], Household)


def test_a_target_without_a_price_fails_the_households_of_that_model_only(tmp_path):
    accounts = edited("accounts", "roth,core", "roth,other")
    targets = TABLES["targets"] + "other,BND,0.5,,\nother,BNDX,0.5,,\n"
    book = read_book(write_book(tmp_path, accounts=accounts, targets=targets))
    (fault,) = book.households["Rivera"].evidence["faults"]
    assert fault["message"] == (
        "targets.csv, row 6, column symbol: found 'BNDX', but prices.csv has no price for this target of model other. "
        "Did you mean BND? Correct the symbol, or add a row for BNDX to prices.csv."
    )
    assert isinstance(book.households["Stone"], Household)


def test_an_excluded_sector_needs_sectors(tmp_path):
    prices = "\n".join(",".join(line.split(",")[:3]) for line in TABLES["prices"].splitlines())
    (fault,) = read_book(write_book(tmp_path, prices=prices)).households["Rivera"].evidence["faults"]
    assert (fault["file"], fault["row"], fault["found"]) == ("restrictions.csv", 3, "Energy")
    assert "prices.csv gives no security a sector" in fault["message"]


def test_an_old_trade_in_a_security_that_is_gone_is_no_fault(tmp_path):
    """B1 sold GONE in June 2019, and nothing in the book has a price for it; 61 days cover every open window."""
    assert isinstance(read_book(write_book(tmp_path)).households["Stone"], Household)
    for day, is_fault in (("2020-01-21", False), ("2020-01-22", True)):  # 62 and 61 days before 2020-03-23
        book = read_book(write_book(tmp_path, transactions=edited("transactions", "2019-06-03", day)))
        assert isinstance(book.households["Stone"], Failure) is is_fault


def test_every_fault_is_counted_and_the_first_twenty_are_listed(tmp_path):
    lots = TABLES["lots"] + "".join(f"A1,AAPL,X-{i},-1,2020-01-02,5,,,\n" for i in range(50))
    failure = read_book(write_book(tmp_path, lots=lots)).households["Rivera"]
    assert [fault["row"] for fault in failure.evidence["faults"]] == list(range(7, 27))
    assert failure.evidence["count"] == 50
    assert failure.message.endswith("(49 more faults in its rows.)")


def test_a_household_at_fault_can_be_asked_for(tmp_path):
    folder = write_book(tmp_path, lots=edited("lots", "AAPL-1,10,", "AAPL-1,0,"))
    assert isinstance(read_book(folder, households=["Rivera"]).households["Rivera"], Failure)
    assert isinstance(read_book(folder, households=["Stone"]).households["Stone"], Household)
