"""Bounds on what securities and groups of them may weigh, recomputed in ``Decimal``."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from lotwright.book.holdings import ZERO
from lotwright.book.kinds import Rule
from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay
from lotwright.plan.terms import Demand
from lotwright.plan.verify_evidence import Break, Evidence, named
from lotwright.plan.verify_text import dollars

BARS_SALES = frozenset({Rule.NO_SELL, Rule.NO_TRADE})


def worth(account: AccountReplay, symbol: str, market: Market) -> Decimal:
    """Dollars of a security the account holds after the plan."""
    return account.held.get(symbol, ZERO) * market.prices[symbol].price


def may_go(account: AccountReplay, symbol: str, evidence: Evidence) -> bool:
    """Whether everything the account holds of a security could be sold today."""
    if any(rule.rule in BARS_SALES and rule.symbol == symbol for rule in account.account.restrictions):
        return False
    held = account.held_before.get(symbol, ZERO)
    return evidence.may_sell(account, symbol) >= held


def exclusion_breaks(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """Buys of what is excluded, and what of it stays although it could be sold."""
    for account in evidence.replay.accounts:
        for symbol in account.symbols:
            if not named(demand, symbol, evidence.market):
                continue
            before = account.held_before.get(symbol, ZERO) * evidence.market.prices[symbol].price
            over = worth(account, symbol, evidence.market) - (ZERO if may_go(account, symbol, evidence) else before)
            name = account.account.account
            yield max(over, ZERO), f"{name} holds {dollars(over)} of {symbol}, which is excluded. Sell it."


def position_breaks(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """Positions above or below their bounds in their account."""
    least, most = demand.figures.get("least"), demand.figures.get("most")
    for account in evidence.replay.accounts:
        value = max(account.value, ZERO)
        for symbol in _listed(account, evidence):
            if not named(demand, symbol, evidence.market):
                continue
            held, who = worth(account, symbol, evidence.market), f"{symbol} in {account.account.account}"
            if most is not None:
                yield max(held - most * value, ZERO), f"{who} is worth {dollars(held)}, above {dollars(most * value)}."
            if least is not None:
                yield (
                    max(least * value - held, ZERO),
                    f"{who} is worth {dollars(held)}, below {dollars(least * value)}.",
                )


def _listed(account: AccountReplay, evidence: Evidence) -> tuple[str, ...]:
    """Securities on the account's list: held, targeted, standing in for a target, traded."""
    priced = {symbol for symbol in account.stand_ins if symbol in evidence.market.prices}
    return tuple(sorted({*account.symbols, *priced}))


def group_breaks(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """Groups above or below their bounds, account by account or over the household."""
    replay = evidence.replay
    if demand.words.get("of") == "household":
        yield from _group(demand, evidence, replay.accounts, value=replay.value, who="the household")
        return
    for account in replay.accounts:
        yield from _group(demand, evidence, (account,), value=account.value, who=account.account.account)


def employer_breaks(demand: Demand, evidence: Evidence) -> Iterator[Break]:
    """The employer's stock above its ceiling over the household."""
    yield from _group(demand, evidence, evidence.replay.accounts, value=evidence.replay.value, who="the household")


def _group(
    demand: Demand, evidence: Evidence, accounts: tuple[AccountReplay, ...], *, value: Decimal, who: str
) -> Iterator[Break]:
    value = max(value, ZERO)
    held = sum(
        (
            worth(account, symbol, evidence.market)
            for account in accounts
            for symbol in account.symbols
            if named(demand, symbol, evidence.market)
        ),
        ZERO,
    )
    least, most = demand.figures.get("least"), demand.figures.get("most")
    if most is not None:
        over = held - most * value
        yield max(over, ZERO), f"In {who} the group is worth {dollars(held)}, {dollars(over)} above its ceiling."
    if least is not None:
        under = least * value - held
        yield max(under, ZERO), f"In {who} the group is worth {dollars(held)}, {dollars(under)} below its floor."
