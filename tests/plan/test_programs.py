"""The shipped programs on a book of one account: each plans, and verify accepts what it claims, bound and all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from lotwright.book.book import Book
from lotwright.book.kinds import Relief
from lotwright.cli.verify import read_plans, verify_plans
from lotwright.errors import BookError, PlanError, ProgramError
from lotwright.files.books import read_book
from lotwright.files.plan_json import plan_to_json
from lotwright.files.risk_store import risk_model
from lotwright.plan.plans import plan
from lotwright.plan.program import Program, load_program
from lotwright.plan.raising import asked
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.certify import check_bound
from lotwright.plan.take_snapshot import take_snapshot

PROGRAMS = (
    "bands",
    "bands_vanguard",
    "bands_daryanani",
    "fewest_trades",
    "invest_cash",
    "raise_cash",
    "raise_most_untaxed",
    "sell_only",
    "liquidate",
)


@pytest.fixture(autouse=True)
def plain_kernels() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOTWRIGHT_KERNELS", "plain")
        yield


@pytest.fixture(scope="module")
def first_steps(root: Path) -> Book:
    return read_book(root / "examples" / "books" / "first_steps")


def planned(book: Book, program: str | Program, **more: Decimal) -> HouseholdPlan:
    found = plan(book, program=program, time_limit=60.0, raising=more or None)["LEE"]
    assert found.status is not Status.FAILED, found.failure
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_shipped_program_plans_and_verify_accepts_its_plan(
    first_steps: Book, root: Path, name: str, tmp_path: Path
) -> None:
    found = planned(first_steps, name)
    assert found.objective is not None
    assert found.objective.gap_bp <= 0.11
    assert found.objective.multipliers["kind"] == "separable/1"
    (tmp_path / "plan.json").write_text(json.dumps(plan_to_json(found)))
    folder = root / "examples" / "books" / "first_steps"
    (report,) = verify_plans(read_plans(tmp_path / "plan.json"), first_steps, program=None, beside=folder)
    assert report.ok, [finding for finding in report.findings if not finding.ok]


@pytest.mark.parametrize(
    ("limit", "kind"),
    [
        ('kind = "turnover"\nmost = 0.05\nsoft = 0.01', "separable/1"),
        ('kind = "number_of_tickets"\nmost = 1', "separable/1"),
        ('kind = "number_of_tickets"\nmost = 1\nsoft = 5.0', "separable/1"),
        ('kind = "no_short_term_gains"\nsoft = 0.02', "separable/1"),
        ('kind = "gain_budget"\ntax = 20.0\nsoft = 0.5', "separable/1"),
        ('kind = "cash"\nsoft = 0.5', "general/1"),
    ],
)
def test_verify_recomputes_the_bound_whichever_way_a_plan_was_found(
    first_steps: Book, root: Path, tmp_path: Path, limit: str, kind: str
) -> None:
    """From the plan's file and the program's: every check and the bound again; a bound moved up is found out."""
    source = (root / "models" / "programs" / "balanced.toml").read_text()
    (tmp_path / "own.toml").write_text(f"{source}\n[[limit]]\n{limit}\n")
    found = planned(first_steps, Program.from_toml(tmp_path / "own.toml"))
    document = plan_to_json(found)
    assert document["objective"]["multipliers"]["kind"] == kind
    for moved in (0.0, 5.0):
        document["objective"]["bound"] += moved
        document["objective"]["gap"] -= moved
        (tmp_path / "plan.json").write_text(json.dumps(document))
        claims = read_plans(tmp_path / "plan.json")
        (report,) = verify_plans(claims, first_steps, program=str(tmp_path / "own.toml"), beside=tmp_path)
        wrong = [finding.name for finding in report.findings if not finding.ok]
        assert ("bound" in wrong) == (moved > 0), report.findings
        assert moved or not wrong, report.findings


def test_bands_end_inside_and_the_balanced_plan_does_not_mind(first_steps: Book) -> None:
    """AAPL stands at 31.8 % and JPM at 16.5 % of 24.75 %: outside 200 bp, they land within 175 bp of the target."""
    after = {row.symbol: row.after for row in planned(first_steps, "bands_vanguard").drift}
    for symbol in ("AAPL", "JNJ", "JPM"):
        assert abs(after[symbol] - 0.2475) <= 0.0175 * 0.99 + 1e-6, symbol
    assert abs(after["XOM"] - 0.2475) <= 0.02
    still = {row.symbol: row.after for row in planned(first_steps, "bands_daryanani").drift}
    assert all(abs(weight - 0.2475) <= 0.2 * 0.2475 for weight in still.values())


def test_fewest_trades_needs_fewer_orders_and_says_so(first_steps: Book) -> None:
    """Two are below their band and one above: no one order mends that, nor two."""
    found = planned(first_steps, "fewest_trades")
    assert len(found.trades) == 3
    assert len(planned(first_steps, "bands").trades) > 3
    assert any("fewest orders came first: no plan with fewer than 3" in note for note in found.notes)


def test_a_bound_for_fewer_orders_than_the_plan_has_is_refused(first_steps: Book, root: Path, tmp_path: Path) -> None:
    document = plan_to_json(planned(first_steps, "fewest_trades"))
    document["objective"]["multipliers"]["first"]["tickets"] -= 1
    (tmp_path / "plan.json").write_text(json.dumps(document))
    folder = root / "examples" / "books" / "first_steps"
    (report,) = verify_plans(read_plans(tmp_path / "plan.json"), first_steps, program=None, beside=folder)
    assert "tickets" in [finding.name for finding in report.findings if not finding.ok]


def test_one_side_stays_closed(first_steps: Book) -> None:
    assert {str(trade.side) for trade in planned(first_steps, "invest_cash").trades} == {"buy"}
    assert {str(trade.side) for trade in planned(first_steps, "sell_only").trades} == {"sell"}


def test_liquidate_sells_everything(first_steps: Book) -> None:
    found = planned(first_steps, "liquidate")
    sold = {trade.symbol: trade.quantity for trade in found.trades}
    assert sold == {"AAPL": 100, "JNJ": 30, "JPM": 30, "XOM": 90}


def test_raising_cash_withdraws_it_at_the_least_tax(first_steps: Book, root: Path, tmp_path: Path) -> None:
    """$2,500 lies there; of $5,000 at least $2,500 are raised: XOM's old lot loses $49.50 and brings most of it untaxed."""
    found = planned(first_steps, "raise_cash", SAVINGS=Decimal(5000))
    assert found.cash["SAVINGS"].after >= 0
    assert found.cash["SAVINGS"].before == 2500
    assert found.raised == {"SAVINGS": Decimal(5000)}
    assert found.tax is not None
    assert found.tax.tax <= found.tax.tax_without_plan
    document = plan_to_json(found)
    assert document["raised"] == {"SAVINGS": 5000}
    (tmp_path / "plan.json").write_text(json.dumps(document))
    folder = root / "examples" / "books" / "first_steps"
    (report,) = verify_plans(read_plans(tmp_path / "plan.json"), first_steps, program=None, beside=folder)
    assert report.ok, [finding for finding in report.findings if not finding.ok]
    document["raised"] = {"SAVINGS": 4000}
    (tmp_path / "plan.json").write_text(json.dumps(document))
    (report,) = verify_plans(read_plans(tmp_path / "plan.json"), first_steps, program=None, beside=folder)
    assert not report.ok


