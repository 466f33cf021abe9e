"""A book of many small households, quick to plan: three funds each, lots at a gain or a loss, cash to invest."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.csv as pacsv
import pyarrow.parquet as pq

PRICES = """\
symbol,price,as_of,volatility
AAA,100.00,2020-11-30,0.18
BBB,50.00,2020-11-30,0.16
CCC,20.00,2020-11-30,0.05
"""
TARGETS = """\
model,symbol,weight
mix,AAA,0.5
mix,BBB,0.3
mix,CCC,0.2
"""


def write_many(folder: Path, count: int, *, shuffled: bool = False, parquet: bool = False, seed: int = 1) -> Path:
    """Write ``count`` households, every fifth with two accounts; ``shuffled`` rows come in no order."""
    rng = random.Random(seed)
    accounts, lots, transactions = [], [], []
    for number in range(count):
        for account in range(2 if number % 5 == 4 else 1):
            name = f"A{number:05d}-{account}"
            accounts.append(
                f"{name},H{number:05d},{'ira' if account else 'taxable'},mix,{rng.randint(100, 4000)}.25,0.35,0.15"
            )
            for symbol, price in (("AAA", 100), ("BBB", 50), ("CCC", 20)):
                for lot in range(rng.randint(0, 2)):
                    shares = rng.randint(1, 60)
                    basis = round(shares * price * rng.uniform(0.6, 1.3), 2)
                    lots.append(
                        f"{name},{symbol},L{lot},{shares},20{rng.randint(16, 19)}-0{rng.randint(1, 9)}-15,{basis}"
                    )
            if number % 3 == 0:
                transactions.append(f"{name},2020-11-10,AAA,buy,1,99.5")
    if shuffled:
        for rows in (accounts, lots, transactions):
            rng.shuffle(rows)
    folder.mkdir(parents=True)
    tables = {
        "accounts": ["account,household,kind,model,cash,short_term_rate,long_term_rate", *accounts],
        "lots": ["account,symbol,lot,quantity,acquired,basis", *lots],
        "transactions": ["account,date,symbol,action,quantity,price", *transactions],
    }
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n")
        if parquet:
            table = pacsv.read_csv(folder / f"{name}.csv")
            (folder / f"{name}.csv").unlink()
            pq.write_table(table, folder / f"{name}.parquet", row_group_size=37)
    (folder / "prices.csv").write_text(PRICES)
    (folder / "targets.csv").write_text(TARGETS)
    return folder
