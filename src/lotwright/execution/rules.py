"""What an order may be: caps, collars, ticks and fractions. Pure arithmetic on what was planned and what is quoted.

A price is checked twice: against the plan (has the market moved so far that the plan is another one now?) and in the
order itself (a limit, so that it cannot trade beyond what was looked at).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.errors import StateError
from lotwright.execution.facts import AccountFacts, Asset, Duration, OrderKind, Quote

ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits of carrying out, whatever a plan says. Fractions are of a price or a volume, times are seconds.

    Parameters
    ----------
    order_dollars, run_dollars : Decimal
        Most of one order, and of all orders of one account's plan, at the plan's prices.
    participation : Decimal
        Most of an average day's volume one order may be, where the volume is known.
    collar : Decimal
        How far the quote may stand from the plan's price, on the side that hurts and on the other.
    reach : Decimal
        How far beyond the quote a limit is set, so that it trades at once: bid × (1 − reach), ask × (1 + reach).
    spread : Decimal
        Widest spread, of the middle, at which an order is sent.
    quote_age, quote_ahead : float
        How old a quote may be, and how far ahead of the broker's clock.
    clock_skew : float
        How far this machine's clock may be from the broker's: approvals end by it.
    before_close : float
        No order is sent when the market closes sooner.
    fill_wait, cancel_wait, patience : float
        How long to wait for fills, for cancels to be confirmed, for a broker that does not answer.
    plan_days : int
        Days after its prices on which a plan may still be carried out.
    reserve : Decimal
        Dollars of cash no purchase may touch.
    kind, duration
        ``limit`` orders for the ``day`` are what every account may use; ``market``, and ``opg``/``cls`` where the account may.
    leaves_open : bool
        On a stop, leave open orders working instead of cancelling them.
    """

    order_dollars: Decimal = Decimal(1_000_000)
    run_dollars: Decimal = Decimal(20_000_000)
    participation: Decimal = Decimal("0.05")
    collar: Decimal = Decimal("0.03")
    reach: Decimal = Decimal("0.005")
    spread: Decimal = Decimal("0.03")
    quote_age: float = 60.0
    quote_ahead: float = 5.0
    clock_skew: float = 30.0
    before_close: float = 900.0
    fill_wait: float = 60.0
    cancel_wait: float = 20.0
    patience: float = 60.0
    plan_days: int = 5
    reserve: Decimal = Decimal(0)
    kind: OrderKind = OrderKind.LIMIT
    duration: Duration = Duration.DAY
    leaves_open: bool = False


def read_rules(path: Path) -> Rules:
    """The rules of a TOML file: any of the names of :class:`Rules`, the others as they stand there.

    Raises
    ------
    StateError
        The file is not TOML, or names or values in it are not of the rules.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StateError(f"{path} is not TOML: {error}. Correct the file.") from error
    return rules_of(found, place=str(path))


def rules_of(found: Mapping[str, Any], *, place: str, start: Rules | None = None) -> Rules:
    """Rules with the named values in place of ``start``'s; same error as :func:`read_rules`."""
    start = Rules() if start is None else start
    known = {field.name for field in fields(Rules)}
    unknown = sorted(found.keys() - known)
    if unknown:
        raise StateError(f"{place}: there is no rule {', '.join(unknown)}. Rules are {', '.join(sorted(known))}.")
    return replace(start, **{name: _value(name, value, getattr(start, name), place) for name, value in found.items()})


def _value(name: str, value: Any, like: Any, place: str) -> Any:
    try:
        made = bool(value) if isinstance(like, bool) and isinstance(value, bool) else type(like)(str(value))
    except (ValueError, InvalidOperation) as error:
        raise StateError(f"{place}: {name} = {value!r} is not of the kind of {like!r}. Correct it.") from error
    if isinstance(made, Decimal | float | int) and not (Decimal(made).is_finite() and made >= 0):
        raise StateError(f"{place}: {name} = {value!r} is not a number from 0 up. Correct it.")
    return made


