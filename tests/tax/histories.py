"""Random household histories, told to both wash-sale engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from reference import wash_by_share as ref

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import AccountKind
from lotwright.tax.readings import Ancestor, Piece, Readings, SameDay, SoldBefore
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import WashReport

EPOCH = date(2024, 1, 1)
KINDS = {"A": AccountKind.TAXABLE, "B": AccountKind.TAXABLE, "R": AccountKind.ROTH}
GROUP = {"XA": "X", "XB": "X"}
ALL_READINGS = [
    Readings(sold_before=before, same_day=same_day, piece=piece, ancestor=ancestor)
    for before in SoldBefore
    for same_day in SameDay
    for piece in Piece
    for ancestor in Ancestor
]


@dataclass(frozen=True, kw_only=True)
class History:
    """Buys and sells as the reference engine takes them."""

    buys: list[ref.Bought]
    sells: list[ref.Sold]

    def events(self) -> list[Buy | Sell]:
        """The same for the engine under test; sales of one key are told as one event that names its lots."""
        out: list[Buy | Sell] = [
            Buy(
                account=b.account,
                date=day_of(b.day),
                symbol=b.symbol,
                lot=b.lot,
                quantity=Decimal(b.shares),
                price=decimal(b.price),
                purchase=b.purchase,
            )
            for b in self.buys
        ]
        sales: dict[tuple[object, ...], list[ref.Sold]] = {}
        for s in self.sells:
            sales.setdefault((*s[:4], s.price), []).append(s)
        for parts in sales.values():
            first = parts[0]
            out.append(
                Sell(
                    account=first.account,
                    date=day_of(first.day),
                    symbol=first.symbol,
                    key=first.key,
                    quantity=Decimal(sum(p.shares for p in parts)),
                    price=decimal(first.price),
                    lots=tuple((p.lot, Decimal(p.shares)) for p in parts if p.lot is not None),
                )
            )
        return out


def day_of(day: int) -> date:
    return EPOCH + timedelta(days=day)


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def draw_history(random: Random, *, length: int) -> History:
    """A history dense in losses and repurchases: a falling, jumping price and short gaps between events."""
    day, price = 0, 60
    buys: list[ref.Bought] = []
    sells: list[ref.Sold] = []
    free: dict[tuple[str, str], dict[str, int]] = {}
    for number in range(length):
        day += random.choice([0, 0, 1, 2, 3, 5, 8, 13])
        price = max(5, price + random.choice([-9, -6, -4, -2, -1, 0, 1, 3, 6]))
        account = random.choice("AAABBR")
        symbol = random.choice(["XA", "XA", "XB", "Y"])
        lots = free.setdefault((account, symbol), {})
        if lots and random.random() < 0.5:
            sells += _sale(random, day, account, symbol, lots, key=f"{number:03d}", price=price)
        else:
            purchase = f"{day}{account}{symbol}" if random.random() < 0.3 else None
            for part in range(random.choice([1, 1, 2])):
                shares, lot = random.randint(1, 5), f"L{number:03d}{part}"
                buys.append(ref.Bought(day, account, symbol, lot, shares, Fraction(price), purchase))
                lots[lot] = shares
    return History(buys=buys, sells=sells)


def _sale(
    random: Random, day: int, account: str, symbol: str, lots: dict[str, int], *, key: str, price: int
) -> list[ref.Sold]:
    """Sell some of one or two named lots."""
    out = []
    for lot in random.sample(sorted(lots), min(len(lots), random.choice([1, 1, 2]))):
        shares = random.randint(1, lots[lot])
        out.append(ref.Sold(day, account, symbol, key, shares, Fraction(price), lot))
        lots[lot] -= shares
        if not lots[lot]:
            del lots[lot]
    return out


def run_both(history: History, readings: Readings) -> tuple[WashReport, list[ref.Share]]:
    """Findings of the engine under test and of the reference."""
    found = wash_sales(history.events(), kinds=KINDS, group_of=lambda s: GROUP.get(s, s), readings=readings)
    shares = ref.run(
        history.buys,
        history.sells,
        ira={"R"},
        group=GROUP,
        reading=ref.Reading(
            strict=readings.sold_before is SoldBefore.STRICT,
            whole_day=readings.same_day is SameDay.WHOLE_DAY,
            matched_last=readings.piece is Piece.LAST,
            bar_lots=readings.ancestor is Ancestor.BARRED,
        ),
    )
    return found, shares


def differences(found: WashReport, shares: list[ref.Share]) -> list[str]:
    """What the two engines say differently, in words; empty when they agree."""
    mine: dict[tuple[object, ...], list[Decimal]] = {}
    for d in found.disposals:
        r = d.replacement
        into = (r.account, r.symbol, r.lot, (r.holding_start - EPOCH).days) if r else ("", "", "", 0)
        key = (d.account, d.symbol, d.lot, (d.sold - EPOCH).days, d.sale, (d.holding_start - EPOCH).days, *into)
        line = mine.setdefault(key, [Decimal(0)] * 3)
        line[0] += d.quantity
        line[1] += d.basis
        line[2] += d.disallowed
    theirs = {key: [decimal(x) for x in line] for key, line in ref.sold_summary(shares).items()}
    out = _differing("sold", mine, theirs)
    held: dict[tuple[object, ...], list[Decimal]] = {}
    for p in found.open_lots:
        key = (p.account, p.symbol, p.lot, (p.holding_start - EPOCH).days, round(p.basis / p.quantity, 6))
        line = held.setdefault(key, [Decimal(0)])
        line[0] += p.quantity
    also: dict[tuple[object, ...], list[Decimal]] = {}
    for (*lot, basis), count in ref.held_summary(shares).items():
        also.setdefault((*lot, round(decimal(basis), 6)), [Decimal(0)])[0] += count
    return out + _differing("held", held, also)


def _differing(
    what: str, mine: dict[tuple[object, ...], list[Decimal]], theirs: dict[tuple[object, ...], list[Decimal]]
) -> list[str]:
    return [
        f"{what} {key}: {mine.get(key)} but reference {theirs.get(key)}"
        for key in sorted(mine.keys() | theirs.keys(), key=str)
        if key not in mine
        or key not in theirs
        or any(abs(a - b) > Decimal("1e-6") for a, b in zip(mine[key], theirs[key], strict=True))
    ]
