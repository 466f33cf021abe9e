"""Why each trade is there, in one plain sentence made of facts: weights, targets, gains, tax, locks, cash.

An optimiser has one reason for everything (it was cheapest together); a client asks about one trade. So each sentence
names the fact that weighs most: a restriction, a stand-in, a weight away from its target, a loss that can be used, cash
that is needed or idle; and for a trade away from its own target the holding it makes up for (:mod:`.hedges`). Every
figure in a sentence is the verifier's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache, partial
from typing import NamedTuple

from msgspec import Struct

from lotwright.book.holdings import ZERO, Account
from lotwright.book.kinds import Character, Rule, Side
from lotwright.book.trades import Trade
from lotwright.plan.hedges import Around, against, offsets
from lotwright.plan.limits.bands import Band
from lotwright.plan.policy_reasons import bands_by_holding, into_band, sells_for_cash
from lotwright.plan.program import Program
from lotwright.plan.result import Drift
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.step_up_reasons import bought_back
from lotwright.plan.verify import Verification
from lotwright.plan.words import day, money, weights

DOLLAR = Decimal(1)
"""Tax effects below a dollar are not worth a word."""
A_LOT_OF_CASH = 0.01
"""Share of an account's value by which cash must exceed its target to be called idle."""
MOST = 0.5
"""Part of a sum that makes it fair to name what it comes from."""
FAR = 0.0025
"""Weight by which a trade must overshoot its target for the sentence to say so."""
NEARLY = 0.1
"""The same as a part of the target, which counts where targets are small."""
INSTEAD = "in place of many small positions that end below their targets"
"""Where no single holding makes up a tenth of what a purchase stands for."""


class _Said(NamedTuple):
    """A security's weights before and after the plan, and its target, as they stand in one sentence."""

    before: str
    after: str
    target: str


class _Whole(Struct, frozen=True, kw_only=True, eq=False):
    """What is true around every trade of a plan."""

    snapshot: Snapshot
    verification: Verification
    around: Around
    """Where everything the household holds ends."""
    lacking: Callable[[str], str]
    """Words for the few positions that an account lacks most of, if they are few."""
    spent: Mapping[str, Decimal]
    """Dollars bought in each account."""
    tax_of_plan: Decimal
    """This year's tax with every trade of the plan, dollars."""
    bands: Mapping[int, Band]
    """The band each holding is in, under a program of bands."""
    is_for_cash: bool
    """True where the program asks for cash whatever it comes from."""
    held: list[float]
    """Dollars held of each holding before."""
    target: list[float]
    """Dollars the model asks for of each."""


class _Facts(Struct, frozen=True, kw_only=True, eq=False):
    """One trade and what is true around it; a plan has hundreds, and a struct is made at once."""

    trade: Trade
    account: Account
    place: int
    """Of the account among the household's."""
    holding: int
    drift: Drift
    said: _Said
    """The weights of the security traded, in words."""
    whole: _Whole

    @property
    def held(self) -> float:
        """Dollars held before."""
        return self.whole.held[self.holding]

    @property
    def target(self) -> float:
        """Dollars the model asks for."""
        return self.whole.target[self.holding]

    @property
    def spent(self) -> Decimal:
        """Dollars bought in the account."""
        return self.whole.spent[self.trade.account]

    @property
    def snapshot(self) -> Snapshot:
        """The household as arrays."""
        return self.whole.snapshot

    @property
    def band(self) -> Band | None:
        """The band it is in, under a program of bands."""
        return self.whole.bands.get(self.holding)


