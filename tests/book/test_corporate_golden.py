"""Corporate actions with the figures the law, the companies or the literature publish for them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from builders import account, buy, day, dec, household, lot, sell

from lotwright.book.events import Merger, ReturnOfCapital, SpinOff, Split, TransferOut
from lotwright.book.holdings import Household
from lotwright.book.kinds import Regime
from lotwright.book.ledger import Folded, apply, fold
from lotwright.errors import BookError
from lotwright.tax.past import rebuild_past
from lotwright.tax.wash import wash_sales

WHEN = day("2024-04-02")


def owner(*lots: object, **facts: object) -> Household:
    return household(account(cash=0, lots=lots, **facts))  # type: ignore[arg-type]


def shares(found: Folded, name: str = "T") -> dict[str, tuple[Decimal, Decimal]]:
    (mine,) = (a for a in found.household.accounts if a.account == name)
    return {f"{held.symbol} {held.lot}": (held.quantity, held.basis) for held in mine.lots}


def test_three_for_two_with_cash_for_half_a_share() -> None:
    """Motley Fool, Stock Splits part II (1999): 55 shares at 125 and 20 commission, 6,895; 82.5 after three-for-two.

    Basis a share 6,895 / 82.5 = 83.5758; the half share sold has 41.79 of it (here: for 45.00).
    """
    start = owner(lot("a", "1997-03-03", 55, 6_895))
    found = apply(start, Split(date=WHEN, symbol="X", ratio=dec("1.5"), cash_in_lieu=dec(90)))
    ((quantity, basis),) = shares(found).values()
    assert (quantity, round(basis / quantity, 4)) == (82, dec("83.5758"))
    (paid,) = found.disposals
    assert (paid.quantity, round(paid.basis, 2), paid.proceeds) == (dec("0.5"), dec("41.79"), 45)
    assert found.household.accounts[0].cash == 45


def test_a_stock_dividend_of_a_third_with_cash_for_the_fraction() -> None:
    """J.K. Lasser 4.6: a fraction is received, then sold. 13 1/3 shares have cost 100, so the third of one 2.50; paid 2."""
    start = owner(lot("a", "2020-03-03", 9, 90), lot("b", "2021-03-03", 1, 10))
    ratio = dec(40) / 30
    found = apply(start, Split(date=WHEN, symbol="X", ratio=ratio, cash_in_lieu=dec(6)))
    assert round(sum(q for q, _ in shares(found).values()), 9) == 13
    assert [(d.lot, round(d.proceeds, 2), round(d.basis, 2)) for d in found.disposals] == [("a", 2, dec("2.50"))]


@pytest.mark.parametrize("facts", [{"fractional": True}, {"drip": True}])
def test_accounts_that_hold_fractions_keep_theirs(facts: dict[str, bool]) -> None:
    found = apply(
        owner(lot("a", "2020-03-03", 5, 50), **facts),
        Split(date=WHEN, symbol="X", ratio=dec("1.5"), cash_in_lieu=dec(9)),
    )
    assert shares(found) == {"X a": (dec("7.5"), 50)}


def test_abbott_spins_off_abbvie() -> None:
    """Abbott Form 8937 (January 2013): 47.9751 % stays; its example: basis 400 gives 10.3 AbbVie shares 208.10.

    Of these 208.10 the fraction of 0.3 shares, paid in cash, has 0.3 / 10.3 = 6.06.
    """
    event = SpinOff(
        date=day("2013-01-01"), symbol="ABT", new_symbol="ABBV", ratio=dec(1), basis_fraction=dec("0.520249"),
        cash_in_lieu=dec("34.75"),
    )  # fmt: skip
    found = apply(owner(lot("b", "2010-05-03", "10.3", 400, symbol="ABT")), event)
    (paid,) = found.disposals
    assert (paid.symbol, paid.quantity, round(paid.basis, 2)) == ("ABBV", dec("0.3"), dec("6.06"))
    assert paid.holding_start == day("2010-05-03")  # section 1223(1)
    held = shares(found)
    assert held["ABT b"] == (dec("10.3"), dec("191.9004"))
    assert held["ABBV b"][0] == 10
    assert round(held["ABBV b"][1] + paid.basis, 2) == dec("208.10")


def test_general_electric_spins_off_ge_vernova() -> None:
    """GE Form 8937 (April 2024): one GEV for four GE, 79.74 % of the basis remains."""
    event = SpinOff(date=WHEN, symbol="GE", new_symbol="GEV", ratio=dec("0.25"), basis_fraction=dec("0.2026"))
    found = apply(owner(lot("a", "2022-03-03", 100, 10_000, symbol="GE")), event)
    assert shares(found) == {"GE a": (100, 7_974), "GEV a": (25, 2_026)}


def test_regulation_1_356_1_example_1() -> None:
    """Adjusted basis 85; one share worth 100, cash 25, other property worth 50: gain 90, recognised 75, basis 85."""
    event = Merger(date=WHEN, symbol="X", new_symbol="Y", ratio=dec(1), cash=dec(75), new_price=dec(100))
    found = apply(owner(lot("a", "1935-03-04", 1, 85)), event)
    assert [(d.proceeds, d.gain) for d in found.disposals] == [(75, 75)]
    assert shares(found) == {"Y a": (1, 85)}


def test_regulation_1_356_1_example_2_recognises_no_loss() -> None:
    """The same with an adjusted basis of 200: the loss of 25 is not recognised (section 356(c)); basis 200 - 75."""
    event = Merger(date=WHEN, symbol="X", new_symbol="Y", ratio=dec(1), cash=dec(75), new_price=dec(100))
    found = apply(owner(lot("a", "1935-03-04", 1, 200)), event)
    assert [d.gain for d in found.disposals] == [0]
    assert shares(found) == {"Y a": (1, 125)}


def test_regulation_1_358_1_example_capital_returned_then_boot() -> None:
    """Bought for 150, 60 distributed out of capital: basis 90. Exchanged for a share worth 100, cash 10, property 30.

    Gain 50, recognised 40 (10 and 30); basis of the new share 90 - 40 + 40 = 90.
    """
    found = fold(
        owner(lot("a", "1935-03-04", 1, 150)),
        [
            ReturnOfCapital(date=day("1950-01-02"), symbol="X", per_share=dec(60)),
            Merger(date=day("1951-01-02"), symbol="X", new_symbol="Y", ratio=dec(1), cash=dec(40), new_price=dec(100)),
        ],
    )
    assert [d.gain for d in found.disposals] == [40]
    assert shares(found) == {"Y a": (1, 90)}


def test_publication_550_capital_returned_beyond_basis() -> None:
    """Bought for 100, 80 returned: basis 20; another 30 returned: basis 0 and 10 of long-term gain (section 301(c)(3))."""
    events = [
        ReturnOfCapital(date=day(d), symbol="X", per_share=dec(n)) for d, n in (("2010-06-01", 80), ("2020-06-01", 30))
    ]
    found = fold(owner(lot("a", "2007-06-01", 1, 100)), events)
    assert [(d.date, d.gain, d.quantity) for d in found.disposals] == [(day("2020-06-01"), 10, 0)]
    assert shares(found) == {"X a": (1, 0)}


def test_capital_is_returned_to_each_lot_by_itself() -> None:
    """costbasis.com, return of capital: not first to the dear lots; the cheap lot's excess is gain."""
    start = owner(lot("cheap", "2010-06-01", 10, 50), lot("dear", "2012-06-01", 10, 400))
    found = apply(start, ReturnOfCapital(date=WHEN, symbol="X", per_share=dec("8.50")))
    assert shares(found) == {"X cheap": (10, 0), "X dear": (10, 315)}
    assert [(d.lot, d.gain) for d in found.disposals] == [("cheap", 35)]


