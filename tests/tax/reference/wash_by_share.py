"""A second wash-sale engine: one Python object a share, fractions, no slices, no queues. Slow on purpose.

Written from the rules (TAX_RULES B1.1-B1.20) and sharing nothing with ``lotwright.tax``. Every loss share in the order
of disposal looks over *all* shares ever bought, past and future, and takes the one acquired first.

What the rules leave open and this file settles: on one day purchases come before sales; sales of a day run by account,
symbol, key; losses of a day by date acquired, account, symbol, lot; replacements acquired on one day by account,
symbol, purchase, those still held before those sold. Shares of one lot in one sale are told apart by nobody: under the
strict reading a loss does not return to any of them once it came from one of them. Under ``bar_lots`` a lot that
carries the loss of one lot in one sale takes none of another.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Bought(NamedTuple):
    day: int
    account: str
    symbol: str
    lot: str
    shares: int
    price: Fraction
    purchase: str | None


class Sold(NamedTuple):
    day: int
    account: str
    symbol: str
    key: str
    shares: int
    price: Fraction
    lot: str | None
    """None: first in first out."""


class Reading(NamedTuple):
    strict: bool = False
    whole_day: bool = False
    matched_last: bool = False
    bar_lots: bool = False


@dataclass(eq=False)
class Share:
    number: int
    bought: Bought
    group: str
    taxed: bool
    basis: Fraction
    start: int
    sold: Sold | None = None
    turn: int = -1
    disallowed: Fraction = Fraction(0)
    late: Fraction = Fraction(0)
    replaces: Share | None = None
    replaced_by: Share | None = None

    @property
    def purchase(self):
        b = self.bought
        return (b.account, b.symbol, "p", b.purchase) if b.purchase is not None else (b.account, b.symbol, "l", b.lot)

    @property
    def place(self):
        return self.bought.day, self.bought.account, self.bought.symbol, self.bought.lot

    @property
    def loss(self) -> Fraction:
        """Dollars lost, zero where there is no loss to disallow."""
        if self.sold is None or not self.taxed:
            return Fraction(0)
        return max(self.basis - self.sold.price, Fraction(0))


def run(
    buys: list[Bought], sells: list[Sold], *, ira: set[str], group: dict[str, str], reading: Reading
) -> list[Share]:
    """Every share with its final basis, holding start and fate."""
    shares: list[Share] = []
    for b in sorted(buys, key=lambda b: (b.day, b.account, b.symbol, b.lot)):
        for _ in range(b.shares):
            shares.append(
                Share(len(shares), b, group.get(b.symbol, b.symbol), b.account not in ira, Fraction(b.price), b.day)
            )
    turn = 0
    for day in sorted({s.day for s in sells}):
        leaving: list[Share] = []
        for sale in sorted((s for s in sells if s.day == day), key=lambda s: (s.account, s.symbol, s.key)):
            for share in choose(shares, sale, reading):
                share.sold = sale
                leaving.append(share)
        leaving.sort(key=lambda s: s.place)  # stable: within a lot, as they left
        for share in leaving:
            share.turn = turn = turn + 1
        for share in leaving:
            if share.loss:
                look_for_replacement(share, shares, reading)
    again(shares, reading)
    return shares


def choose(shares: list[Share], sale: Sold, reading: Reading) -> list[Share]:
    """The shares that leave: the named lot's or the oldest; within a lot the matched ones first (or last)."""
    here = [
        s
        for s in shares
        if s.sold is None
        and s.bought.day <= sale.day
        and (s.bought.account, s.bought.symbol) == (sale.account, sale.symbol)
        and (sale.lot is None or s.bought.lot == sale.lot)
    ]

    def leaves(s: Share):
        carries = s.replaces is not None and s.replaces.turn > 0
        return (
            s.bought.day,
            s.bought.lot,
            carries == reading.matched_last,
            s.replaces.turn if s.replaces else 0,
            s.number,
        )

    here.sort(key=leaves)
    if len(here) < sale.shares:
        raise ValueError("sells more than is held")
    return here[: sale.shares]