def with_reasons(
    trades: Sequence[Trade], snapshot: Snapshot, verification: Verification, *, program: Program | None = None
) -> tuple[Trade, ...]:
    """The same trades, each with its sentence; ``program`` says what else than risk and tax they may be for."""
    if not trades:
        return ()
    account_of = snapshot.account_of.tolist()
    names = list(zip(map(snapshot.account.__getitem__, account_of), snapshot.symbol, strict=True))
    index = dict(
        zip(reversed(names), reversed(range(len(names))), strict=True)
    )  # a twin comes after what it stands for
    both = bought_back(trades)
    drift = {(row.account, row.symbol): row for row in verification.drift}
    holdings = [index[trade.account, trade.symbol] for trade in trades]
    accounts = snapshot.household.accounts
    gains = verification.tax
    whole = _Whole(
        snapshot=snapshot,
        verification=verification,
        around=Around(snapshot, drift, [(j, t.side is Side.SELL) for j, t in zip(holdings, trades, strict=True)]),
        lacking=cache(partial(_instead_of_few, verification.drift)),
        spent=_spent(trades),
        tax_of_plan=snapshot.year.outcome(short=gains.short_term_gain, long=gains.long_term_gain).tax,
        bands=bands_by_holding(program, snapshot),
        is_for_cash=sells_for_cash(program),
        held=(snapshot.quantity * snapshot.price).tolist(),
        target=snapshot.target.tolist(),
    )

    def reason(trade: Trade, holding: int) -> str:
        row = drift[trade.account, trade.symbol]
        facts = _Facts(
            trade=trade,
            account=accounts[account_of[holding]],
            place=account_of[holding],
            holding=holding,
            drift=row,
            said=_Said(*weights(row.before, row.after, row.target)),
            whole=whole,
        )
        return both.get((trade.account, trade.symbol, trade.side)) or _sentence(facts)

    return tuple(replace(trade, reason=reason(trade, j)) for trade, j in zip(trades, holdings, strict=True))


def _spent(trades: Sequence[Trade]) -> dict[str, Decimal]:
    """Dollars bought in each account that is traded in."""
    spent: dict[str, Decimal] = {}
    for trade in trades:
        spent[trade.account] = spent.get(trade.account, ZERO) + (trade.value if trade.side is Side.BUY else ZERO)
    return spent


def _sentence(facts: _Facts) -> str:
    return (_why_sold(facts) if facts.trade.side is Side.SELL else _why_bought(facts)) + "."


# Sales


def _why_sold(facts: _Facts) -> str:
    """The cause of a sale and, where it is taxed, what its gain or loss does."""
    gain = sum([sale.gain for sale in facts.trade.lots], ZERO)
    change = _change_of_tax(facts) if facts.account.kind.is_taxable and gain else None
    clause = None if change is None else _gain_clause(facts, gain, change)
    cause = _restricted(facts) or _needed_cash(facts) or _turned_into_cash(facts) or _off_target(facts)
    if cause:
        return f"{cause}; {clause}" if clause else cause
    away = f"{_from_to(facts)}, below its target of {facts.said.target}"
    if change is not None and gain < 0:
        use = _use_of_loss(facts, change)
        return f"Sells {facts.trade.symbol} at a loss of {money(-gain)}, which {use}: {away}"
    moved = f"Takes {facts.trade.symbol} {away}, {_what_for(facts)}"
    return f"{moved}; {clause}" if clause else moved


def _what_for(facts: _Facts) -> str:
    """What a sale below its target is good for: a holding it offsets, the cash target, the purchases it pays for."""
    effects = facts.whole.around.effects(facts.holding, sale=True)
    found = effects.hedged()
    if found:
        return f"to offset {offsets(found)}"
    sector = effects.sector()
    if sector:
        return f"to offset {sector}"
    a = facts.place
    wanted = float(facts.snapshot.cash_target[a])
    if float(facts.snapshot.cash[a]) < wanted:
        return f"to bring cash towards its target of {money(wanted)}"
    if facts.spent > 0:
        return f"to help pay for the {money(facts.spent)} that is bought in the account"
    return "so that the account as a whole moves more like its model"


def _restricted(facts: _Facts) -> str | None:
    """A client's restriction that asks for the sale."""
    symbol = facts.trade.symbol
    sector = facts.snapshot.market.prices[symbol].sector
    for rule in facts.account.restrictions:
        if rule.rule is Rule.EXCLUDE and rule.symbol == symbol:
            return f"Leaves {symbol}, which the client excludes"
        if rule.rule is Rule.EXCLUDE_SECTOR and sector is not None and rule.sector == sector:
            return f"Leaves {symbol}, because the client excludes the sector {sector}"
        if rule.rule is Rule.MAXIMUM_WEIGHT and rule.symbol == symbol and rule.weight is not None:
            value = float(facts.snapshot.value[facts.place])
            if facts.held > float(rule.weight) * value:
                return f"Brings {symbol} {_from_to(facts)}: the client allows at most {weights(float(rule.weight))[0]}"
    return None


