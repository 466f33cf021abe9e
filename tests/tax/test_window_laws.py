"""What the window calls clean is clean, replayed under every reading (TAX_RULES B1.19, property 8)."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from builders import household, market
from histories import ALL_READINGS, GROUP, KINDS, draw_history
from hypothesis import assume, given
from hypothesis import strategies as st

from lotwright.book.events import Buy, Sell
from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import Action
from lotwright.tax.lot_report import lot_lines
from lotwright.tax.readings import Readings
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import WashReport
from lotwright.tax.window import wash_window

PRICE = Decimal(1)
"""Below every cost: all lots are at a loss."""
Drawn = tuple[list[Buy | Sell], Household, date]


def replay(events: list[Buy | Sell], readings: Readings) -> WashReport:
    return wash_sales(events, kinds=KINDS, group_of=lambda s: GROUP.get(s, s), readings=readings)


def book_of(events: list[Buy | Sell], readings: Readings) -> Household:
    """The household a book would show: lots with moved losses in their basis, trades with gains and disallowances."""
    found = replay(events, readings)
    bought = {(e.account, e.symbol, e.lot): e for e in events if isinstance(e, Buy)}
    number: Counter[tuple[str, str, str]] = Counter()
    lots, trades = [], []
    for p in found.open_lots:
        key = (p.account, p.symbol, p.lot)
        number[key] += 1
        lots.append(
            Lot(
                account=p.account,
                symbol=p.symbol,
                lot=f"{p.lot}~{number[key]}",
                quantity=p.quantity,
                acquired=p.acquired,
                basis=p.basis,
                holding_start=p.holding_start,
                purchase=bought[key].purchase or p.lot,
            )
        )
    trades += [
        _trade(e.account, e.date, e.symbol, Action.BUY, e.quantity, e.price, purchase=e.purchase or e.lot)
        for e in bought.values()
    ]
    for d in found.disposals:
        price = d.proceeds / d.quantity
        trades.append(
            _trade(d.account, d.sold, d.symbol, Action.SELL, d.quantity, price, gain=d.gain, lost=d.disallowed)
        )
    return household(
        *(
            Account(
                account=name,
                household="H",
                kind=kind,
                model="M",
                cash=Decimal(0),
                lots=tuple(lot for lot in lots if lot.account == name),
                transactions=tuple(t for t in trades if t.account == name),
            )
            for name, kind in sorted(KINDS.items())
        )
    )


def _trade(
    account: str,
    day: date,
    symbol: str,
    action: Action,
    quantity: Decimal,
    price: Decimal,
    *,
    purchase: str | None = None,
    gain: Decimal | None = None,
    lost: Decimal = Decimal(0),
) -> Transaction:
    return Transaction(
        account=account,
        date=day,
        symbol=symbol,
        action=action,
        quantity=quantity,
        price=price,
        purchase=purchase,
        realised_gain=gain,
        disallowed_loss=lost,
    )


def draw(random: Random, length: int, readings: Readings, *, days_after: int = 0) -> Drawn:
    events = draw_history(random, length=length).events()
    as_of = max(e.date for e in events) + timedelta(days=random.randint(days_after, 35))
    return events, book_of(events, readings), as_of


any_readings = st.sampled_from(ALL_READINGS)
randoms = st.randoms(use_true_random=False)


@given(randoms, st.integers(2, 30), any_readings)
def test_a_lot_called_harvestable_is_sold_without_a_wash(random: Random, length: int, readings: Readings) -> None:
    events, owner, as_of = draw(random, length, readings)
    prices = {"XA": PRICE, "XB": PRICE, "Y": PRICE}
    lines = lot_lines(owner, market(as_of.isoformat(), identical=GROUP, **prices))
    whole: dict[tuple[str, str, str], list[bool]] = {}
    quantity: Counter[tuple[str, str, str]] = Counter()
    for line in lines:
        key = (line.account, line.symbol, line.lot.split("~")[0])
        whole.setdefault(key, []).append(line.is_harvestable)
        quantity[key] += int(line.quantity)
    clean = sorted(key for key, flags in whole.items() if all(flags))
    assume(clean)
    account, symbol, lot = random.choice(clean)
    shares = Decimal(quantity[account, symbol, lot])
    sale = Sell(
        account=account, date=as_of, symbol=symbol, quantity=shares, price=PRICE, lots=((lot, shares),), key="new"
    )
    sold = [d for d in replay([*events, sale], readings).disposals if d.sale == "new"]
    assert sum((d.quantity for d in sold), Decimal(0)) == shares
    assert all(d.gain < 0 and d.disallowed == 0 for d in sold)


@given(randoms, st.integers(2, 30), any_readings, st.sampled_from(sorted(KINDS)), st.sampled_from(["XA", "XB", "Y"]))
def test_a_purchase_that_no_lock_bars_washes_nothing(
    random: Random, length: int, readings: Readings, account: str, symbol: str
) -> None:
    # a purchase of the same day could take an older loss in the place of another purchase of that day: no new wash
    events, owner, as_of = draw(random, length, readings, days_after=1)
    locks = wash_window(owner, market(as_of.isoformat(), identical=GROUP)).locks
    assume(all(symbol not in lock.symbols for lock in locks))
    purchase = Buy(account=account, date=as_of, symbol=symbol, lot="new", quantity=Decimal(10), price=PRICE)
    found = replay([*events, purchase], readings)
    assert all(d.replacement is None or d.replacement.lot != "new" for d in found.disposals)
