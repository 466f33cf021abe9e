"""Lots made whole: what nobody knows is filled by the declared policy, or is an error that names it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from lotwright.files.imports.findings import Level
from lotwright.files.imports.policy import Desk, MissingBasis
from lotwright.files.imports.rows import LotRow, Position

ZERO = Decimal(0)
CENT = Decimal("0.01")


def filled(desk: Desk, rows: list[LotRow], position: Position | None, *, why: str = "") -> list[LotRow]:
    """Return lots with what a policy says where nobody knows; errors where no policy says it.

    Parameters
    ----------
    desk : Desk
    rows : list of LotRow
        All lots of one security.
    position : Position, optional
        Their position, whose basis may be spread over lots that have none.
    why : str
        What the trades tell, for the message.
    """
    return [row for lot in rows if (row := _sound(desk, lot, rows, position, why=why)) is not None]


def _sound(desk: Desk, lot: LotRow, rows: list[LotRow], position: Position | None, *, why: str) -> LotRow | None:
    policy = desk.policy
    if lot.quantity <= 0 or (lot.basis is not None and lot.basis < 0):
        column, found = ("quantity", lot.quantity) if lot.quantity <= 0 else ("basis", lot.basis)
        desk.say(
            Level.ERROR,
            lot,
            column,
            str(found),
            f"a lot of {lot.symbol} has no such number",
            "A book holds what is owned: leave lots sold short out of the file.",
        )
        return None
    if lot.acquired is None:
        if policy.missing_acquired is None:
            desk.say(
                Level.ERROR,
                lot,
                "acquired",
                lot.symbol,
                f"nobody says when {lot.quantity:f} shares were acquired{why}",
                "Give the lot details, or the trades back to their purchase, or declare a day for all: "
                "--missing-acquired YYYY-MM-DD.",
            )
            return None
        lot = replace(lot, acquired=policy.missing_acquired)
    if lot.acquired is not None and lot.acquired > desk.as_of:
        desk.say(
            Level.ERROR,
            lot,
            "acquired",
            str(lot.acquired),
            f"a lot of {lot.symbol} was acquired after {desk.as_of}, the day of the import",
            "Correct the day, or say --as-of.",
        )
        return None
    if lot.basis is None:
        basis = _basis(desk, lot, rows, position)
        if basis is None:
            desk.say(
                Level.ERROR, lot, "basis", lot.symbol, f"nobody says what {lot.quantity:f} shares cost{why}",
                "Give the lot details, or the trades back to their purchase, or declare: --missing-basis zero, price or position.",
            )  # fmt: skip
            return None
        lot = replace(lot, basis=basis)
    return lot


def _basis(desk: Desk, lot: LotRow, rows: list[LotRow], position: Position | None) -> Decimal | None:
    how = desk.policy.missing_basis
    if how is MissingBasis.ZERO:
        return ZERO
    if how is MissingBasis.PRICE and lot.symbol in desk.price:
        return (lot.quantity * desk.price[lot.symbol]).quantize(CENT)
    if how is MissingBasis.POSITION and position is not None and position.basis is not None:
        shares = sum((each.quantity for each in rows if each.basis is None), ZERO)
        left = position.basis - sum((each.basis for each in rows if each.basis is not None), ZERO)
        return (left * lot.quantity / shares).quantize(CENT) if left >= 0 else None
    return None