def test_the_most_that_is_raised_untaxed_adds_no_tax(first_steps: Book) -> None:
    """The losses (XOM 2014: $98.60) leave with as much gain as they absorb; nothing more may be sold untaxed."""
    found = planned(first_steps, "raise_most_untaxed")
    assert found.tax is not None
    assert found.tax.tax <= found.tax.tax_without_plan
    gain = found.tax.short_term_gain + found.tax.long_term_gain
    smallest = Decimal(
        "30.0"
    )  # no share here carries more gain than AAPL's oldest, $50.46, nor can another one be added
    assert gain <= 0 <= gain + 2 * smallest


def test_more_than_there_is_names_the_shortfall(first_steps: Book) -> None:
    found = plan(first_steps, program="raise_cash", raising={"SAVINGS": Decimal(50_000)})["LEE"]
    assert found.failure is not None
    assert found.failure.reason == "infeasible"
    assert "short" in found.failure.message


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (["x"], "asks for no amount"),
        (["0"], "positive amount"),
        (["-5"], "positive amount"),
        (["1.005"], "dollars and cents"),
        (["OTHER=5"], "which is not there"),
        (["5", "SAVINGS=6"], "twice"),
    ],
)
def test_a_wrong_amount_is_told_what_would_do(first_steps: Book, said: list[str], told: str) -> None:
    with pytest.raises(BookError, match=told):
        asked(said, first_steps.households)


