"""Programs as data: what their files may say, what they are told when they say it wrong, and what they amount to."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import jsonschema
import pytest

from lotwright.errors import ProgramError
from lotwright.plan.costs import HalfSpread, IdleCash, Tax, Tracking
from lotwright.plan.limits import Cash, Restrictions, Soft
from lotwright.plan.program import Program, load_program, program_schema
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot

from .factory import account, lot, make_snapshot, trades

SMALL = """
says = "Small."
[[cost]]
kind = "tracking"
risk_price = 10
[[limit]]
kind = "cash"
"""


def balanced() -> Program:
    return load_program("balanced")


def test_balanced_says_what_terms_charge() -> None:
    """The shipped program, figure by figure, as the verifier is told."""
    terms = balanced().terms()
    assert terms.risk_price == Decimal("25.0")
    assert terms.half_spread == Decimal("0.0003")
    assert terms.commission_per_ticket == terms.commission_per_share == 0
    assert terms.ticket == Decimal("0.5")
    assert terms.substitution == Decimal("0.002")
    assert terms.carried_loss_value == Decimal("0.5")
    assert (terms.idle_cash, terms.shortfall) == (Decimal("0.02"), Decimal("0.05"))
    assert terms.fractional_increment == Decimal("0.0001")
    assert terms.minimum_ticket == 100
    assert terms.cash
    assert terms.holdings
    assert terms.whole_shares
    assert terms.wash_sale
    assert terms.restrictions
    assert balanced().is_separable
    assert balanced().unverified == ()


def test_terms_leave_out_what_the_program_leaves_out() -> None:
    terms = Program.from_toml(SMALL).terms()
    assert terms.carried_loss_value is None
    assert terms.idle_cash is None
    assert terms.minimum_ticket is None
    assert not terms.wash_sale


def test_costs_paid_in_cash_are_made_known() -> None:
    spread = HalfSpread()
    program = Program(name="p", says="", costs=(IdleCash(), spread, Tracking()), limits=(Cash(),))
    assert program.costs[0] == IdleCash(paid_in_cash=(spread,))
    assert program.limits[0] == Cash(paid_in_cash=(spread,))


def test_value_is_the_sum_of_costs_and_violations_are_named() -> None:
    snapshot = make_snapshot([account(cash=100, lots=[lot("AAA", 10, cost=80, name="a")])], prices={"AAA": 100})
    program = Program(name="p", says="", costs=(HalfSpread(default=0.001), Tax()), limits=(Cash(),))
    sold = trades(snapshot, sell={"a": 10})
    assert program.value(snapshot, sold) == pytest.approx(1000 * 0.001 + 200 * 0.2)
    assert program.violations(snapshot, sold) == {}
    bought = trades(snapshot, buy={"AAA": 2})
    assert program.violations(snapshot, bought) == {"cash": pytest.approx(100.2)}


def test_soft_limit_becomes_a_cost() -> None:
    program = Program.from_toml(SMALL + "soft = 0.5\n")
    assert program.limits == ()
    assert program.costs[1] == Soft(limit=Cash(), price=0.5)
    assert not program.is_separable
    assert program.unverified == (program.costs[1],)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("says = ", "is not TOML"),
        ("[[costs]]\nkind = 'tracking'", "'costs' is no part of a program. Did you mean 'cost'?"),
        ("[cost]\nkind = 'tracking'", r"Write each one under \[\[cost\]\]"),
        ("[[cost]]\nrisk_price = 2", "a cost has no kind. There are: tracking, half_spread"),
        ("[[cost]]\nkind = 'trackin'", "unknown kind 'trackin'. Did you mean 'tracking'?"),
        ("[[cost]]\nkind = 'tracking'\nrisk_prise = 2", "no parameter 'risk_prise'. Did you mean 'risk_price'?"),
        ("[[cost]]\nkind = 'tracking'\nrisk_price = '2'", "risk_price is '2' .* Give a number that is at least 0"),
        ("[[cost]]\nkind = 'tax'\ncarried_loss_value = 2", "at least 0 and at most 1"),
        ("[[cost]]\nkind = 'idle_cash'\npaid_in_cash = []", "no parameter 'paid_in_cash'"),
        ("[[cost]]\nkind = 'tax'\n[[cost]]\nkind = 'tax'", "has the cost tax twice"),
        ("[[limit]]\nkind = 'cash'", "has no cost"),
        ("[[cost]]\nkind = 'tax'\n[[limit]]\nkind = 'wash_sale'\nsoft = 1.0", "wash_sale cannot be softened"),
        ("[[cost]]\nkind = 'tax'\n[[limit]]\nkind = 'whole_shares'\nfractional_increment = 0", "more than 0"),
        ("[[cost]]\nkind = 'tax'\n[[limit]]\nkind = 'minimum_tickets'", "Did you mean 'minimum_ticket'?"),
    ],
)
def test_a_wrong_file_is_told_what_would_do(text: str, told: str) -> None:
    with pytest.raises(ProgramError, match=told):
        Program.from_toml(text)


def test_a_file_of_ones_own_wins_and_is_named_after_itself(tmp_path: Path) -> None:
    (tmp_path / "models" / "programs").mkdir(parents=True)
    (tmp_path / "models" / "programs" / "balanced.toml").write_text(SMALL, encoding="utf-8")
    program = load_program("balanced", beside=tmp_path)
    assert (program.name, program.says, len(program.costs)) == ("balanced", "Small.", 1)


def test_hash_is_of_what_is_charged_and_demanded() -> None:
    same = SMALL.replace("Small.", "Another sentence.").replace("10", "10.0")
    assert Program.from_toml(SMALL).content_hash == Program.from_toml(same).content_hash
    assert Program.from_toml(SMALL).content_hash != Program.from_toml(SMALL.replace("10", "11")).content_hash
    assert len(balanced().content_hash) == 64


def test_schema_takes_balanced_and_refuses_what_the_loader_refuses(root: Path) -> None:
    schema = program_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    shipped = (root / "models" / "programs" / "balanced.toml").read_text(encoding="utf-8")
    jsonschema.validate(tomllib.loads(shipped), schema)
    jsonschema.validate(tomllib.loads(SMALL + "soft = 0.5"), schema)
    for wrong in (
        "[[cost]]\nkind = 'trackin'",
        "[[cost]]\nkind = 'tracking'\nrisk_prise = 2",
        "[[cost]]\nkind = 'tax'\ncarried_loss_value = 2",
        "[[cost]]\nkind = 'tax'\n[[limit]]\nkind = 'wash_sale'\nsoft = 1.0",
        "[[cost]]\nkind = 'tax'\n[[limit]]\nkind = 'whole_shares'\nfractional_increment = 0",
        "[[limit]]\nkind = 'cash'",
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(tomllib.loads(wrong), schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A cost of one's own that fits no separable form."""

    kind: ClassVar[str] = "flat"
    dollars: float = 1.0

    def expression(self, snapshot: Snapshot, decision: object) -> object:
        raise NotImplementedError

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        return self.dollars

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        return "Flat."


def test_a_cost_of_ones_own_composes_and_is_counted_in_the_hash() -> None:
    program = Program(name="p", says="", costs=(Tracking(), Flat()), limits=(Restrictions(),))
    other = Program(name="p", says="", costs=(Tracking(), Flat(dollars=2.0)), limits=(Restrictions(),))
    assert not program.is_separable
    assert program.unverified == (Flat(),)
    assert program.content_hash != other.content_hash


def test_what_is_done_to_a_form_stays_with_who_asked_for_it() -> None:
    """Prices are added to forms in place; whoever asks next gets the program's own."""
    snapshot = make_snapshot([account(lots=[lot("AAA", 10, cost=90)])], prices={"AAA": 100})
    program = balanced()
    first = program.form(snapshot)
    assert first is not None
    before = first.buy_cost.copy()
    first.buy_cost += 1.0
    first.pieces.clear()
    again = program.form(snapshot)
    assert again is not None
    assert (again.buy_cost == before).all()
    assert again.pieces
