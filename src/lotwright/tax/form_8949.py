"""Rows of Form 8949: one for each piece of a lot sold, with its box, code W and the loss disallowed.

A broker washes only within one account and one CUSIP (Treas. Reg. 1.6045-1(d)(6)(iii)); the taxpayer must over all
accounts and substantially identical securities. The rows here are the taxpayer's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from lotwright.book.kinds import Character
from lotwright.tax.law import read_law
from lotwright.tax.past import UNKNOWN
from lotwright.tax.slices import DUST
from lotwright.tax.wash_report import Disposal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form8949Row:
    """One row of Form 8949, columns (a) to (h); dollars and cents."""

    account: str
    part: str
    """I: short-term, II: long-term."""
    box: str
    """A or D: basis is reported to the IRS; B or E: it is not (shares acquired before brokers had to)."""
    description: str
    acquired: date | None
    """None: VARIOUS."""
    sold: date
    proceeds: Decimal
    basis: Decimal
    code: str
    adjustment: Decimal
    gain: Decimal
    symbol: str
    quantity: Decimal
    lot: str
    replacement: str


def form_8949(
    disposals: Iterable[Disposal], *, kind_of: Callable[[str], str | None] = lambda _: None
) -> tuple[Form8949Row, ...]:
    """Rows of Form 8949: code W and the disallowed loss in column (g); (h) = (d) - (e) + (g) on the rounded figures.

    Losses that are gone for good carry code W as well: the form knows one code for a wash sale (Form 8949
    instructions). Boxes suppose that each account's broker sends a Form 1099-B; C and F (no such form) and the boxes of
    digital assets (G to L, from 2025) do not arise.

    Parameters
    ----------
    disposals : iterable of Disposal
    kind_of : callable
        Kind of a security as the book's prices name it (``stock``, ``etf``, ``mutual_fund``); decides since when its
        basis is reported.
    """
    rows = [_row(d, kind_of(d.symbol)) for d in disposals]
    return tuple(sorted(rows, key=lambda r: (r.part, r.sold, r.account, r.symbol, r.lot, r.code == "", r.replacement)))


def is_covered(acquired: date, kind: str | None) -> bool:
    """Whether a broker reports the basis of shares acquired that day (Treas. Reg. 1.6045-1(a)(15); IRC 6045(g))."""
    law = read_law("basis_reporting")
    rule = law["fund"] if kind is not None and kind.lower() in law["fund"]["kinds"] else law["stock"]
    return bool(acquired >= rule["from"])


def cents(amount: Decimal) -> Decimal:
    """Dollars and cents, half a cent up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _row(d: Disposal, kind: str | None) -> Form8949Row:
    proceeds, basis = cents(d.proceeds), cents(d.basis)
    # a loss disallowed whole leaves nothing in column (h), whatever the cents of (d) and (e)
    adjustment = basis - proceeds if d.disallowed and abs(d.recognised) < DUST else cents(d.disallowed)
    into = d.replacement
    is_short = d.character is Character.SHORT
    return Form8949Row(
        account=d.account,
        part="I" if is_short else "II",
        box=("A" if is_short else "D") if is_covered(d.acquired, kind) else ("B" if is_short else "E"),
        description=f"{d.quantity.normalize():f} sh. {d.symbol}",
        acquired=None if d.lot.startswith(UNKNOWN) else d.acquired,
        sold=d.sold,
        proceeds=proceeds,
        basis=basis,
        code="W" if adjustment else "",
        adjustment=adjustment,
        gain=proceeds - basis + adjustment,
        symbol=d.symbol,
        quantity=d.quantity,
        lot=d.lot,
        replacement=f"{into.account} {into.symbol} {into.lot}" if into else "",
    )
