"""How much does patience with risk save in tax? One book, three prices of risk, programs composed in Python.

python examples/02_your_own_program.py
"""

from pathlib import Path

from lotwright import (
    Cash,
    HalfSpread,
    Holdings,
    IdleCash,
    Program,
    Tax,
    Ticket,
    Tracking,
    WashSale,
    WholeShares,
    plan,
    read_book,
)

book = read_book(Path(__file__).parent / "books" / "first_steps")

print("risk price  trades  tax of the plan  tracking error after")
for risk_price in (5.0, 25.0, 125.0):
    program = Program(
        name=f"risk at {risk_price:g}",
        says="Only the price of risk differs.",
        costs=(Tracking(risk_price=risk_price), HalfSpread(), Ticket(), Tax(), IdleCash()),
        limits=(Cash(), Holdings(), WholeShares(), WashSale()),
    )
    lee = plan(book, program=program)["LEE"]
    tax = lee.tax.tax - lee.tax.tax_without_plan
    print(f"{risk_price:>10g}  {len(lee.trades):>6}  {tax:>15,.2f}  {lee.tracking.after:>20.2%}")