def test_activision_for_cash() -> None:
    """Microsoft paid 95 a share on 13 October 2023: a sale, and a record of one (section 1001)."""
    found = apply(
        owner(lot("a", "2022-03-03", 100, 8_000, symbol="ATVI")),
        Merger(date=day("2023-10-13"), symbol="ATVI", cash=dec(95)),
    )
    assert [d.gain for d in found.disposals] == [1_500]
    (record,) = found.household.accounts[0].transactions
    assert (record.action, record.quantity, record.price, record.realised_gain) == ("sell", 100, 95, 1_500)


def test_a_taxable_exchange_recognises_loss_and_buys_the_new_shares() -> None:
    """Sections 1001(c), 1012: basis is what the shares are worth. Reg. 1.1091-1(f): they are "acquired", so they can wash."""
    start = owner(lot("a", "2020-03-03", 10, 1_000), lot("y", "2020-03-03", 5, 300, symbol="Y"))
    event = Merger(
        date=WHEN, symbol="X", new_symbol="Y", ratio=dec("0.5"), cash=dec(10), new_price=dec(40), is_taxable=True
    )
    found = apply(start, event)
    assert [(d.proceeds, d.gain) for d in found.disposals] == [(300, -700)]
    assert shares(found) == {"Y y": (5, 300), "Y a": (5, 200)}
    new = next(held for held in found.household.accounts[0].lots if held.lot == "a")
    assert (new.acquired, new.holding_start) == (WHEN, WHEN)
    assert [(t.action, t.symbol) for t in found.household.accounts[0].transactions] == [("buy", "Y"), ("sell", "X")]
    with pytest.raises(BookError, match="in a taxable exchange, but new_price"):
        apply(start, replace(event, new_price=None))