def _needed_cash(facts: _Facts) -> str | None:
    """A withdrawal, or cash below its floor, that sales must pay for."""
    a = facts.place
    missing = max(float(facts.snapshot.cash_floor[a]), 0.0) - float(facts.snapshot.cash[a])
    if missing <= 0:
        return None
    flow = facts.account.net_cashflow
    what = f"the withdrawal of {money(-flow)}" if flow < 0 else f"the {money(missing)} of cash the account lacks"
    return f"Raises cash for {what} by taking {facts.trade.symbol} {_from_to(facts)}"


def _turned_into_cash(facts: _Facts) -> str | None:
    """The whole point of programs that raise what cash they may."""
    if not facts.whole.is_for_cash:
        return None
    symbol = facts.trade.symbol
    if facts.drift.after <= 0:
        return f"Turns all of {symbol} into cash"
    return f"Turns {symbol} into cash, as much of it as the program's limits allow: {_from_to(facts)}"


def _off_target(facts: _Facts) -> str | None:
    symbol = facts.trade.symbol
    if facts.target <= 0:
        leaves = facts.trade.quantity == sum((lot.quantity for lot in facts.account.lots if lot.symbol == symbol), ZERO)
        whose = "which the model portfolio does not hold"
        return f"Sells all of {symbol}, {whose}" if leaves else f"Reduces {symbol}, {whose}, {_from_to(facts)}"
    if facts.band is not None and facts.band.is_outside and facts.band.now > facts.band.target:
        return f"Trims {symbol} {_from_to(facts)}, {into_band(facts.band, facts.snapshot, facts.whole.around.drift)}"
    if facts.held > facts.target and not _is_beyond(facts):
        return f"Trims {symbol} {_from_to(facts)}, towards its target of {facts.said.target}"
    return None


def _is_beyond(facts: _Facts) -> bool:
    """True where a trade ends on the far side of its target by more than rounding to orders explains."""
    after, target = facts.drift.after, facts.drift.target
    past = target - after if facts.trade.side is Side.SELL else after - target
    return past > min(FAR, NEARLY * target) and facts.said.after != facts.said.target


def _gain_clause(facts: _Facts, gain: Decimal, change: Decimal) -> str:
    """What the sale's gain does to the year's tax, which it changes by so much."""
    if gain < 0:
        return f"its loss of {money(-gain)} {_use_of_loss(facts, change)}"
    kinds = {sale.character for sale in facts.trade.lots} if facts.snapshot.law.has_terms else set()
    term = "long-term " if kinds == {Character.LONG} else "short-term " if kinds == {Character.SHORT} else ""
    if change >= DOLLAR and facts.whole.verification.tax.tax <= facts.whole.verification.tax.tax_without_plan:
        return f"its {term}gain of {money(gain)} uses up losses that would lower this year's tax by {money(change)}"
    if change < DOLLAR:
        return f"its {term}gain of {money(gain)} is absorbed by losses and costs no tax this year"
    return f"its {term}gain of {money(gain)} costs about {money(change)} of tax"


def _use_of_loss(facts: _Facts, change: Decimal) -> str:
    if change <= -DOLLAR:
        return f"lowers this year's tax by about {money(-change)}"
    figures = facts.whole.verification.tax
    if figures.tax_without_plan - figures.tax >= DOLLAR:
        return "offsets gains of this and later years"
    return "is carried forward and offsets gains of later years"


def _change_of_tax(facts: _Facts) -> Decimal:
    """This year's tax with the plan less the tax with the plan but without this sale; dollars."""
    short, long = facts.whole.verification.tax.short_term_gain, facts.whole.verification.tax.long_term_gain
    for sale in facts.trade.lots:
        if sale.character is Character.SHORT:
            short -= sale.gain
        else:
            long -= sale.gain
    return facts.whole.tax_of_plan - facts.snapshot.year.outcome(short=short, long=long).tax


# Buys


