"""Form 8949 and Schedule D of a book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from builders import account, day, dec, household, lot, market, trade

from lotwright.book.kinds import Character, FilingStatus
from lotwright.tax.past import rebuild_past
from lotwright.tax.year_report import TaxYear, tax_year

RATES = {"short_term_rate": "0.4", "long_term_rate": "0.2"}


def report(*accounts: Any, year: int = 2026, as_of: str = "2026-06-30", **options: Any) -> TaxYear:
    return tax_year(household(*accounts), market(as_of, **options), year=year)


def test_a_wash_across_accounts_that_no_broker_sees() -> None:
    """B1.17: the broker reports no disallowance; Form 8949 must, with code W."""
    one = account(
        "A",
        transactions=(
            trade("buy", "2026-01-05", 100, 20, account="A", lot="a"),
            trade("sell", "2026-03-02", 100, 15, account="A", lot="a", realised_gain=-500, character=Character.SHORT),
        ),
        realised_short=-500,
        **RATES,
    )
    two = account(
        "B",
        lots=(lot("b", "2026-03-10", 40, 600, account="B"),),
        transactions=(trade("buy", "2026-03-10", 40, 15, account="B"),),
        **RATES,
    )
    found = report(one, two)
    shown = [(r.part, r.description, r.proceeds, r.basis, r.code, r.adjustment, r.gain) for r in found.rows]
    assert shown == [("I", "40 sh. X", 600, 800, "W", 200, 0), ("I", "60 sh. X", 900, 1_200, "", 0, -300)]
    assert found.rows[0].replacement == "B X b"
    assert (found.schedule.net_short, found.schedule.deduction, found.tax) == (-300, 300, -120)
    (difference,) = found.reconciliation
    assert (difference.recorded, difference.found, difference.quantity) == (0, 200, 100)
    assert any("net short-term gain of -300.00, the accounts state -500" in note for note in found.notes)


def test_an_ira_purchase_is_permanent() -> None:
    one = account(
        "A",
        transactions=(
            trade("buy", "2025-01-05", 100, 20, account="A", lot="a"),
            trade("sell", "2026-03-02", 100, 15, account="A", lot="a", realised_gain=-500, character=Character.LONG),
        ),
        **RATES,
    )
    ira = account("I", "ira", transactions=(trade("reinvest", "2026-03-10", 10, 15, account="I"),))
    found = report(one, ira)
    assert found.permanent == 50
    assert [(r.part, r.code, r.gain) for r in found.rows] == [("II", "W", 0), ("II", "", -450)]


def test_totals_satisfy_the_identity_of_the_form() -> None:
    """TAX_RULES B6: sum of (h) = proceeds - basis + disallowed."""
    trades = [trade("buy", f"2026-01-{d:02d}", 7, f"{10 + d}.37", lot=f"l{d}") for d in range(5, 15)]
    trades += [trade("sell", f"2026-02-{d:02d}", 5, "15.11", lot=f"l{d}") for d in range(5, 15)]
    found = report(account(transactions=tuple(trades), **RATES))
    s = found.schedule
    assert sum(r.gain for r in found.rows) == s.short_proceeds - s.short_basis + s.short_adjustment
    assert s.net == s.net_short + s.net_long
    assert s.short_adjustment > 0
    assert all(r.gain == r.proceeds - r.basis + r.adjustment for r in found.rows)
    assert all((r.code == "W") == (r.adjustment > 0) for r in found.rows)


def test_carryforwards_enter_on_lines_6_and_14_and_leave_by_the_worksheet() -> None:
    owner = account(
        transactions=(trade("sell", "2026-02-02", 10, 20, realised_gain=50, character=Character.LONG),),
        carryforward_short=1_000,
        carryforward_long=5_000,
        **RATES,
    )
    s = report(owner).schedule
    assert (s.short_carryover, s.long_carryover) == (-1_000, -5_000)
    assert (s.net_short, s.net_long, s.deduction) == (-1_000, -4_950, 3_000)
    assert (s.carryforward_short, s.carryforward_long) == (0, 2_950)


def test_a_loss_disallowed_whole_leaves_nothing_whatever_its_cents() -> None:
    trades = (
        trade("buy", "2026-01-05", "5.488719", "118.67", lot="a"),
        trade("sell", "2026-02-24", "5.488719", "104.71", lot="a", realised_gain="-76.62"),
        trade("buy", "2026-02-25", "6.596888", "111.40", lot="b"),
    )
    (row,) = report(account(transactions=trades, **RATES)).rows
    assert (row.proceeds, row.basis, row.adjustment, row.gain) == (dec("574.72"), dec("651.35"), dec("76.63"), 0)


def test_an_order_reported_lot_by_lot_is_no_phantom_wash() -> None:
    """TAX_RULES B1.11: two lots sold in one order, the later one bought within 30 days."""
    trades = (
        trade("buy", "2026-01-05", 60, 25, lot="a"),
        trade("buy", "2026-02-20", 40, 25, lot="b"),
        trade("sell", "2026-03-02", 60, 20, lot="a", realised_gain=-300),
        trade("sell", "2026-03-02", 40, "20.00", lot="b", realised_gain=-200),
    )
    found = report(account(transactions=trades, **RATES))
    assert [r.adjustment for r in found.rows] == [0, 0]
    assert found.reconciliation == ()


def test_the_broker_s_moved_loss_is_found_anew_when_its_sale_is_the_first_trade() -> None:
    """The lot's basis and tacked start already hold the loss; the sale that caused it is in the book."""
    trades = (
        trade("sell", "2026-03-12", 40, 90, realised_gain=-800, disallowed_loss=800, character=Character.LONG),
        trade("buy", "2026-03-12", 50, 90, lot="n"),
    )
    owner = account(lots=(lot("n", "2026-03-12", 50, 5_300, start="2025-01-07"),), transactions=trades, **RATES)
    found = report(owner)
    assert [(r.adjustment, r.gain, r.replacement) for r in found.rows] == [(800, 0, "T X n")]
    assert found.reconciliation == ()


