from __future__ import annotations

from decimal import Decimal

import pytest

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Landing, Sleeve, Target
from lotwright.errors import BookError
from lotwright.files.books import read_book
from tests.files.small_book import TABLES, edited, write_book

D = Decimal

THREE = """\
says = "Two stocks and bonds."
[[sleeve]]
name = "Stocks"
target = 0.6
band = { relative = 0.20, land = "half" }
securities = ["AAPL", "MSFT"]

[[sleeve]]
name = "Bonds"
target = 0.4
band = { absolute = 0.65 }
securities = ["BND"]
"""


def book_with(folder, toml: str, *, name: str = "three", **changed):
    accounts = edited("accounts", "roth,core", f"roth,{name}")
    write_book(folder, **{"accounts": accounts, **changed})
    shelf = folder / "models" / "portfolios"
    shelf.mkdir(parents=True)
    (shelf / f"{name}.toml").write_text(toml)
    return folder


def test_a_file_declares_sleeves_and_ranked_securities(tmp_path):
    book = read_book(book_with(tmp_path, THREE))
    half = Landing.HALF
    assert book.market.models["three"].targets == (
        Target(symbol="AAPL", weight=D("0.6"), sleeve="Stocks", lower=D("0.48"), upper=D("0.72"), rank=1, land=half),
        Target(symbol="BND", weight=D("0.4"), sleeve="Bonds", lower=D(0), upper=D(1), rank=1),
        Target(symbol="MSFT", weight=D(0), sleeve="Stocks", rank=2),
    )
    assert book.market.models["three"].sleeves == (
        Sleeve(name="Stocks", lower=D("0.48"), upper=D("0.72"), land=half),
        Sleeve(name="Bonds", lower=D(0), upper=D(1)),
    )
    assert isinstance(book.households["Rivera"], Household)


def test_targets_may_be_absent_where_files_declare_every_model(tmp_path):
    accounts = TABLES["accounts"].replace(",core,", ",three,")
    book = read_book(book_with(tmp_path, THREE, accounts=accounts, targets=None))
    assert list(book.market.models) == ["three"]
    assert all(isinstance(found, Household) for found in book.households.values())


def test_the_table_of_targets_wins_over_a_file_of_the_same_name(tmp_path):
    book = read_book(book_with(tmp_path, THREE, name="core"))
    assert [target.weight for target in book.market.models["core"].targets] == [D("0.3"), D("0.4"), D("0.3")]


def test_a_file_no_account_names_is_not_read(tmp_path):
    read_book(book_with(tmp_path, "nonsense", accounts=TABLES["accounts"]))


def test_the_file_is_part_of_the_hash(tmp_path):
    one = read_book(book_with(tmp_path / "one", THREE)).content_hash
    assert read_book(book_with(tmp_path / "two", THREE.replace("0.20", "0.25"))).content_hash != one


def test_a_stand_in_without_a_price_is_left_out_and_noted(tmp_path):
    book = read_book(book_with(tmp_path, THREE.replace('"MSFT"]', '"MSFT", "ITOT"]')))
    assert "ITOT" not in {target.symbol for target in book.market.models["three"].targets}
    assert book.households["Rivera"].notes == (
        "Model three names ITOT as stand-in, but prices.csv has no price: it is left out.",
    )


@pytest.mark.parametrize(("rank", "is_fault"), [("", True), ("1", True), ("2", False)])
def test_in_the_table_too_only_a_stand_in_may_lack_a_price(tmp_path, rank, is_fault):
    targets = "\n".join(f"{line},{rank if 'ITOT' in line else ''}" for line in TABLES["targets"].splitlines())
    targets = targets.replace("upper,", "upper,rank") + f"\ncore,ITOT,0,,,{rank}\n"
    book = read_book(write_book(tmp_path, targets=targets))
    assert isinstance(book.households["Stone"], Failure) is is_fault
    assert ("ITOT" in {target.symbol for target in book.market.models["core"].targets}) is is_fault


def test_a_first_security_without_a_price_fails_the_households_of_the_model(tmp_path):
    book = read_book(book_with(tmp_path, THREE.replace('["BND"]', '["AGG"]')))
    failure = book.households["Rivera"]
    assert isinstance(failure, Failure)
    assert failure.evidence["faults"][0]["message"] == (
        "models/portfolios/three.toml, column securities: found 'AGG', but prices.csv has no price for this target of "
        "model three. Correct the symbol, or add a row for AGG to prices.csv."
    )
    assert isinstance(book.households["Stone"], Household)


@pytest.mark.parametrize("name", ["../three", "three.toml", "/three"])
def test_a_model_is_a_name_and_no_path(tmp_path, name):
    book_with(tmp_path, THREE)
    (tmp_path / "accounts.csv").write_text(edited("accounts", "roth,core", f"roth,{name}"))
    failure = read_book(tmp_path).households["Rivera"]
    assert isinstance(failure, Failure)
    assert failure.evidence["faults"][0]["found"] == name


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "target = 0.4",
            "target = 0.5",
            "column target: found '1.1', but that is what the targets sum to, and they must",
        ),
        ("target = 0.4\n", "", "column sleeve 2: target: it is missing. Write a fraction"),
        (
            "target = 0.4",
            "target = 40",
            "column sleeve 2: target: found '40', but it must be a number between 0 and 1.",
        ),
        (
            "target = 0.4",
            "target = nan",
            "column sleeve 2: target: found 'NaN', but it must be a number between 0 and 1.",
        ),
        ("target = 0.4", "taget = 0.4", "column sleeve 2: taget: there is no such key. Did you mean target?"),
        ('name = "Bonds"', "name = 5", "column sleeve 2: name: found '5', but it must be a text."),
        (
            '["BND"]',
            '"BND"',
            "column sleeve 2: securities: found 'BND', but it must be a list of symbols. Write securities",
        ),
        (
            '["BND"]',
            '["AAPL"]',
            "column securities: found 'AAPL', but it stands in the file twice. Name each security once.",
        ),
        (
            "relative = 0.20",
            "relativ = 0.20",
            "column sleeve 1: band: it needs one of relative and absolute, and not both.",
        ),
        (
            "relative = 0.20",
            "relative = -1",
            "column sleeve 1: band relative: found '-1', but it must be a number between",
        ),
        (
            '"half"',
            '"somewhere"',
            "sleeve 1: band land: found 'somewhere', but trades cannot land there. Write one of edge,",
        ),
        ("band = { absolute = 0.65 }", "band = 0.65", "column sleeve 2: band: found '0.65', but it must be a table."),
        ("says =", "says", "models/portfolios/three.toml: it is not TOML: "),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, old, new, expected):
    assert old in THREE
    with pytest.raises(BookError) as caught:
        read_book(book_with(tmp_path, THREE.replace(old, new, 1)))
    assert "models/portfolios/three.toml" in str(caught.value)
    assert expected in str(caught.value)


def test_a_file_without_sleeves(tmp_path):
    with pytest.raises(BookError, match=r"column sleeve: a model portfolio needs at least one sleeve\. Begin each"):
        read_book(book_with(tmp_path, 'says = "Nothing."\n'))
