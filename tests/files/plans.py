"""Plans to write and read: one known by heart, and a strategy for any."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from lotwright.book.failure import Failure
from lotwright.book.holdings import Pending
from lotwright.book.kinds import Character, Side
from lotwright.book.trades import LotSale, Trade
from lotwright.plan.result import (
    CashMovement,
    Check,
    CostLine,
    Drift,
    HouseholdPlan,
    Kept,
    Lock,
    Objective,
    Provenance,
    Status,
    TaxFigures,
    Timing,
    Tracking,
    WashSales,
)

D = Decimal

SALE = Trade(
    account="A1",
    symbol="AAPL",
    side=Side.SELL,
    quantity=D("12.5"),
    price=D("56.09"),
    value=D("701.13"),
    lots=(
        LotSale(
            lot="AAPL-1",
            acquired=date(2019, 5, 6),
            quantity=D(10),
            basis=D("1500.25"),
            proceeds=D("560.90"),
            gain=D("-939.35"),
            character=Character.SHORT,
        ),
        LotSale(
            lot="AAPL-2",
            acquired=date(2018, 1, 5),
            quantity=D("2.5"),
            basis=D("107.75"),
            proceeds=D("140.23"),
            gain=D("32.48"),
            character=Character.LONG,
        ),
    ),
    reason="Harvests a loss of $939.35.",
)
BUY = Trade(
    account="A2", symbol="BND", side=Side.BUY, quantity=D(3), price=D("82.5"), value=D("247.5"), reason="Below target."
)
PLAN = HouseholdPlan(
    household="Rivera",
    as_of=date(2020, 3, 23),
    program="balanced",
    status=Status.PLANNED,
    trades=(SALE, BUY),
    cash={
        "A2": CashMovement(before=D(270), after=D("22.5")),
        "A1": CashMovement(before=D("1000.1"), after=D("1701.23")),
    },
    value=D("12345.6"),
    costs=(
        CostLine(name="tax", dollars=-140.9025, text="Tax saved."),
        CostLine(name="tracking", dollars=1.25, text="Risk."),
    ),
    objective=Objective(
        posed=-139.6525,
        bound=-139.7,
        gap=0.0475,
        gap_bp=0.0385,
        multipliers={"cash": {"A1": 0.5}, "factor": [1.0, -2.0]},
    ),
    tax=TaxFigures(
        short_term_gain=D("-939.35"),
        long_term_gain=D("32.48"),
        tax=D("-226.72"),
        tax_without_plan=D(0),
        carryforward_short=D(0),
        carryforward_long=D(0),
    ),
    tracking=Tracking(before=0.031, after=0.004, do_nothing=0.03),
    drift=(Drift(account="A1", symbol="AAPL", target=0.3, before=0.4, after=0.31),),
    wash_sales=WashSales(
        locks=(Lock(group="big", symbols=("AAPL", "XOM"), no_buy_until=date(2020, 4, 22), because="Sold at a loss."),),
        kept=(Kept(symbol="MSFT", rule="wash_sale", because="Bought on 2020-03-02."),),
    ),
    checks=(Check(name="cash", ok=True, text="Cash agrees to the cent."),),
    notes=("Rates assumed.",),
    timing=Timing(read=0.1, pose=0.2, solve=0.3, verify=0.05, total=0.65),
    provenance=Provenance(version="0.1.0", book_hash="aa", program_hash="bb", solver="CLARABEL", solver_version="0.11"),
)
FAILED = HouseholdPlan(
    household="Stone",
    as_of=date(2020, 3, 23),
    program="balanced",
    status=Status.FAILED,
    failure=Failure(
        reason="input", message="A lot has no basis.", evidence={"faults": [{"row": 5, "column": "basis"}]}
    ),
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
cents = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
shares = st.decimals(min_value=D("0.000001"), max_value=10**6, places=6)
prices = st.decimals(min_value=D("0.0001"), max_value=10**6, places=4)
reals = st.floats(allow_nan=False, allow_infinity=False)
days = st.dates(min_value=date(1950, 1, 1), max_value=date(2150, 1, 1))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | reals | words, lambda inner: st.lists(inner, max_size=3)
)

lot_sales = st.builds(
    LotSale,
    lot=words,
    acquired=days,
    quantity=shares,
    basis=cents,
    proceeds=cents,
    gain=cents,
    character=st.sampled_from(Character),
)


@st.composite
def trades(draw) -> Trade:
    lots = tuple(draw(st.lists(lot_sales, max_size=4)))
    side = Side.SELL if lots else Side.BUY
    quantity = sum((lot.quantity for lot in lots), D(0)) if lots else draw(shares)
    return Trade(
        account=draw(words),
        symbol=draw(words),
        side=side,
        quantity=quantity,
        price=draw(prices),
        value=draw(cents),
        lots=lots,
        reason=draw(words),
    )


plans = st.builds(
    HouseholdPlan,
    household=words,
    as_of=days,
    program=words,
    status=st.sampled_from(Status),
    failure=st.none()
    | st.builds(Failure, reason=words, message=words, evidence=st.dictionaries(words, json_values, max_size=3)),
    trades=st.lists(trades(), max_size=3).map(tuple),
    cash=st.dictionaries(words, st.builds(CashMovement, before=cents, after=cents), max_size=3),
    value=cents,
    costs=st.lists(st.builds(CostLine, name=words, dollars=reals, text=words), max_size=3).map(tuple),
    objective=st.none()
    | st.builds(
        Objective,
        posed=reals,
        bound=reals,
        gap=reals,
        gap_bp=reals,
        multipliers=st.dictionaries(words, json_values, max_size=3),
    ),
    tax=st.none() | st.builds(TaxFigures, **dict.fromkeys(TaxFigures.__dataclass_fields__, cents)),
    tracking=st.none() | st.builds(Tracking, before=reals, after=reals, do_nothing=reals),
    drift=st.lists(
        st.builds(Drift, account=words, symbol=words, target=reals, before=reals, after=reals), max_size=2
    ).map(tuple),
    wash_sales=st.builds(
        WashSales,
        locks=st.lists(
            st.builds(
                Lock, group=words, symbols=st.lists(words, max_size=2).map(tuple), no_buy_until=days, because=words
            ),
            max_size=2,
        ).map(tuple),
        kept=st.lists(st.builds(Kept, symbol=words, rule=words, because=words), max_size=2).map(tuple),
        honoured=st.lists(
            st.builds(
                Pending,
                account=words,
                symbol=words,
                side=st.sampled_from(Side),
                date=days,
                quantity=shares,
                loss=st.none() | cents,
                because=words,
            ),
            max_size=2,
        ).map(tuple),
    ),
    checks=st.lists(st.builds(Check, name=words, ok=st.booleans(), text=words), max_size=2).map(tuple),
    notes=st.lists(words, max_size=2).map(tuple),
    timing=st.builds(Timing, **dict.fromkeys(Timing.__dataclass_fields__, reals)),
    provenance=st.none() | st.builds(Provenance, **dict.fromkeys(Provenance.__dataclass_fields__, words)),
    positions=st.none() | st.dictionaries(words, st.dictionaries(words, shares, max_size=3), max_size=2),
)