def test_tax_by_brackets_where_income_and_status_are_known() -> None:
    """2026 single, 45,000: 10,000 long-term: 4,450 at 0 %, 5,550 at 15 %."""
    sale = trade("sell", "2026-02-02", 1_000, 20, realised_gain=10_000, character=Character.LONG)
    facts = {"taxable_income": 45_000, "filing_status": FilingStatus.SINGLE}
    assert report(account(transactions=(sale,), **facts, **RATES)).tax_by_brackets == dec("832.50")
    assert report(account(transactions=(sale,), **RATES)).tax_by_brackets is None
    other = account("U", taxable_income=1, filing_status=FilingStatus.MARRIED_JOINT, **RATES)
    assert report(account(transactions=(sale,), **facts, **RATES), other).tax_by_brackets is None
    old = trade("sell", "2015-02-02", 1_000, 20, realised_gain=10_000, character=Character.LONG)
    assert report(account(transactions=(old,), **facts, **RATES), year=2015).tax_by_brackets is None


def test_a_sale_of_unknown_lots_keeps_the_recorded_gain_and_term() -> None:
    owner = account(
        transactions=(trade("sell", "2026-02-02", 10, 20, realised_gain=50, character=Character.LONG),), **RATES
    )
    found = report(owner)
    (row,) = found.rows
    assert (row.part, row.acquired, row.gain, row.basis) == ("II", None, 50, 150)
    assert any("VARIOUS" in note for note in found.notes)


