"""Blocks: what many accounts want is sent as one order, and every share and cent of its fills is given back."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lotwright.book.kinds import Side
from lotwright.errors import FillError, PlanError
from lotwright.execution.allocation import BlockFill, allocate
from lotwright.execution.blocks import Block, Wanted, blocks

D = Decimal
INCREMENTS = st.sampled_from([D(1), D("0.001"), D("0.25"), D(100)])


def want(
    account: str, quantity: object, *, symbol: str = "VTI", side: Side = Side.BUY, increment: object = 1
) -> Wanted:
    return Wanted(account=account, symbol=symbol, side=side, quantity=D(str(quantity)), increment=D(str(increment)))


def block_of(**wanted: int) -> Block:
    (found,) = blocks([want(account, quantity) for account, quantity in wanted.items()], name="run")
    return found


def fill(quantity: object, price: object = 10, *, name: str = "f1", fee: object = 0) -> BlockFill:
    return BlockFill(fill=name, quantity=D(str(quantity)), price=D(str(price)), fee=D(str(fee)))


def shares(block: Block, *fills: BlockFill, **booked: int) -> dict[str, Decimal]:
    found = allocate(block, fills, booked={account: D(part) for account, part in booked.items()} or None)
    return {one.account: one.quantity for one in found}


@st.composite
def filled_blocks(draw: st.DrawFn) -> tuple[Block, list[BlockFill]]:
    """A block of up to eight accounts, and fills of some or all of it at several prices."""
    increment = draw(INCREMENTS)
    units = draw(st.lists(st.integers(1, 60), min_size=1, max_size=8))
    (block,) = blocks(
        [want(f"A{number}", part * increment, increment=increment) for number, part in enumerate(units)],
        name=draw(st.text(max_size=3)),
    )
    left, fills = sum(units), []
    for number in range(draw(st.integers(0, 4))):
        part = draw(st.integers(1, left)) if left else 0
        if part:
            price = draw(st.decimals(D("0.0001"), D(5000), places=4))
            fee = draw(st.decimals(0, 20, places=draw(st.integers(0, 4))))
            fills.append(fill(part * increment, price, name=f"f{number}", fee=fee))
        left -= part
    return block, fills


# Laws


@given(filled_blocks())
def test_every_share_and_every_cent_is_given_and_no_more(case: tuple[Block, list[BlockFill]]):
    block, fills = case
    found = allocate(block, fills)
    gross = sum((Fraction(one.quantity) * Fraction(one.price) for one in fills), Fraction(0))
    fee = sum((Fraction(one.fee) for one in fills), Fraction(0))
    assert sum(one.quantity for one in found) == sum(one.quantity for one in fills)
    assert abs(Fraction(sum(one.value for one in found)) - gross) <= Fraction(1, 200)  # the whole, rounded once
    assert abs(Fraction(sum(one.fee for one in found)) - fee) <= Fraction(1, 200)
    for one in found:
        assert one.quantity % block.increment == 0
        assert one.value == one.value.quantize(D("0.01"))
        assert one.quantity or (one.value == one.fee == 0 and one.price is None)


@given(filled_blocks())
def test_each_account_is_within_one_increment_and_one_cent_of_its_share(case: tuple[Block, list[BlockFill]]):
    block, fills = case
    filled = sum((Fraction(one.quantity) for one in fills), Fraction(0))
    gross = sum((Fraction(one.quantity) * Fraction(one.price) for one in fills), Fraction(0))
    wanted = {one.account: Fraction(one.quantity) for one in block.wanted}
    for one in allocate(block, fills):
        share = filled * wanted[one.account] / Fraction(block.quantity)
        assert abs(Fraction(one.quantity) - share) < Fraction(block.increment)
        assert Fraction(one.quantity) <= wanted[one.account]
        if filled:  # at the average price, to the cent; the whole was rounded to the cent as well
            assert abs(Fraction(one.value) - gross * Fraction(one.quantity) / filled) < Fraction(3, 200)


@given(filled_blocks(), st.randoms(use_true_random=False))
def test_no_order_of_accounts_or_fills_changes_anything(case: tuple[Block, list[BlockFill]], mixed: random.Random):
    block, fills = case
    wanted = list(block.wanted)
    mixed.shuffle(wanted)
    (again,) = blocks(wanted, name="run")
    (first,) = blocks(block.wanted, name="run")
    assert again == first
    other = fills.copy()
    mixed.shuffle(other)
    assert allocate(again, other) == allocate(first, fills)


@given(filled_blocks())
def test_what_was_booked_is_never_taken_back(case: tuple[Block, list[BlockFill]]):
    block, fills = case
    booked: dict[str, Decimal] = {}
    for count in range(1, len(fills) + 1):
        found = {one.account: one.quantity for one in allocate(block, fills[:count], booked=booked)}
        assert sum(found.values()) == sum(one.quantity for one in fills[:count])
        for one in block.wanted:
            assert booked.get(one.account, 0) <= found[one.account] <= one.quantity
        booked = found


@given(st.lists(st.integers(1, 9), min_size=2, max_size=5), st.data())
def test_it_is_the_largest_remainder_method(units: list[int], data: st.DataObject):
    """Second opinion: the method as in the books (Balinski & Young, Fair Representation, 1982), seats by brute sorting."""
    block = block_of(**{f"A{number}": part for number, part in enumerate(units)})
    filled = data.draw(st.integers(1, sum(units)))
    found = shares(block, fill(filled))
    quotas = [Fraction(filled * part, sum(units)) for part in units]
    seats = [int(quota) for quota in quotas]
    spare = filled - sum(seats)
    remainders = sorted((quota - int(quota) for quota in quotas), reverse=True)
    for number, (quota, seat) in enumerate(zip(quotas, seats, strict=True)):
        extra = found[f"A{number}"] - seat
        if spare and quota - seat > remainders[min(spare, len(remainders) - 1)]:
            assert extra == 1
        if not spare or quota - seat < remainders[spare - 1]:
            assert extra == 0


@given(filled_blocks())
def test_a_block_that_is_filled_gives_everybody_what_was_wanted(case: tuple[Block, list[BlockFill]]):
    block, _ = case
    found = allocate(block, [fill(block.quantity, "12.34")])
    assert [one.quantity for one in found] == [one.quantity for one in block.wanted]


# Cases


def test_the_alabama_paradox_takes_nothing_that_was_booked():
    """Balinski & Young's kind of case: weights 6, 6, 2 of 14; 10 seats give 4, 4, 2 and 11 seats 5, 5, 1."""
    block = block_of(A=6, B=6, C=2)
    assert sum(shares(block, fill(10)).values()) == 10
    assert shares(block, fill(10)) == {"A": 4, "B": 4, "C": 2}
    assert shares(block, fill(11)) == {"A": 5, "B": 5, "C": 1}
    later = shares(block, fill(11), A=4, B=4, C=2)
    assert later["C"] == 2
    assert sorted([later["A"], later["B"]]) == [4, 5]


