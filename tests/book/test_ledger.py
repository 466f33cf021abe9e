"""The ledger: each event by hand, and what no sequence of events may lose."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from builders import account, buy, day, dec, household, lot, sell
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.events import (
    Buy,
    CashMove,
    Event,
    Merger,
    ReturnOfCapital,
    SpinOff,
    Split,
    TransferIn,
    TransferOut,
    WashAdjustment,
)
from lotwright.book.holdings import Household
from lotwright.book.kinds import Regime, Relief
from lotwright.book.ledger import apply, fold, in_latest_units
from lotwright.errors import BookError

TWO_LOTS = household(account(cash=1_000, lots=(lot("a", "2023-01-02", 10, 100), lot("b", "2023-06-01", 10, 300))))


def lots_of(found: Household, name: str = "T") -> dict[str, tuple[Decimal, Decimal]]:
    (owner,) = (a for a in found.accounts if a.account == name)
    return {f"{held.symbol} {held.lot}": (held.quantity, held.basis) for held in owner.lots}


def test_a_buy_makes_a_lot_and_takes_cash() -> None:
    after = apply(TWO_LOTS, buy("2024-01-02", "c", 5, 20, fees=dec(1))).household
    assert lots_of(after)["X c"] == (5, 101)
    assert after.accounts[0].cash == 899
    assert TWO_LOTS.accounts[0].cash == 1_000


def test_a_reinvestment_takes_no_cash_and_counts_as_a_purchase() -> None:
    after = apply(TWO_LOTS, buy("2024-01-02", "c", 1, 20, is_reinvested=True)).household
    assert after.accounts[0].cash == 1_000
    assert after.accounts[0].transactions[-1].action.is_purchase


@pytest.mark.parametrize(
    ("relief", "left", "gains"),
    [
        (Relief.FIFO, {"X b": (5, 150)}, [200, 0]),
        (Relief.LIFO, {"X a": (5, 50)}, [0, 100]),
        (Relief.HIFO, {"X a": (5, 50)}, [0, 100]),
    ],
)
def test_a_sale_without_lots_follows_the_relief(relief: Relief, left: object, gains: list[int]) -> None:
    start = replace(TWO_LOTS, accounts=(replace(TWO_LOTS.accounts[0], relief=relief),))
    found = apply(start, sell("2024-01-02", 15, 30))
    assert lots_of(found.household) == left
    assert [d.gain for d in found.disposals] == gains
    assert found.household.accounts[0].cash == 1_450


def test_a_sale_that_ends_with_a_lot_touches_no_other() -> None:
    found = apply(TWO_LOTS, sell("2024-01-02", 10, 30))
    assert [(d.lot, d.quantity) for d in found.disposals] == [("a", 10)]
    assert lots_of(found.household) == {"X b": (10, 300)}


def test_a_sale_of_a_named_lot_takes_that_lot() -> None:
    found = apply(TWO_LOTS, sell("2024-01-02", 4, 30, ("b", 4)))
    assert lots_of(found.household) == {"X a": (10, 100), "X b": (6, 180)}
    assert [t.realised_gain for t in found.household.accounts[0].transactions] == [0]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (sell("2024-01-02", 21, 30), "sells 21 shares of X on 2024-01-02 but holds 20"),
        (sell("2024-01-02", 11, 30, ("a", 11)), "lot a of T gives 11 shares but holds 10"),
        (sell("2024-01-02", 1, 30, ("z", 1)), "holds no lot z of X (held: a, b)"),
        (buy("2024-01-02", "a", 1, 1), "already holds a lot a of X"),
        (buy("2024-01-02", "a", 1, 1, account="Z"), "has no account Z"),
    ],
)
def test_what_cannot_be_says_why(event: Event, words: str) -> None:
    with pytest.raises(BookError, match=words.replace("(", r"\(").replace(")", r"\)")):
        apply(TWO_LOTS, event)


def test_a_split_keeps_basis_and_dates() -> None:
    after = apply(TWO_LOTS, Split(date=day("2024-01-02"), symbol="X", ratio=dec("2.5"))).household
    assert lots_of(after) == {"X a": (25, 100), "X b": (25, 300)}
    assert [held.acquired for held in after.accounts[0].lots] == [day("2023-01-02"), day("2023-06-01")]


def test_a_spin_off_allocates_basis() -> None:
    event = SpinOff(date=day("2024-01-02"), symbol="X", new_symbol="N", ratio=dec("0.5"), basis_fraction=dec("0.2"))
    after = apply(TWO_LOTS, event).household
    assert lots_of(after) == {"X a": (10, 80), "N a": (5, 20), "X b": (10, 240), "N b": (5, 60)}
    assert {held.acquired for held in after.accounts[0].lots if held.lot == "a"} == {day("2023-01-02")}


def test_a_cash_merger_is_a_sale() -> None:
    found = apply(TWO_LOTS, Merger(date=day("2024-01-02"), symbol="X", cash=dec(25)))
    assert lots_of(found.household) == {}
    assert [d.gain for d in found.disposals] == [150, -50]
    assert found.household.accounts[0].cash == 1_500


def test_a_stock_merger_carries_basis_over() -> None:
    found = apply(TWO_LOTS, Merger(date=day("2024-01-02"), symbol="X", new_symbol="N", ratio=dec(3)))
    assert lots_of(found.household) == {"N a": (30, 100), "N b": (30, 300)}
    assert found.disposals == ()


def test_a_merger_with_boot_recognises_gain_up_to_the_cash_and_no_loss() -> None:
    """Section 356(a)(1), (c), 358(a)(1): lot a realises 10*5 + 10*12 - 100 = 70, recognises 50; lot b loses 130."""
    event = Merger(date=day("2024-01-02"), symbol="X", new_symbol="N", ratio=dec(1), cash=dec(5), new_price=dec(12))
    found = apply(TWO_LOTS, event)
    assert [d.gain for d in found.disposals] == [50, 0]
    assert lots_of(found.household) == {"N a": (10, 100), "N b": (10, 250)}
    with pytest.raises(BookError, match="new_price"):
        apply(TWO_LOTS, replace(event, new_price=None))


def test_return_of_capital_lowers_basis_then_is_gain() -> None:
    found = apply(TWO_LOTS, ReturnOfCapital(date=day("2024-01-02"), symbol="X", per_share=dec(12)))
    assert lots_of(found.household) == {"X a": (10, 0), "X b": (10, 180)}
    assert [(d.quantity, d.proceeds, d.basis) for d in found.disposals] == [(0, 20, 0)]
    assert found.household.accounts[0].cash == 1_240


def test_a_transfer_moves_part_of_a_lot_and_remembers_the_purchase() -> None:
    start = household(*TWO_LOTS.accounts, account("U"))
    event = TransferOut(account="T", date=day("2024-01-02"), symbol="X", lots=(("b", dec(4)),), to="U")
    after = apply(start, event).household
    assert (lots_of(after), lots_of(after, "U")) == ({"X a": (10, 100), "X b": (6, 180)}, {"X b": (4, 120)})
    purchases = {(a.account, held.lot): held.purchase for a in after.accounts for held in a.lots}
    assert purchases == {("T", "a"): None, ("T", "b"): "b", ("U", "b"): "b"}


def test_lots_arrive_and_leave() -> None:
    arrived = TransferIn(account="T", date=day("2024-01-02"), lots=(lot("n", "2020-01-02", 5, 50, symbol="N"),))
    left = TransferOut(account="T", date=day("2024-01-03"), symbol="X", lots=(("a", dec(10)),))
    assert lots_of(fold(TWO_LOTS, [left, arrived]).household) == {"X b": (10, 300), "N n": (5, 50)}


def test_a_wash_adjustment_makes_matched_shares_a_lot_of_their_own() -> None:
    event = WashAdjustment(
        account="T", date=day("2024-01-02"), symbol="X", lot="b", new_lot="b~1", quantity=dec(4), amount=dec(40),
        holding_start=day("2023-03-01"),
    )  # fmt: skip
    after = apply(TWO_LOTS, event).household
    assert lots_of(after) == {"X a": (10, 100), "X b": (6, 180), "X b~1": (4, 160)}
    assert {held.purchase for held in after.accounts[0].lots if held.lot != "a"} == {"b"}


def test_restating_for_a_split_keeps_dollars() -> None:
    events = [
        buy("2024-01-02", "a", 10, 30),
        Split(date=day("2024-02-01"), symbol="X", ratio=dec(3)),
        sell("2024-01-30", 2, 30, ("a", 2)),
        sell("2024-02-01", 6, 11),
        buy("2024-01-02", "o", 10, 30, symbol="Y"),
    ]
    found = in_latest_units(events)
    assert [(e.quantity, e.price) for e in found] == [(30, 10), (6, 10), (6, 11), (10, 30)]
    assert found[1].lots == (("a", 6),)  # type: ignore[union-attr]


@given(st.randoms(use_true_random=False))
def test_shares_cash_and_basis_are_conserved(random: Random) -> None:
    """Under any sequence: what came in equals what is there plus what left."""
    book = household(account("T", cash=100_000), account("U", cash=100_000))
    when, shares, units = day("2024-01-01"), defaultdict(Decimal), Decimal(1)
    cash, basis = Decimal(200_000), Decimal(0)
    for step in range(random.randint(1, 25)):
        when += timedelta(days=random.randint(0, 20))
        event = _draw(random, book, when, name=f"l{step}")
        found = apply(book, event)
        cash, basis = _expected(event, found.disposals, cash, basis)
        if isinstance(event, Split):
            shares["X"] *= event.ratio
            units *= event.ratio
        elif isinstance(event, SpinOff):
            shares["N"] += shares["X"] * event.ratio
        elif hasattr(event, "is_reinvested"):
            shares["X"] += event.quantity
        elif hasattr(event, "proceeds"):
            shares["X"] -= event.quantity
        elif isinstance(event, TransferOut) and event.to is None:
            lost = sum((q for _, q in event.lots), Decimal(0))
            before = {(a.account, h.symbol, h.lot): h for a in book.accounts for h in a.lots}
            basis -= sum(
                before[event.account, "X", n].basis * q / before[event.account, "X", n].quantity for n, q in event.lots
            )
            shares["X"] -= lost
        book = found.household
        held = [h for a in book.accounts for h in a.lots]
        for symbol in ("X", "N"):
            assert abs(sum((h.quantity for h in held if h.symbol == symbol), Decimal(0)) - shares[symbol]) < Decimal(
                "1e-15"
            )
        assert abs(sum((h.basis for h in held), Decimal(0)) - basis) < Decimal("1e-15")
        assert abs(sum((a.cash for a in book.accounts), Decimal(0)) - cash) < Decimal("1e-15")
        assert len({(h.account, h.symbol, h.lot) for h in held}) == len(held)
        assert all(h.quantity > 0 for h in held)


@given(st.randoms(use_true_random=False), st.sampled_from(Regime))
def test_cash_and_basis_change_by_gains_and_by_what_crosses_the_border_alone(random: Random, regime: Regime) -> None:
    """Every kind of event, under laws of lots and of pools: nothing else makes or loses a dollar, and shares follow ratios."""
    book = household(account("T", cash=100_000, regime=regime), account("U", cash=100_000, regime=regime))
    when = day("2024-01-01")
    for step in range(random.randint(1, 25)):
        when += timedelta(days=random.randint(0, 20))
        event = _draw_any(random, book, when, name=f"l{step}")
        found = apply(book, event)
        gains = sum((d.gain for d in found.disposals), Decimal(0))
        assert abs(_worth(found.household) - _worth(book) - gains - _from_outside(event, book)) < Decimal("1e-12")
        for symbol in "XNM":
            expected = _shares(book, symbol) + _shares_made(event, book, symbol)
            paid = sum((d.quantity for d in found.disposals if d.symbol == symbol), Decimal(0))
            assert abs(_shares(found.household, symbol) - expected + paid) < Decimal("1e-12")
        assert all(h.quantity > 0 and h.basis >= 0 for a in found.household.accounts for h in a.lots)
        book = found.household


def _worth(book: Household) -> Decimal:
    return sum((a.cash + sum((h.basis for h in a.lots), Decimal(0)) for a in book.accounts), Decimal(0))


def _shares(book: Household, symbol: str) -> Decimal:
    return sum((h.quantity for a in book.accounts for h in a.lots if h.symbol == symbol), Decimal(0))


def _from_outside(event: Event, book: Household) -> Decimal:
    """Dollars of cash or basis that come from or go to somewhere else."""
    match event:
        case CashMove() | WashAdjustment():
            return event.amount
        case Buy():
            return event.cost if event.is_reinvested else Decimal(0)
        case TransferIn():
            return sum((h.basis for h in event.lots), Decimal(0))
        case TransferOut() if event.to is None:
            held = {(a.account, h.symbol, h.lot): h for a in book.accounts for h in a.lots}
            left = [(held[event.account, event.symbol, name], q) for name, q in event.lots]
            return -sum((h.basis * q / h.quantity for h, q in left), Decimal(0))
    return Decimal(0)


def _shares_made(event: Event, book: Household, symbol: str) -> Decimal:
    """Shares an event makes, before what its disposals take away."""
    match event:
        case Buy() if event.symbol == symbol:
            return event.quantity
        case Split() if event.symbol == symbol:
            return _shares(book, symbol) * (event.ratio - 1)
        case SpinOff() if event.new_symbol == symbol:
            return _shares(book, event.symbol) * event.ratio
        case Merger() if event.new_symbol == symbol:
            return _shares(book, event.symbol) * event.ratio
        case Merger() if event.symbol == symbol and not (event.cash or event.is_taxable):
            return -_shares(book, symbol)  # with cash, the old shares are the disposal's
        case TransferIn():
            return sum((h.quantity for h in event.lots if h.symbol == symbol), Decimal(0))
        case TransferOut() if event.to is None and event.symbol == symbol:
            return -sum((q for _, q in event.lots), Decimal(0))
    return Decimal(0)


def _draw_any(random: Random, book: Household, when: object, *, name: str) -> Event:
    """Any event there is, with and without cash for fractions."""
    lieu = dec(random.choice([0, 11])) or None
    match random.choice(["old", "old", "old", "capital", "in", "cash", "stock", "boot", "taxable", "split", "spin"]):
        case "capital":
            return ReturnOfCapital(
                date=when, symbol="X", per_share=dec(random.choice([1, 30])), account=random.choice([None, "T"])
            )
        case "in":
            return TransferIn(account="T", date=when, lots=(lot(name, "2020-01-02", random.randint(1, 9), 77),))
        case "cash":
            return Merger(date=when, symbol="N", cash=dec(7))
        case "stock":
            return Merger(date=when, symbol="X", new_symbol="M", ratio=dec("1.3"), cash_in_lieu=lieu)
        case "boot":
            return Merger(date=when, symbol="N", new_symbol="M", ratio=dec(2), cash=dec(3), new_price=dec(9))
        case "taxable":
            return Merger(
                date=when, symbol="M", new_symbol="X", ratio=dec("0.7"), cash=dec(1), new_price=dec(20), is_taxable=True,
                cash_in_lieu=lieu,
            )  # fmt: skip
        case "split":
            return Split(date=when, symbol="X", ratio=dec(random.choice(["1.5", "0.1"])), cash_in_lieu=lieu)
        case "spin":
            return SpinOff(
                date=when, symbol="X", new_symbol="N", ratio=dec("0.3"), basis_fraction=dec("0.25"), cash_in_lieu=lieu
            )
    return _draw(random, book, when, name=name)


def _expected(event: Event, disposals: tuple[object, ...], cash: Decimal, basis: Decimal) -> tuple[Decimal, Decimal]:
    """Cash and basis of the household by the arithmetic of the event alone."""
    match event:
        case CashMove():
            cash += event.amount
        case WashAdjustment():
            basis += event.amount
        case _ if hasattr(event, "is_reinvested"):
            basis += event.cost
            cash -= Decimal(0) if event.is_reinvested else event.cost
        case _ if hasattr(event, "proceeds"):
            cash += event.proceeds
            basis -= sum((d.basis for d in disposals), Decimal(0))
        case _:
            pass
    return cash, basis


def _draw(random: Random, book: Household, when: object, *, name: str) -> Event:
    """An event that fits the book: any kind, weighted to trades."""
    owner = random.choice(book.accounts)
    held = [h for h in owner.lots if h.symbol == "X"]
    kind = random.choice(["buy", "buy", "sell", "sell", "split", "spin", "move", "out", "cash", "wash"])
    if kind == "buy" or (kind in {"sell", "move", "out", "wash"} and not held):
        return buy(
            str(when), name, random.randint(1, 9), random.randint(5, 60), account=owner.account,
            fees=dec(random.choice([0, 1])), is_reinvested=random.random() < 0.2,
        )  # fmt: skip
    if kind == "split":
        return Split(date=when, symbol="X", ratio=dec(random.choice(["2", "1.5", "0.5"])))
    if kind == "spin":
        return SpinOff(date=when, symbol="X", new_symbol="N", ratio=dec("0.25"), basis_fraction=dec("0.125"))
    if kind == "cash":
        return CashMove(account=owner.account, date=when, amount=dec(random.randint(-50, 50)))
    chosen = random.choice(held)
    part = chosen.quantity * random.choice([1, 2, 4]) / 4
    if kind == "wash":
        return WashAdjustment(
            account=owner.account, date=when, symbol="X", lot=chosen.lot, new_lot=f"{name}~", quantity=part,
            amount=dec(7), holding_start=chosen.acquired,
        )  # fmt: skip
    if kind == "sell":
        lots = ((chosen.lot, part),) if random.random() < 0.5 else ()
        return sell(str(when), part, random.randint(5, 60), *lots, account=owner.account)
    other = next(a for a in book.accounts if a.account != owner.account)
    taken = {h.lot for h in other.lots if h.symbol == "X"}
    to = other.account if kind == "move" and chosen.lot not in taken else None
    return TransferOut(account=owner.account, date=when, symbol="X", lots=((chosen.lot, part),), to=to)
