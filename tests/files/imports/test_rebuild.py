"""Lots from trades: shares and basis are conserved, the oldest leave first, splits change neither basis nor days."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.kinds import Action, Character
from lotwright.files.imports.rebuild import in_order, rebuild
from lotwright.files.imports.rows import NOWHERE, Change, ChangeKind, LotRow, Trade

START = date(2019, 1, 2)


def trade(day: int, action: Action, quantity: str, money: str, row: int = 0) -> Trade:
    shares = Decimal(quantity)
    return Trade(
        NOWHERE, START + timedelta(day), "S", action, shares, Decimal(money) / shares, Decimal(money), "f", row
    )


def buy(day: int, quantity: str, money: str) -> Trade:
    return trade(day, Action.BUY, quantity, money)


def sell(day: int, quantity: str, money: str) -> Trade:
    return trade(day, Action.SELL, quantity, money)


def change(day: int, kind: ChangeKind, quantity: str, money: str | None = None) -> Change:
    return Change(
        NOWHERE,
        START + timedelta(day),
        "S",
        kind,
        Decimal(quantity),
        "f",
        None,
        money=None if money is None else Decimal(money),
    )


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(1, 99_999)), min_size=1, max_size=8), st.data())
def test_shares_and_basis_are_conserved(bought: list[tuple[int, int]], data: st.DataObject) -> None:
    events = [buy(n, str(shares), f"{cents / 100:.2f}") for n, (shares, cents) in enumerate(bought)]
    held = sum(shares for shares, _ in bought)
    for n in range(data.draw(st.integers(0, 4))):
        part = data.draw(st.integers(1, held))
        events.append(sell(100 + n, str(part), "10.00"))
        held -= part
        if not held:
            break
    made = rebuild(events)
    assert not made.wrong
    assert made.quantity == held
    cost = sum(Decimal(cents) / 100 for _, cents in bought)
    left = sum((lot.basis or 0 for lot in made.lots), Decimal(0))
    taken = sum(((s.money - (s.realised_gain or 0)) for s in made.sales), Decimal(0))
    assert left + taken == cost
    # the oldest left first: what remains is the youngest
    youngest = list(accumulate_from_the_end(bought, held))
    assert [lot.quantity for lot in made.lots] == youngest


def accumulate_from_the_end(bought: list[tuple[int, int]], held: int) -> list[int]:
    out: list[int] = []
    for shares, _ in reversed(bought):
        if held > 0:
            out.insert(0, min(shares, held))
            held -= shares
    return out


def test_a_sale_of_two_lots_has_two_gains_short_and_long() -> None:
    made = rebuild([buy(0, "10", "100"), buy(300, "10", "200"), sell(400, "15", "300")])
    assert [(s.quantity, s.realised_gain, s.character) for s in made.sales] == [
        (Decimal(10), Decimal(100), Character.LONG), (Decimal(5), Decimal(0), Character.SHORT),
    ]  # fmt: skip


def test_more_sold_than_bought_is_said_and_not_invented() -> None:
    made = rebuild([buy(0, "10", "100"), sell(1, "11", "110")])
    assert made.wrong == "on 2019-01-03 11 shares left, and 10 had come before"


def test_a_split_keeps_basis_and_days() -> None:
    made = rebuild([buy(0, "10", "100"), buy(5, "30", "600"), change(9, ChangeKind.SPLIT, "120")])
    assert [(lot.quantity, lot.basis, lot.acquired) for lot in made.lots] == [
        (Decimal(40), Decimal(100), START), (Decimal(120), Decimal(600), START + timedelta(5)),
    ]  # fmt: skip


def test_a_fraction_paid_out_at_a_split_is_a_sale() -> None:
    """33 shares, 3 for 2: 49.5, of which half a share was paid with $16."""
    made = rebuild([buy(0, "33", "990"), change(9, ChangeKind.SPLIT, "16", money="16")])
    assert made.quantity == 49
    assert made.lots[0].basis == Decimal(980)  # 990 x 49 / 49.5
    assert [(s.quantity, s.money, s.realised_gain) for s in made.sales] == [(Decimal("0.5"), Decimal(16), Decimal(6))]
    assert "3 for 2" in made.notes[0]


def test_shares_of_a_transfer_have_no_basis_unless_declared() -> None:
    events = [change(0, ChangeKind.RECEIVE, "7"), buy(1, "3", "30")]
    first = rebuild(events).lots[0]
    assert (first.quantity, first.basis, first.acquired) == (Decimal(7), None, None)
    declared = [LotRow(NOWHERE, "S", Decimal(7), date(2015, 1, 2), Decimal(70), "lots.csv", 2)]
    assert [lot.basis for lot in rebuild(events, opening=declared, ignores_receipts=True).lots] == [
        Decimal(70),
        Decimal(30),
    ]


def test_a_pool_gives_from_every_lot_alike() -> None:
    made = rebuild([buy(0, "100", "8000"), buy(40, "300", "8000"), sell(200, "40", "4000")], is_pooled=True)
    assert [(lot.quantity, lot.basis) for lot in made.lots] == [
        (Decimal(90), Decimal(7200)),
        (Decimal(270), Decimal(7200)),
    ]
    assert made.sales[0].realised_gain == 2400  # 4,000 less a tenth of 16,000
    assert not made.notes
    assert "30 days" in rebuild([buy(0, "9", "9"), sell(1, "1", "1"), buy(31, "1", "1")], is_pooled=True).notes[0]


def test_a_file_may_begin_at_either_end() -> None:
    up = [trade(0, Action.BUY, "1", "1", 2), trade(1, Action.BUY, "1", "1", 3), trade(1, Action.SELL, "1", "1", 4)]
    down = [trade(1, Action.SELL, "1", "1", 2), trade(1, Action.BUY, "1", "1", 3), trade(0, Action.BUY, "1", "1", 4)]
    for listed in (up, down):
        assert [event.action for event in in_order(listed) if isinstance(event, Trade)] == [
            Action.BUY,
            Action.BUY,
            Action.SELL,
        ]