def _why_bought(facts: _Facts) -> str:
    symbol = facts.trade.symbol
    if facts.snapshot.is_substitute[facts.holding]:
        return _stands_in(facts)
    source = _source_of_cash(facts)
    if facts.target <= 0:
        what = f"adds to {symbol} {_from_to(facts)}, which the model portfolio does not hold, {_instead(facts)}"
    elif facts.band is not None:
        what = f"brings {symbol} {_from_to(facts)}, {into_band(facts.band, facts.snapshot, facts.whole.around.drift)}"
    elif _is_beyond(facts) or facts.held >= facts.target:
        target = facts.said.target
        what = f"takes {symbol} {_from_to(facts)}, over its target of {target}, {_instead(facts)}"
    elif facts.held <= 0:
        to = facts.said.after
        what = f"starts {symbol} at {to} of the account, towards its target of {facts.said.target}"
    else:
        what = f"brings {symbol} {_from_to(facts)}, towards its target of {facts.said.target}"
    return f"{source}: {what}" if source else what[0].upper() + what[1:]


def _instead(facts: _Facts) -> str:
    """What a purchase above its target makes up for."""
    effects = facts.whole.around.effects(facts.holding, sale=False)
    found = effects.hedged()
    if found:
        return f"in place of {offsets(found)}"
    sector = effects.sector()
    return f"in place of {sector}" if sector else facts.whole.lacking(facts.trade.account) or INSTEAD


def _instead_of_few(drift: Iterable[Drift], account: str) -> str:
    """The one or two positions of the account that lack most of what it lacks; nothing where there are many."""
    own = {row.symbol: row for row in drift if row.account == account}
    short = sorted((row.after - row.target, symbol) for symbol, row in own.items() if row.after < row.target)
    few = short[:2]
    if not few or sum(gap for gap, _ in few) > MOST * sum(gap for gap, _ in short):
        return ""
    if few[0][0] < MOST * sum(gap for gap, _ in short):
        few = few[:1]
    named = (f"{name} ({against(own[name].after, own[name].target)})" for _, name in few)
    return f"in place of {' and '.join(named)}"


def _source_of_cash(facts: _Facts) -> str | None:
    """Where the money of a buy comes from, when most of it is not from other trades."""
    a = facts.place
    idle = float(facts.snapshot.cash[a] - facts.snapshot.cash_target[a])
    if idle <= max(A_LOT_OF_CASH * float(facts.snapshot.value[a]), MOST * float(facts.spent)):
        return None
    return "Invests the deposit" if facts.account.net_cashflow > 0 else "Invests idle cash"


def _stands_in(facts: _Facts) -> str:
    """For which target a stand-in is bought, and why not the target itself."""
    market, symbol = facts.snapshot.market, facts.trade.symbol
    wanted = _stood_in_for(facts)
    locks = {lock.group: lock for lock in facts.whole.verification.locks}
    for target in wanted:
        lock = locks.get(market.group_of(target))
        if lock is not None:
            until = day(lock.no_buy_until)
            return f"{symbol} stands in for {target}, which nobody in the household may buy until {until} is over"
    barred = {
        rule.symbol for rule in facts.account.restrictions if rule.rule in (Rule.NO_BUY, Rule.NO_TRADE, Rule.EXCLUDE)
    }
    for target in wanted:
        if target in barred:
            return f"{symbol} stands in for {target}, which the client does not want bought"
    if wanted and not any(_is_short_of(facts, target) for target in wanted):
        return f"Takes {symbol}, a stand-in for {' and '.join(wanted)}, {_from_to(facts)}, {_instead(facts)}"
    return f"{symbol} stands in for {' and '.join(wanted)}" if wanted else f"{symbol} stands in for another target"


def _is_short_of(facts: _Facts, symbol: str) -> bool:
    """True where a target of the account ends below its weight."""
    row = facts.whole.around.drift.get((facts.account.account, symbol))
    return row is None or row.after < row.target


def _stood_in_for(facts: _Facts) -> list[str]:
    """Targets that a stand-in is declared for: by ``substitutes``, or as a lower rank of their sleeve."""
    market, symbol = facts.snapshot.market, facts.trade.symbol
    targets = market.models[facts.account.model].targets
    sleeve = next((line.sleeve for line in targets if line.symbol == symbol), None)
    return [
        line.symbol
        for line in targets
        if line.weight
        and (symbol in market.substitutes.get(line.symbol, ()) or (sleeve is not None and line.sleeve == sleeve))
    ]


def _from_to(facts: _Facts) -> str:
    return f"from {facts.said.before} to {facts.said.after} of the account"
