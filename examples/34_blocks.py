"""Seven accounts want the same fund, and the broker fills half. Who gets what? As much as is fair, to the share and cent.

python examples/34_blocks.py
"""

from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.execution.allocation import BlockFill, allocate
from lotwright.execution.blocks import Wanted, blocks

wants = {"ADAMS": 120, "BAKER": 45, "CHEN": 45, "DIAZ": 7, "EVANS": 300, "FOX": 1, "GRAY": 82}
wanted = [Wanted(account=name, symbol="VTI", side=Side.BUY, quantity=Decimal(n)) for name, n in wants.items()]
(block,) = blocks(wanted, name="run of 2026-11-20")
fills = [
    BlockFill(fill="x1", quantity=Decimal(200), price=Decimal("291.07"), fee=Decimal("0.35")),
    BlockFill(fill="x2", quantity=Decimal(101), price=Decimal("291.115"), fee=Decimal("0.18")),
]
given = allocate(block, fills)
print(f"{block.side} {block.quantity} {block.symbol}, filled {sum(fill.quantity for fill in fills)}")
for one, ask in zip(given, block.wanted, strict=True):
    share = ask.quantity * Decimal(301) / block.quantity
    print(
        f"{one.account:<6} wants {ask.quantity:>4}  share {share:8.3f}  gets {one.quantity:>4}  for ${one.value:>10,} + ${one.fee}"
    )

gross = sum(fill.quantity * fill.price for fill in fills)
print(
    f"In all {sum(one.quantity for one in given)} shares for ${sum(one.value for one in given):,}; the broker was paid ${gross:,}."
)
print(f"Fees: ${sum(one.fee for one in given)} of ${sum(fill.fee for fill in fills)}.")
again = allocate(blocks(reversed(wanted), name="run of 2026-11-20")[0], fills[::-1])
print(f"In another order: {'the same' if again == given else 'something else'}.")
