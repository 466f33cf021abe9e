"""Sales with their gains, and the gains of this year: the custodian's word first, then lots rebuilt from trades."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Action, Character
from lotwright.files.imports.findings import Level
from lotwright.files.imports.policy import Desk
from lotwright.files.imports.rows import Gain, Trade

ZERO = Decimal(0)


def trades_with_gains(desk: Desk, trades: list[Trade], gains: list[Gain], trusted: list[Trade]) -> list[Trade]:
    """Trades, each sale with its gain where anything tells it: the custodian's word first, then rebuilt lots."""
    sold: dict[tuple[str, date], Decimal] = defaultdict(lambda: ZERO)
    for trade in trades:
        if trade.action is Action.SELL:
            sold[trade.symbol, trade.day] += trade.quantity
    told: dict[tuple[str, date], list[Trade]] = defaultdict(list)
    for gain in gains:
        told[gain.symbol, gain.closed].append(_sale_of(gain))
    better: dict[tuple[str, date], list[Trade]] = defaultdict(list)
    for sale in trusted:
        better[sale.symbol, sale.day].append(sale)
    for key, rows in told.items():
        shares = sum((row.quantity for row in rows), ZERO)
        if key in sold and sold[key] != shares:
            desk.say(
                Level.NOTE,
                rows[0],
                "quantity",
                f"{shares:f}",
                f"the transactions tell of {sold[key]:f} shares of {key[0]} sold on {key[1]}; their gains stay untold",
                "Download realised gains and transactions for the same days.",
            )
        else:
            better[key] = rows
    kept = [t for t in trades if t.action is not Action.SELL or (t.symbol, t.day) not in better]
    return in_order_of_day([*kept, *(row for rows in better.values() for row in rows)])


def realised(desk: Desk, gains: list[Gain], trusted: list[Trade]) -> tuple[Decimal, Decimal] | None:
    """This year's realised gains, only where the files cover the year from its first day."""
    if desk.is_pooled:
        return None
    new_year, since = date(desk.as_of.year, 1, 1), desk.statement.gains_since
    until = desk.statement.gains_until
    if gains and since is not None and since <= new_year:
        if until is not None and until < desk.as_of:
            desk.say(
                Level.NOTE, _sale_of(gains[0]), "closed", str(until), "the realised gains end before the day of the import",
                "This year's realised gains in accounts.csv stay as they are: download them up to that day.",
            )  # fmt: skip
            return None
        rows = [_sale_of(gain) for gain in gains]
    elif desk.is_whole and not gains:
        rows = trusted
    else:
        return None
    rows = [row for row in rows if new_year <= row.day <= desk.as_of]
    net = {Character.SHORT: ZERO, Character.LONG: ZERO}
    for row in rows:
        if row.realised_gain is None or row.character is None:
            return None
        net[row.character] += row.realised_gain + (row.disallowed or ZERO)
    return net[Character.SHORT], net[Character.LONG]


def in_order_of_day(trades: list[Trade]) -> list[Trade]:
    """Return trades in an order that does not depend on the files."""
    return sorted(
        trades,
        key=lambda t: (t.day, t.symbol, t.action, t.quantity, t.price, t.realised_gain or ZERO, t.purchase or ""),
    )


def _sale_of(gain: Gain) -> Trade:
    price = gain.proceeds / gain.quantity if gain.quantity else ZERO
    disallowed = min(gain.disallowed, -gain.gain) if gain.gain < 0 else ZERO  # a gain has no loss to disallow
    return Trade(
        gain.ref,
        gain.closed,
        gain.symbol,
        Action.SELL,
        gain.quantity,
        price.quantize(Decimal("0.000001")),
        gain.proceeds,
        gain.file,
        gain.row,
        realised_gain=gain.gain,
        character=gain.character,
        disallowed=disallowed or None,
    )
