"""Households, days and figures in a few words, for what is asked of triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lotwright.book.holdings import Account, Household
from lotwright.book.market import Market, ModelPortfolio, Price, Target
from lotwright.trigger.acted import Acted
from lotwright.trigger.expression import Signals
from lotwright.trigger.situation import Situation
from lotwright.trigger.trading_days import trading_days
from tests.plan.factory import TODAY, money, risk_model

NYSE = trading_days("XNYS", TODAY)


def market_of(prices: Mapping[str, float], targets: Sequence[Target], **fields: Any) -> Market:
    sectors = fields.pop("sectors", {})
    return Market(
        as_of=TODAY,
        prices={s: Price(symbol=s, price=money(p), as_of=TODAY, sector=sectors.get(s)) for s, p in prices.items()},
        models={"model": ModelPortfolio(name="model", targets=tuple(targets))},
        **fields,
    )


def target(symbol: str, weight: float, **fields: Any) -> Target:
    numbers = {key: money(n) if isinstance(n, float) else n for key, n in fields.items()}
    return Target(symbol=symbol, weight=money(weight), **numbers)


def situation(
    accounts: Sequence[Account],
    market: Market,
    *,
    as_of: date = TODAY,
    acted: Acted | None = None,
    signals: Signals | None = None,
    **fields: Any,
) -> Situation:
    return Situation(
        household=Household(household="H", accounts=tuple(accounts)),
        market=market,
        as_of=as_of,
        days=fields.pop("days", NYSE),
        risk=fields.pop("risk", risk_model(sorted(market.prices))),
        acted=acted or Acted(),
        signals=signals,
        **fields,
    )
