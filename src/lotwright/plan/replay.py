"""Carry a trade list out on a book: what is held, what was sold at what gain, what cash remains.

Two roundings live side by side on purpose. Money that moves or is reported is rounded ticket by ticket, slice by slice,
to the cent, half up, as a statement would show it. The costs a plan is judged by use the exact products, because the
bound the optimiser proves is a bound on the unrounded program.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from lotwright.book.holdings import ZERO, Account, Household, Lot
from lotwright.book.kinds import Side
from lotwright.book.market import Market, ModelPortfolio
from lotwright.book.trades import Trade
from lotwright.errors import BookError
from lotwright.plan.result import CashMovement
from lotwright.plan.terms import Terms
from lotwright.plan.verify_text import noun
from lotwright.plan.verify_ticket import Slice, Ticket, cents

MOST_SHARES = Decimal(10) ** 12
"""More shares than any security has: a larger order is a mistake, and would overflow the arithmetic."""
Lots = Mapping[tuple[str, str], Lot]
"""An account's lots by symbol and name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AccountReplay:
    """One account before and after. Quantities in shares by symbol, ``target`` in fractions of value by symbol.

    ``lots_sold`` are all lots of the securities that the trades sell, as the account lists them, and ``lots`` the same by
    symbol and name. ``value_before`` is holdings and cash as they stand; ``value`` counts pending cash flows too and is
    what targets refer to. Trades leave both as they are: what trading costs is counted among the costs.
    """

    account: Account
    model: ModelPortfolio
    market: Market
    value_before: Decimal
    value: Decimal
    held_before: Mapping[str, Decimal]
    held: Mapping[str, Decimal]
    target: Mapping[str, Decimal]
    lots_sold: tuple[Lot, ...]
    lots: Lots
    cash: CashMovement
    exact_cash: Decimal
    tickets: tuple[Ticket, ...]

    @property
    def cash_target(self) -> Decimal:
        """Dollars of cash the account should have."""
        return self.value * self.account.cash_target

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Every security held, targeted or traded, sorted."""
        return tuple(sorted(self.held.keys() | self.target.keys()))

    @cached_property
    def stand_ins(self) -> Mapping[str, int]:
        """What is declared to stand in for targets and has no weight of its own: symbol to rank, 1 preferred."""
        return _stand_ins(self.model, self.market)

    def is_stand_in(self, symbol: str) -> bool:
        """True for what stands in for targets: nothing that has a weight does."""
        return not self.target.get(symbol) and symbol in self.stand_ins


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """A household before and after a trade list."""

    accounts: tuple[AccountReplay, ...]

    @cached_property
    def tickets(self) -> tuple[Ticket, ...]:
        """Every order carried out."""
        return tuple(ticket for account in self.accounts for ticket in account.tickets)

    @cached_property
    def taxed_slices(self) -> tuple[Slice, ...]:
        """Every part of a lot sold in an account whose sales are taxed."""
        return tuple(piece for ticket in self.tickets for piece in ticket.slices if piece.is_taxed)

    @cached_property
    def taxed_losses(self) -> tuple[Slice, ...]:
        """Those of them that are sold at a loss."""
        return tuple(piece for piece in self.taxed_slices if piece.is_taxed_loss)

    @property
    def value(self) -> Decimal:
        """Dollars of the household, pending cash flows included."""
        return sum((account.value for account in self.accounts), ZERO)


def why_unusable(trade: Trade, household: Household, *, market: Market) -> str | None:
    """Why ``trade`` cannot be carried out at all (nobody's account, no price, no quantity), or ``None``."""
    is_known = trade.account in [account.account for account in household.accounts]
    is_priced = trade.symbol in market.prices
    if is_known and is_priced and trade.quantity.is_finite() and 0 < trade.quantity < MOST_SHARES:
        return None
    what = f"The {noun(trade.side)} of {trade.symbol}"
    if not is_known:
        return f"{what} names account {trade.account}, which household {household.household} does not have."
    if not is_priced:
        return f"{what} in {trade.account} has no price in the book. Add one or drop the trade."
    return f"{what} in {trade.account} is for {trade.quantity} shares. Give a positive quantity."


def replay(trades: Sequence[Trade], household: Household, *, market: Market, terms: Terms) -> Replay:
    """Carry ``trades`` out on ``household`` at the book's prices; trades that cannot be carried out are left out.

    Raises
    ------
    BookError
        A held or targeted security has no price, or an account names a model that the market does not have.
    """
    usable = [trade for trade in trades if why_unusable(trade, household, market=market) is None]
    accounts = (
        _account_replay(
            account, [trade for trade in usable if trade.account == account.account], market=market, terms=terms
        )
        for account in household.accounts
    )
    return Replay(accounts=tuple(accounts))


def _account_replay(account: Account, trades: Sequence[Trade], *, market: Market, terms: Terms) -> AccountReplay:
    held_before: dict[str, Decimal] = {}
    for lot in account.lots:
        held_before[lot.symbol] = held_before.get(lot.symbol, ZERO) + lot.quantity
    model = _model(account, market)
    target = _target(model, account.cash_target)
    _require_prices(account, held_before.keys() | target.keys(), market)
    sold = {trade.symbol for trade in trades if trade.side is Side.SELL}
    lots_sold = tuple(lot for lot in account.lots if lot.symbol in sold)
    lots = {(lot.symbol, lot.lot): lot for lot in lots_sold}
    tickets = tuple(_ticket(trade, account, lots=lots, market=market, terms=terms) for trade in trades)
    held = held_before.copy()
    for ticket in tickets:
        symbol, quantity = ticket.trade.symbol, ticket.trade.quantity
        held[symbol] = held.get(symbol, ZERO) + (quantity if ticket.is_buy else -quantity)
    value_before = account.cash + sum(
        [held_before[symbol] * market.prices[symbol].price for symbol in held_before], ZERO
    )
    flows = account.net_cashflow
    after = cents(account.cash) + sum((cents(flow.amount) for flow in account.cashflows), ZERO)
    return AccountReplay(
        account=account,
        model=model,
        market=market,
        value_before=value_before,
        value=value_before + flows,
        held_before=held_before,
        held=held,
        target=target,
        lots_sold=lots_sold,
        lots=lots,
        cash=CashMovement(
            before=cents(account.cash), after=after + sum((ticket.cents_cash for ticket in tickets), ZERO)
        ),
        exact_cash=account.cash + flows + sum((ticket.cash for ticket in tickets), ZERO),
        tickets=tickets,
    )


def _model(account: Account, market: Market) -> ModelPortfolio:
    if account.model not in market.models:
        raise BookError(
            f"Account {account.account} names model {account.model!r}, which the book does not have. Add the model."
        )
    return market.models[account.model]


def _target(model: ModelPortfolio, cash_target: Decimal) -> dict[str, Decimal]:
    """Fractions of account value by symbol: a model's weights share what the cash target leaves."""
    invested = 1 - cash_target
    return {line.symbol: invested * line.weight for line in model.targets}


def _stand_ins(model: ModelPortfolio, market: Market) -> dict[str, int]:
    """Lower ranks of a sleeve, and declared substitutes that are not identical to the target they stand in for.

    Each with its place among the stand-ins it is declared with, the best one where it stands in more than one list.
    """
    weighted = {line.symbol for line in model.targets if line.weight}
    lists = [
        [
            other
            for other in market.substitutes.get(symbol, ())
            if other in market.prices and market.group_of(other) != market.group_of(symbol)
        ]
        for symbol in weighted
    ]
    sleeves: dict[str, list[tuple[bool, int, str]]] = defaultdict(list)
    for line in model.targets:
        if not line.weight:
            sleeves[line.sleeve or ""].append((line.rank is None, line.rank or 0, line.symbol))
    lists += [[symbol for _, _, symbol in sorted(lower)] for lower in sleeves.values()]
    best: dict[str, int] = {}
    for symbols in lists:
        for place, symbol in enumerate(symbols, start=1):
            best[symbol] = min(place, best.get(symbol, place))
    return {symbol: place for symbol, place in best.items() if symbol not in weighted}


def _require_prices(account: Account, symbols: Iterable[str], market: Market) -> None:
    missing = sorted(symbol for symbol in symbols if symbol not in market.prices)
    if missing:
        raise BookError(
            f"Account {account.account} holds or targets {', '.join(missing)} without a price. Add the price."
        )


def _ticket(trade: Trade, account: Account, *, lots: Lots, market: Market, terms: Terms) -> Ticket:
    price = market.prices[trade.symbol]
    value = trade.quantity * price.price
    fraction = ZERO
    if terms.half_spread is not None:
        fraction = terms.half_spread if price.half_spread is None else price.half_spread
    per_share = (terms.commission_per_share or ZERO) * trade.quantity
    slices = _slices(trade, account, lots=lots, market=market) if trade.side is Side.SELL else ()
    return Ticket(
        trade=trade,
        is_buy=trade.side is Side.BUY,
        value=value,
        half_spread=fraction * value,
        commission=(terms.commission_per_ticket or ZERO) + per_share,
        slices=slices,
    )


def _slices(trade: Trade, account: Account, *, lots: Lots, market: Market) -> tuple[Slice, ...]:
    """The lots a sale names, where they exist and the quantity is one; the lot check reports the others."""
    price, is_taxed = market.prices[trade.symbol].price, account.kind.is_taxable
    return tuple(
        Slice.taken(sale, lots[trade.symbol, sale.lot], price=price, sold=market.as_of, is_taxed=is_taxed)
        for sale in trade.lots
        if (trade.symbol, sale.lot) in lots and sale.quantity.is_finite() and 0 < sale.quantity < MOST_SHARES
    )