def test_a_split_restates_the_trades_so_that_a_purchase_is_still_the_lot_s() -> None:
    found = fold(owner(), [buy("2024-03-04", "a", 10, 30), Split(date=WHEN, symbol="X", ratio=dec(3))])
    (record,) = found.household.accounts[0].transactions
    assert (record.quantity, record.price) == (30, 10)
    assert [type(e).__name__ for e in rebuild_past(found.household).events] == ["Buy"]


def test_a_purchase_moved_to_another_account_is_seen_once() -> None:
    """20 sold at a loss; 10 bought, then moved: 10 replace, not 20."""
    start = household(account("T", cash=1_000, lots=(lot("old", "2022-03-03", 20, 800),)), account("U"))
    found = fold(
        start,
        [
            sell("2024-03-01", 20, 30, ("old", 20)),
            buy("2024-03-05", "new", 10, 30),
            TransferOut(account="T", date=day("2024-03-11"), symbol="X", lots=(("new", dec(6)),), to="U"),
        ],
    )
    assert [(t.account, t.quantity) for a in found.household.accounts for t in a.transactions if t.action == "buy"] == [
        ("T", 4),
        ("U", 6),
    ]
    past = rebuild_past(found.household)
    washed = wash_sales(past.events, kinds={a.account: a.kind for a in found.household.accounts}, opening=past.opening)
    assert washed.disallowed == 100


def test_a_distribution_in_kind_is_a_purchase_at_what_the_shares_are_worth() -> None:
    """TAX_RULES B1.12, Pub. 590-B: basis and holding period start anew; the purchase washes a loss of the window."""
    start = household(
        account("T", cash=0, lots=(lot("old", "2022-03-03", 10, 500),)),
        account("I", "ira", lots=(lot("i", "2015-03-03", 10, 100, account="I"),)),
    )
    out = TransferOut(account="I", date=day("2024-03-11"), symbol="X", lots=(("i", dec(10)),), to="T", price=dec(40))
    found = fold(start, [sell("2024-03-01", 10, 30, ("old", 10)), out])
    ((quantity, basis),) = shares(found).values()
    assert (quantity, basis, found.household.accounts[0].lots[0].acquired) == (10, 400, day("2024-03-11"))
    past = rebuild_past(found.household)
    washed = wash_sales(past.events, kinds={a.account: a.kind for a in found.household.accounts}, opening=past.opening)
    assert washed.disallowed == 200
    with pytest.raises(BookError, match="Give the price"):
        apply(start, replace(out, price=None))
    back = TransferOut(account="T", date=day("2024-03-11"), symbol="X", lots=(("old", dec(5)),), to="I")
    with pytest.raises(BookError, match="a contribution in kind is a sale"):
        apply(start, back)


def test_british_shares_leave_at_the_average_cost_of_all_taxable_accounts() -> None:
    """TCGA 1992 section 104(3): (100 + 450 + 350) / 30 = 30 a share, in whatever account."""
    start = household(
        account("T", lots=(lot("a", "2020-01-02", 10, 100), lot("b", "2023-01-03", 10, 450)), regime=Regime.UK),
        account("U", lots=(lot("c", "2024-01-03", 10, 350, account="U"),), regime=Regime.UK),
        account("I", "isa", lots=(lot("i", "2024-01-03", 10, 990, account="I"),), regime=Regime.UK),
    )
    found = apply(start, sell("2024-06-03", 15, 40))
    assert sum(d.gain for d in found.disposals) == 150
    assert sum(basis for _, basis in (*shares(found).values(), *shares(found, "U").values())) == 450
    assert shares(found, "I") == {"X i": (10, 990)}
    isa = apply(start, sell("2024-06-03", 5, 40, account="I"))
    assert shares(isa)["X a"] == (10, 100)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (buy("2024-01-02", "z", 0, 1), "Buy of X on 2024-01-02 has quantity 0"),
        (sell("2024-01-02", -5, 1), "Sell of X on 2024-01-02 has quantity -5. .* short positions are not covered"),
        (Split(date=WHEN, symbol="X", ratio=dec(0)), "Split of X .* has ratio 0"),
        (Merger(date=WHEN, symbol="X", new_symbol="Y"), "Merger of X .* has ratio 0"),
        (SpinOff(date=WHEN, symbol="X", new_symbol="Y", ratio=dec(1), basis_fraction=dec(20)), "moves 20 of the basis"),
        (sell("2024-01-02", 5, 1, ("a", 4)), "sells 5 shares of X on 2024-01-02 but names lots of 4"),
        (sell("2019-01-02", 4, 1, ("a", 4)), "lot a on 2019-01-02 but bought it on 2020-03-03"),
        (sell("2019-01-02", 4, 1), "but holds 0"),
    ],
)
def test_numbers_that_cannot_be_are_refused(event: object, words: str) -> None:
    with pytest.raises(BookError, match=words):
        apply(owner(lot("a", "2020-03-03", 10, 100)), event)  # type: ignore[arg-type]
