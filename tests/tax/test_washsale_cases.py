"""The public cases of adlr/wash-sale-calculator (BSD-3), worked by their author: ../shared/data/broker_samples.

Their tables shift a replacement's purchase date back by the days the sold shares were held: our holding start.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import AccountKind
from lotwright.tax.wash import wash_sales

CASES = [
    "fairmark_replace_2",
    "irs550_example_1",
    "irs550_example_2",
    "irs550_example_3",
    "same_day_loss_compute",
    "two_lots_same_days",
]
Line = tuple[Decimal, date, Decimal, date | None, Decimal, Decimal]


@pytest.mark.parametrize("case", CASES)
def test_case(shared: Path, case: str) -> None:
    folder = shared / "data" / "broker_samples" / "washsale_cases"
    events: list[Buy | Sell] = []
    for number, row in enumerate(_rows(folder / f"{case}.csv")):
        lot, quantity, bought = f"lot{number}", _number(row["Cnt"]), _day(row["BuyDate"])
        assert bought is not None
        events.append(
            Buy(
                account="T",
                date=bought,
                symbol="X",
                lot=lot,
                quantity=quantity,
                price=_number(row["Basis"]) / quantity,
                purchase=row["BuyLot"] or None,
            )
        )
        sold = _day(row["SellDate"])
        if sold:
            proceeds = _number(row.get("Proceeds") or row["Proeeds"])
            events.append(
                Sell(
                    account="T",
                    date=sold,
                    symbol="X",
                    quantity=quantity,
                    price=proceeds / quantity,
                    lots=((lot, quantity),),
                    key=lot,
                )
            )
    found = wash_sales(events, kinds={"T": AccountKind.TAXABLE})
    ours = [(d.quantity, d.holding_start, d.basis, d.sold, d.proceeds, d.disallowed) for d in found.disposals]
    ours += [(p.quantity, p.holding_start, p.basis, None, Decimal(0), Decimal(0)) for p in found.open_lots]
    theirs = [
        (
            _number(row["Cnt"]), _day(row["BuyDate"]), _number(row["Basis"]), _day(row["SellDate"]),
            _number(row["Proceeds"]), _number(row["Adj"]),
        )
        for row in _rows(folder / f"{case}_out.csv")
    ]  # fmt: skip
    assert _merged(ours) == _merged(theirs)  # type: ignore[arg-type]


def _merged(lines: list[Line]) -> Counter[tuple[object, ...]]:
    """Shares by everything else, per share: the two tables may cut lots differently."""
    out: Counter[tuple[object, ...]] = Counter()
    for quantity, start, basis, sold, proceeds, disallowed in lines:
        per_share = tuple(round(amount / quantity, 6) for amount in (basis, proceeds, disallowed))
        out[start, sold, *per_share] += int(quantity)
    return out


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", "") or "0")


def _day(text: str) -> date | None:
    return datetime.strptime(text, "%m/%d/%Y").date() if text else None  # noqa: DTZ007 - a date, no clock