def test_another_year_shows_its_own_sales_and_says_whose_rates_these_are() -> None:
    trades = (
        trade("sell", "2025-02-02", 10, 20, realised_gain=50),
        trade("sell", "2026-02-02", 10, 20, realised_gain=7),
    )
    owner = account(transactions=trades, carryforward_short=30, **RATES)
    found = report(owner, year=2025)
    assert [r.gain for r in found.rows] == [50]
    assert any("those of 2026" in note and "counted as none" in note for note in found.notes)
    assert found.schedule.short_carryover == 0
    told = tax_year(household(owner), market("2026-06-30"), year=2025, carried=(Decimal(20), Decimal(0)))
    assert told.schedule.net_short == 30


def test_losses_that_a_later_purchase_could_still_disallow_are_said_to_be_open() -> None:
    sale = trade("sell", "2026-06-10", 10, 20, realised_gain=-50, character=Character.LONG)
    open_ = report(account(transactions=(sale,), **RATES), as_of="2026-07-09")
    assert any("Losses of X are not final: a purchase through 2026-07-10" in note for note in open_.notes)
    assert not any("not final" in n for n in report(account(transactions=(sale,), **RATES), as_of="2026-07-10").notes)


def test_shares_bought_before_brokers_reported_basis_go_in_boxes_b_and_e() -> None:
    trades = (
        trade("buy", "2010-12-31", 10, 20, lot="old"),
        trade("buy", "2011-01-03", 10, 20, lot="new"),
        trade("sell", "2026-02-02", 10, 30, lot="old"),
        trade("sell", "2026-02-03", 10, 30, lot="new"),
    )
    assert [r.box for r in report(account(transactions=trades, **RATES)).rows] == ["E", "D"]


def test_a_gain_the_broker_recorded_otherwise_is_reconciled() -> None:
    """The broker knows nothing of a loss that moved into the basis from another account."""
    one = account("A", transactions=(trade("buy", "2025-01-06", 10, 30, account="A", lot="a"),
                                     trade("sell", "2025-12-01", 10, 20, account="A", lot="a", realised_gain=-100)),
                  **RATES)  # fmt: skip
    two = account("B", transactions=(trade("buy", "2025-12-05", 10, 21, account="B", lot="b"),
                                     trade("sell", "2026-03-02", 10, 25, account="B", lot="b", realised_gain=40)),
                  **RATES)  # fmt: skip
    (difference,) = report(one, two).reconciliation
    assert (difference.recorded_gain, difference.found_gain) == (40, -60)


def test_a_state_s_tax_by_its_brackets() -> None:
    """New Jersey 2026, single, 45,000 + 10,000: all at 5.525 %."""
    sale = trade("sell", "2026-02-02", 1_000, 20, realised_gain=10_000, character=Character.LONG)
    facts = {"taxable_income": 45_000, "filing_status": FilingStatus.SINGLE}
    found = report(account(transactions=(sale,), state="NJ", **facts))
    assert (found.tax_by_brackets, found.state_tax_by_brackets) == (dec("832.50"), dec("552.50"))
    assert report(account(transactions=(sale,), state="CA", **facts)).state_tax_by_brackets is None  # 2026 not in data


