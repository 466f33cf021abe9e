"""Laws of the verifier: order changes nothing, nothing is lost, and fractions of integers agree with ``Decimal``."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.holdings import Account, Lot
from lotwright.book.kinds import Character, Side
from lotwright.book.trades import LotSale, Trade
from lotwright.plan.terms import Terms
from tests.plan.test_verify_vocabulary import CENT, MARKET, account, check_of, day, lot, number

TERMS = Terms(
    half_spread=number("0.000333"),
    commission_per_ticket=number("0.355"),
    commission_per_share=number("0.0049"),
    risk_price=number(25),
    ticket=number("0.5"),
    carried_loss_value=number("0.5"),
    idle_cash=number("0.02"),
    shortfall=number("0.05"),
)
SYMBOLS = ("AAPL", "MSFT", "XOM")
DATES = ("2017-03-01", "2019-06-14", "2019-06-15", "2020-02-03", "2020-06-01")


@st.composite
def lots_of_an_account(draw: st.DrawFn) -> tuple[Lot, ...]:
    """Up to six lots of three securities, quantities in hundredths of a share, basis in cents."""
    count = draw(st.integers(0, 6))
    return tuple(
        lot(
            draw(st.sampled_from(SYMBOLS)),
            f"L{index}",
            str(Decimal(draw(st.integers(1, 2000))) / 100),
            str(Decimal(draw(st.integers(0, 300_000))) / 100),
            acquired=draw(st.sampled_from(DATES)),
        )
        for index in range(count)
    )


@st.composite
def plans(draw: st.DrawFn) -> tuple[Account, tuple[Trade, ...]]:
    """An account and at most one trade in each security: a buy, or a sale of parts of its lots."""
    holder = account("tax", *draw(lots_of_an_account()), cash=Decimal(draw(st.integers(0, 500_000))) / 100)
    trades: list[Trade] = []
    for symbol in SYMBOLS:
        held = [each for each in holder.lots if each.symbol == symbol]
        side = draw(st.sampled_from(["none", "buy", "sell"]))
        if side == "buy":
            trades.append(_trade(symbol, Side.BUY, Decimal(draw(st.integers(1, 3000))) / 100))
        elif side == "sell" and held:
            taken = [(each, each.quantity * draw(st.integers(1, 4)) / 4) for each in held]
            trades.append(_trade(symbol, Side.SELL, sum(q for _, q in taken), taken))
    return holder, tuple(trades)


def _trade(symbol: str, side: Side, quantity: Decimal, taken: list[tuple[Lot, Decimal]] | None = None) -> Trade:
    price = MARKET.prices[symbol].price
    value = (quantity * price).quantize(CENT, ROUND_HALF_UP)
    pieces = tuple(_piece(each, part, price) for each, part in taken or [])
    return Trade(account="tax", symbol=symbol, side=side, quantity=quantity, price=price, value=value, lots=pieces)


def _piece(each: Lot, part: Decimal, price: Decimal) -> LotSale:
    basis, proceeds = (Decimal(_cents(figure)) / 100 for figure in _figures(each, part, price))
    return LotSale(
        lot=each.lot,
        acquired=each.acquired,
        quantity=part,
        basis=basis,
        proceeds=proceeds,
        gain=proceeds - basis,
        character=Character.LONG if each.acquired < day("2019-06-15") else Character.SHORT,
    )


def _figures(each: Lot, part: Decimal, price: Decimal) -> tuple[Fraction, Fraction]:
    """Basis and proceeds as exact fractions."""
    share = Fraction(part) / Fraction(each.quantity)
    return Fraction(each.basis) * share, Fraction(part) * Fraction(price)


def _cents(dollars: Fraction) -> int:
    """Whole cents, half up (every amount here is positive)."""
    return floor(dollars * 100 + Fraction(1, 2))


@settings(max_examples=60)
@given(plans())
def test_fractions_agree_on_cash_gains_and_paid_costs(plan: tuple[Account, tuple[Trade, ...]]) -> None:
    holder, trades = plan
    cash, short, long, paid = _cents(Fraction(holder.cash)), 0, 0, Fraction(0)
    lots = {each.lot: each for each in holder.lots}
    for trade in trades:
        value = Fraction(trade.quantity) * Fraction(trade.price)
        spread = value * Fraction(333, 1_000_000)
        commission = Fraction(355, 1000) + Fraction(trade.quantity) * Fraction(49, 10_000)
        cash += _cents(value) * (1 if trade.side is Side.SELL else -1) - _cents(spread) - _cents(commission)
        paid += spread + commission
        for piece in trade.lots:
            basis, proceeds = _figures(lots[piece.lot], piece.quantity, trade.price)
            if lots[piece.lot].acquired < day("2019-06-15"):
                long += _cents(proceeds) - _cents(basis)
            else:
                short += _cents(proceeds) - _cents(basis)
    found = check_of(trades, holder, terms=TERMS)
    assert found.cash["tax"].after * 100 == cash
    assert (found.tax.short_term_gain * 100, found.tax.long_term_gain * 100) == (short, long)
    assert Fraction(found.costs["half_spread"] + found.costs["commission"]) == paid
    stated = {check.name for check in found.failed} & {"trades", "prices", "lots", "relief", "gains", "character"}
    assert stated == set()


@settings(max_examples=60)
@given(plans(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(plan: tuple[Account, tuple[Trade, ...]], random: object) -> None:
    holder, trades = plan

    def mixed(rows: tuple) -> tuple:  # type: ignore[type-arg]
        return tuple(random.sample(rows, len(rows)))  # type: ignore[attr-defined]

    usual = check_of(trades, holder, terms=TERMS)
    other = check_of(
        mixed(tuple(replace(trade, lots=mixed(trade.lots)) for trade in trades)),
        replace(holder, lots=mixed(holder.lots)),
        terms=TERMS,
    )
    assert other.ok == usual.ok
    assert [(check.name, check.ok) for check in other.checks] == [(check.name, check.ok) for check in usual.checks]
    assert replace(other, checks=usual.checks) == usual


@settings(max_examples=60)
@given(plans())
def test_nothing_is_lost(plan: tuple[Account, tuple[Trade, ...]]) -> None:
    """What is held after, cash after and costs paid are worth what was there before, to half a cent a rounding."""
    holder, trades = plan
    found = check_of(trades, holder, terms=TERMS)
    held = {symbol: sum(each.quantity for each in holder.lots if each.symbol == symbol) for symbol in SYMBOLS}
    for trade in trades:
        held[trade.symbol] += trade.quantity if trade.side is Side.BUY else -trade.quantity
    after = sum(held[symbol] * MARKET.prices[symbol].price for symbol in SYMBOLS) + found.cash["tax"].after
    paid = found.costs["half_spread"] + found.costs["commission"]
    assert abs(after + paid - found.value) <= Decimal("0.005") * (3 * len(trades) + 1)