def look_for_replacement(loser: Share, shares: list[Share], reading: Reading, *, is_second_pass: bool = False) -> None:
    """Wash one share's loss into the earliest acquired share that may replace it, if there is one."""
    lineage = (
        set()
    )  # lots, as sold, whose loss is part of this one: shares of one lot in one sale are told apart by nobody
    node = loser.replaces
    while node is not None:
        lineage.add((node.bought, node.sold))
        node = node.replaces
    barred = {
        s.bought
        for s in shares
        if s.replaces and (s.replaces.bought, s.replaces.sold[:4]) != (loser.bought, loser.sold[:4])
    }
    fits = [
        s
        for s in shares
        if s.group == loser.group
        and s.replaces is None  # one bite
        and s.purchase != loser.purchase  # own purchase
        and abs(s.bought.day - loser.sold.day) <= 30
        and (not reading.bar_lots or s.bought not in barred)
        and is_there(s, loser, reading)
        and not (reading.strict and (s.bought, s.sold) in lineage)
    ]
    if not fits:
        return
    best = min(fits, key=lambda s: (s.place[:3], s.purchase, s.sold is not None, s.turn, s.place, s.number))
    best.replaces, loser.replaced_by = loser, best
    loser.disallowed, loser.late = loser.loss, Fraction(0)
    waits = best.sold is not None and best.sold.day == loser.sold.day and best.turn > loser.turn
    give(loser, best, loser.disallowed, is_late=best.turn > 0 and (is_second_pass or not waits))


def is_there(s: Share, loser: Share, reading: Reading) -> bool:
    """Whether shares acquired in the window count, given when they were sold."""
    if s.sold is None or s.bought.day > loser.sold.day:
        return True
    same_sale = s.sold[:4] == loser.sold[:4]
    if s.sold.day == loser.sold.day and (same_sale or reading.whole_day):
        return False
    return reading.strict or s.turn > loser.turn


def give(loser: Share, best: Share, dollars: Fraction, *, is_late: bool) -> None:
    """Basis and holding period of the replacement; in an IRA nothing changes. Late: it had its turn already."""
    if best.taxed:
        best.basis += dollars
        best.start = best.bought.day - (loser.sold.day - loser.start)
        if is_late:
            best.late += dollars


def again(shares: list[Share], reading: Reading) -> None:
    """Second pass: what became a loss, or a greater one, after it was sold."""
    while True:
        late = sorted((s for s in shares if s.late), key=lambda s: (s.turn, s.number))
        if not late:
            return
        for s in late:
            dollars, s.late = s.late, Fraction(0)
            if not s.loss:
                continue
            if s.replaced_by is None:
                look_for_replacement(s, shares, reading, is_second_pass=True)
            else:
                more = min(dollars, s.loss)
                s.disallowed += more
                give(s, s.replaced_by, more, is_late=s.replaced_by.turn > 0)


def interleaved_chains(shares: list[Share]) -> int:
    """The most chains of washes that hang together in time.

    A chain is counted in lots (lot and sale of its first loss, lot of the first replacement) and runs from the first
    day that matters to it (its first loss, or the purchase that replaces it if that came before) to the last. Chains
    hang together when their days overlap, directly or through others.
    """
    days: dict[tuple, list[int]] = {}
    for s in shares:
        if s.replaced_by is None or s.replaces is not None:
            continue
        key = (s.bought, s.sold[:4], s.replaced_by.bought)
        node = s
        while node.replaced_by is not None:
            days.setdefault(key, []).extend((node.sold.day, node.replaced_by.bought.day))
            node = node.replaced_by
    most, together, reached = 0, 0, -1
    for first, last in sorted((min(d), max(d)) for d in days.values()):
        together = together + 1 if first <= reached else 1
        reached = max(reached, last) if together > 1 else last
        most = max(most, together)
    return most


def sold_summary(shares: list[Share]) -> dict[tuple, list[Fraction]]:
    """By lot, sale, holding start and replacement lot: shares, basis, disallowed."""
    out: dict[tuple, list[Fraction]] = {}
    for s in shares:
        if s.sold is not None:
            into = s.replaced_by
            key = (
                *(s.bought.account, s.bought.symbol, s.bought.lot),
                *(s.sold.day, s.sold.key, s.start),
                *((into.bought.account, into.bought.symbol, into.bought.lot, into.start) if into else ("", "", "", 0)),
            )
            line = out.setdefault(key, [Fraction(0)] * 3)
            line[0] += 1
            line[1] += s.basis
            line[2] += s.disallowed
    return out


def held_summary(shares: list[Share]) -> Counter:
    """Shares held in the end by lot, holding start and basis per share."""
    return Counter(
        (s.bought.account, s.bought.symbol, s.bought.lot, s.start, s.basis) for s in shares if s.sold is None
    )