class TestPast:
    """What a book tells about the lots a sale took."""

    @staticmethod
    def sources(*trades: Any, lots: tuple[Any, ...] = ()) -> list[tuple[str, Decimal]]:
        past = rebuild_past(household(account(lots=lots, transactions=trades)))
        return [part for e in past.events if hasattr(e, "lots") for part in e.lots]

    def test_the_lot_named(self) -> None:
        trades = (trade("buy", "2026-01-05", 100, 20, lot="a"), trade("sell", "2026-02-05", 100, 15, lot="a"))
        assert self.sources(*trades) == [("a", 100)]

    def test_a_lot_still_held_in_part(self) -> None:
        held = lot("a", "2024-01-05", 60, 600)
        assert self.sources(trade("sell", "2026-02-05", 40, 15, lot="a"), lots=(held,)) == [("a", 40)]

    def test_the_purchase_whose_cost_the_gain_betrays(self) -> None:
        trades = (
            trade("buy", "2026-01-05", 100, 20, lot="a"),
            trade("buy", "2026-01-06", 100, 30, lot="b"),
            trade("sell", "2026-02-05", 50, 25, realised_gain=-250, character=Character.SHORT),
        )
        assert self.sources(*trades) == [("b", 50)]

    def test_no_purchase_fits_the_gain(self) -> None:
        trades = (
            trade("buy", "2026-01-05", 100, 20, lot="a"),
            trade("sell", "2026-02-05", 50, 25, realised_gain=-1000, character=Character.SHORT),
        )
        assert self.sources(*trades) == [("?1", 50)]

    def test_a_purchase_with_a_trade_is_told_anew_at_cost(self) -> None:
        """The book's basis holds the loss the broker moved; the matching must find it itself."""
        held = lot("new", "2026-03-05", 100, 2_000, start="2025-01-01")
        trades = (
            trade("buy", "2025-12-05", 100, 20, lot="old"),
            trade("sell", "2026-03-02", 100, 15, lot="old", realised_gain=-500, disallowed_loss=500),
            trade("buy", "2026-03-05", 100, 15, lot="new"),
        )
        past = rebuild_past(household(account(lots=(held,), transactions=trades)))
        (bought,) = (e for e in past.events if getattr(e, "lot", "") == "new")
        assert bought.cost == 1_500  # type: ignore[union-attr]
        found = report(account(lots=(held,), transactions=trades, realised_short=0, **RATES))
        assert [(r.adjustment, r.gain) for r in found.rows] == [(500, 0)]
        assert found.reconciliation == ()

    def test_a_tacked_lot_from_before_the_trades_stays_as_it_is_and_takes_no_other_loss(self) -> None:
        held = lot("w", "2026-02-20", 100, 2_000, start="2025-01-01")
        old = lot("old", "2024-02-20", 100, 2_000)
        sale = trade("sell", "2026-03-02", 100, 15, lot="sold", realised_gain=-500, character=Character.LONG)
        past = rebuild_past(household(account(lots=(held, old), transactions=(sale,))))
        washed = {s.lot: s.has_washed for s in past.opening}
        assert washed == {"w": True, "old": False, "?1": False}

    def test_a_sale_without_lot_or_gain_counts_with_gain_zero_aloud(self) -> None:
        past = rebuild_past(household(account(transactions=(trade("sell", "2026-02-05", 50, 25),))))
        assert any("neither a lot nor a gain" in note for note in past.notes)
        assert past.opening[0].basis == 1_250


@pytest.mark.parametrize("folder", ["dev200-2020-03-23", "dev200-2020-11-30"])
def test_generated_books_add_up(shared: Any, folder: str) -> None:
    """Recorded gains of sales whose lots nobody shows are kept; rows satisfy the identity of the form."""
    books = pytest.importorskip("lotwright.files.books")
    book = books.read_book(shared / "data" / "books" / folder)
    names = sorted(book.households)[::20]
    for name in names:
        found = tax_year(book.households[name], book.market, year=2020)
        recorded = sum(
            (t.realised_gain for a in book.households[name].accounts if a.kind.is_taxable for t in a.transactions
             if t.realised_gain is not None and t.date.year == 2020),
            Decimal(0),
        )  # fmt: skip
        shown = sum((r.proceeds - r.basis for r in found.rows), Decimal(0))
        moved = sum((abs(d.found) + abs(d.recorded) for d in found.reconciliation), Decimal(0))
        told = sum((r.adjustment for r in found.rows), Decimal(0))
        assert abs(shown - recorded) <= dec("0.01") * (len(found.rows) + 1) + moved + 2 * told


def test_the_day_of_the_book_is_not_the_clock() -> None:
    assert report(account(**RATES), as_of="2026-01-02").rows == ()
    assert day("2026-01-02").year == 2026