def test_equal_accounts_take_turns_from_block_to_block():
    """One share for two equal accounts: over 400 blocks each should get about half (binomial: 200 ± 50 is five sigma)."""
    winners = Counter(
        next(one.account for one in allocate(found, [fill(1)]) if one.quantity)
        for day in range(400)
        for found in blocks([want("A", 5), want("B", 5)], name=f"run {day}")
    )
    assert 150 < winners["A"] < 250


def test_a_dollar_that_does_not_divide_is_given_whole():
    found = allocate(block_of(A=1, B=1, C=1), [fill(3, "0.3334", fee="0.01")])
    assert sorted(one.value for one in found) == [D("0.33"), D("0.33"), D("0.34")]
    assert sum(one.fee for one in found) == D("0.01")
    assert {one.price for one in found} == {D("0.333400")}


def test_securities_sides_and_increments_are_blocks_of_their_own():
    wanted = [
        want("A", 5),
        want("B", 7),
        want("C", "2.5", increment="0.001"),
        want("D", 3, side=Side.SELL),
        want("E", 4, symbol="BND"),
    ]
    found = blocks(wanted, name="run")
    assert [(one.symbol, str(one.side), one.quantity) for one in found] == [
        ("BND", "buy", 4),
        ("VTI", "buy", D("2.5")),
        ("VTI", "buy", 12),
        ("VTI", "sell", 3),
    ]
    assert len({one.block for one in found}) == 4


def test_an_odd_remainder_is_sold_on_its_own():
    found = blocks([want("A", "10.37", side=Side.SELL), want("B", 5, side=Side.SELL)], name="run")
    assert sorted(one.quantity for one in found) == [5, D("10.37")]
    odd = max(found, key=lambda one: one.quantity)
    assert shares(odd, fill("4.37")) == {"A": D("4.37")}


def test_another_run_or_another_quantity_is_another_block():
    first = block_of(A=1, B=2)
    assert first.block == block_of(B=2, A=1).block
    assert first.block != block_of(A=2, B=1).block
    (other,) = blocks([want("A", 1), want("B", 2)], name="tomorrow")
    assert first.block != other.block


@pytest.mark.parametrize(
    ("fills", "said"),
    [
        ([fill(4)], "ordered with 3 shares and filled with 4"),
        ([fill(1), fill(1)], "comes twice"),
        ([fill("0.5")], "no multiple of 1"),
        ([fill(1, 0)], "Ask the broker"),
        ([fill("NaN")], "Ask the broker"),
        ([fill(1, fee="Infinity")], "Ask the broker"),
    ],
)
def test_fills_that_cannot_be_are_refused(fills: list[BlockFill], said: str):
    with pytest.raises(FillError, match=said):
        allocate(block_of(A=1, B=2), fills)


@pytest.mark.parametrize("booked", [{"A": D(2)}, {"Z": D(1)}, {"A": D(1), "B": D(1)}, {"A": D(-1)}])
def test_bookings_that_the_fills_do_not_bear_are_refused(booked: dict[str, Decimal]):
    with pytest.raises(FillError, match="undone by hand"):
        allocate(block_of(A=1, B=2), [fill(1)], booked=booked)


@pytest.mark.parametrize("wanted", [want("A", 0), want("A", "NaN"), replace(want("A", 1), increment=D(0))])
def test_orders_that_cannot_be_are_refused(wanted: Wanted):
    with pytest.raises(PlanError, match="Give a positive number"):
        blocks([wanted], name="run")


def test_an_account_cannot_want_the_same_twice():
    with pytest.raises(PlanError, match="two orders to buy VTI"):
        blocks([want("A", 1), want("A", 2)], name="run")


@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(1, 10**12))
def test_large_blocks_are_exact(first: int, second: int, filled: int):
    assume(filled <= first + second)
    found = shares(block_of(A=first, B=second), fill(filled, "123456.7891"))
    assert sum(found.values()) == filled