def test_amounts_are_read_as_people_write_them(first_steps: Book) -> None:
    assert asked(["$12,000.50"], first_steps.households) == {"SAVINGS": Decimal("12000.50")}
    assert asked(["SAVINGS=7"], first_steps.households) == {"SAVINGS": Decimal(7)}


def test_first_is_one_of_few_words() -> None:
    with pytest.raises(ProgramError, match="first is 'orders'"):
        Program.from_toml('first = "orders"\n[[cost]]\nkind = "tracking"')
    program = load_program("fewest_trades")
    assert replace(program, first="").content_hash != program.content_hash


def test_relief_in_a_fixed_order_says_what_choosing_would_have_saved(first_steps: Book) -> None:
    """FIFO sells AAPL's oldest lot at a gain of $50.46 a share where the youngest has $29.67."""
    household = first_steps.households["LEE"]
    fifo = replace(household, accounts=tuple(replace(a, relief=Relief.FIFO) for a in household.accounts))
    book = replace(first_steps, households={"LEE": fifo})
    found, free = planned(book, "balanced"), planned(first_steps, "balanced")
    assert found.objective is not None
    assert free.objective is not None
    (note,) = [note for note in found.notes if "specific" in note]
    saved = float(note.split("at least $")[1].split(" ")[0])
    assert 1.0 <= saved <= found.objective.posed - free.objective.bound + 0.01
    assert not [note for note in free.notes if "specific" in note]


def test_prices_of_the_certificate_must_be_prices(first_steps: Book) -> None:
    """A price below zero, of an unknown limit, or points that do not fit prove nothing."""
    more = '[[limit]]\nkind = "turnover"\nmost = 0.05\n'
    source = (Path(__file__).parents[2] / "models" / "programs" / "balanced.toml").read_text()
    program = Program.from_toml(source + more)
    found = planned(first_steps, program)
    assert found.objective is not None
    risk = risk_model(first_steps)
    snapshot = take_snapshot(first_steps.households["LEE"], first_steps.market, risk)
    claim = dict(found.objective.multipliers)
    assert claim["prices"]["turnover"] > 0
    with np.errstate(all="ignore"):
        assert check_bound(claim, program, snapshot) >= found.objective.bound - 1e-6
        assert check_bound({**claim, "prices": {}}, program, snapshot) < found.objective.bound
        for prices in ({"turnover": -1.0}, {"turnover": float("nan")}, {"tickets": 1.0}):
            with pytest.raises(PlanError, match="no price of this program"):
                check_bound({**claim, "prices": prices}, program, snapshot)


def test_limits_out_of_reach_are_named_with_what_they_miss(first_steps: Book) -> None:
    """AAPL is at 31.8 % of $22,579 and may not be sold: a ceiling of 20 % is $2,655 away; and 0.1 % of error is not to be had."""
    source = (Path(__file__).parents[2] / "models" / "programs" / "balanced.toml").read_text()
    closed = '[[limit]]\nkind = "no_sells"\n'
    stock = '[[limit]]\nkind = "employer_stock"\nsymbols = ["AAPL"]\nmost = 0.20\n'
    found = plan(first_steps, program=Program.from_toml(source + closed + stock))["LEE"]
    assert found.failure is not None
    assert found.failure.reason == "infeasible"
    assert found.failure.evidence["missing"] == {"employer_stock": pytest.approx(2655.18, abs=0.01)}
    error = '[[limit]]\nkind = "tracking_error"\nmost = 0.001\n'
    found = plan(first_steps, program=Program.from_toml(source + closed + error), time_limit=None)["LEE"]
    assert found.failure is not None
    assert "tracking_error ends at" in found.failure.message
    assert "0.10 %" in found.failure.message