def over_cap(trades: tuple[Trade, ...], rules: Rules) -> str:
    """Which cap the trades break, at the plan's prices; empty when none."""
    for trade in trades:
        value = trade.quantity * trade.price
        if value > rules.order_dollars:
            return (
                f"{trade.side} {trade.quantity} {trade.symbol} is worth ${value:,.2f}, over the ${rules.order_dollars:,} an "
                "order may have (order_dollars)"
            )
    turnover = sum((trade.quantity * trade.price for trade in trades), Decimal(0))
    if turnover > rules.run_dollars:
        return f"the trades are worth ${turnover:,.2f}, over the ${rules.run_dollars:,} of a run (run_dollars)"
    return ""


def asset_problem(trade: Trade, asset: Asset | None, account: AccountFacts, rules: Rules) -> str:
    """Why the broker cannot trade this security so; empty when it can."""
    if asset is None:
        return "the broker knows no such security: renamed, merged or delisted"
    is_whole = trade.quantity == trade.quantity.to_integral_value()
    planned = f"{trade.quantity:f} shares are planned and"
    problems = (
        (not asset.is_active, "the security is no longer active at the broker"),
        (not asset.is_tradable, "the broker does not trade it now"),
        (not is_whole and not asset.is_fractionable, f"{planned} the broker trades it in whole shares only"),
        (not is_whole and not account.allows_fractions, f"{planned} the account may not trade fractions"),
        (not is_whole and rules.duration is not Duration.DAY, f"{planned} fractions can only be day orders"),
    )
    return next((text for is_so, text in problems if is_so), "")


def quote_problem(trade: Trade, quote: Quote | None, now: datetime, rules: Rules) -> str:
    """Why this quote is nothing to trade on; empty when it is."""
    if quote is None:
        return "there is no quote"
    bid, ask = quote.bid, quote.ask
    if bid is None or ask is None or bid <= 0 or ask <= 0:
        return f"the quote is one-sided: bid {bid}, ask {ask}"
    side, price = ("ask", ask) if trade.side is Side.BUY else ("bid", bid)
    is_old = now - quote.at > timedelta(seconds=rules.quote_age)
    is_wide = (ask - bid) * 2 > rules.spread * (ask + bid)
    is_far = abs(price - trade.price) > rules.collar * trade.price
    problems = (
        (bid > ask, f"the quote is crossed: bid {bid}, ask {ask}"),
        (is_old, f"the quote is of {quote.at.isoformat()}, more than {rules.quote_age:g} s ago"),
        (is_wide, f"the spread is {bid} to {ask}, over {rules.spread:.2%} of the middle"),
        (is_far, f"the {side} is {price}, more than {rules.collar:.2%} from the plan's {trade.price}"),
    )
    return next((text for is_so, text in problems if is_so), "")


def is_ahead(quote: Quote, now: datetime, rules: Rules) -> bool:
    """True when a quote is of a time that has not come: some clock is wrong."""
    return quote.at - now > timedelta(seconds=rules.quote_ahead)


def volume_problem(trade: Trade, volume: Decimal | None, rules: Rules) -> str:
    """Why the order is too large for the market; empty when it is not, or the volume is unknown."""
    if volume is None or trade.quantity <= rules.participation * volume:
        return ""
    return (
        f"{trade.quantity} shares are more than {rules.participation:.1%} of the {volume:,.0f} traded on an average day"
    )


def limit_price(side: Side, quote: Quote, rules: Rules) -> Decimal:
    """The limit that trades at once and no further: bid × (1 − reach) or ask × (1 + reach), rounded outwards to the tick."""
    if side is Side.BUY:
        assert quote.ask is not None
        return to_tick(quote.ask * (ONE + rules.reach), is_up=True)
    assert quote.bid is not None
    return to_tick(quote.bid * (ONE - rules.reach), is_up=False)


def tick(price: Decimal) -> Decimal:
    """The least step of a price: a cent from a dollar up, a hundredth of one below (SEC Rule 612)."""
    return Decimal("0.01") if price >= ONE else Decimal("0.0001")


def to_tick(price: Decimal, *, is_up: bool) -> Decimal:
    """A price on the grid, never below one tick."""
    step = tick(price)
    rounded = price.quantize(step, rounding=ROUND_CEILING if is_up else ROUND_FLOOR)
    return max(rounded, step)
