"""A book small enough to know by heart, as CSV text: two households, three accounts, four securities."""

from __future__ import annotations

from pathlib import Path

ACCOUNTS = """\
account,household,kind,model,cash,short_term_rate,long_term_rate,filing_status,carryforward_short,fractional,relief,opened
A1,Rivera,taxable,core,1000.10,0.35,0.15,married_joint,250.5,false,hifo,2015-01-02
A2,Rivera,roth,core,20,,,,,true,,
B1,Stone,taxable,core,300,0.24,0.15,single,,,fifo,
"""

LOTS = """\
account,symbol,lot,quantity,acquired,basis,basis_per_share,holding_start,purchase
A1,AAPL,AAPL-1,10,2019-05-06,1500.25,,,P1
A1,AAPL,AAPL-2,2.5,2018-01-05,,43.1,2017-11-30,
A1,MSFT,MSFT-1,7,2020-03-02,1100,999,,
A2,BND,BND-1,0.1,2020-01-15,8.47,,,
B1,MSFT,MSFT-1,3,2016-02-29,150,,,
"""

TRANSACTIONS = """\
account,date,symbol,action,quantity,price,realised_gain,character,disallowed_loss,lot
A1,2020-03-02,MSFT,buy,7,157.142857,,,,MSFT-1
A1,2020-03-10,AAPL,sell,1,71.33,-20.5,ST,,AAPL-0
B1,2019-06-03,GONE,sell,5,12,3,LT,,
"""

PRICES = """\
symbol,price,as_of,half_spread,sector,kind
AAPL,56.09,2020-03-23,0.0001,Information Technology,stock
MSFT,135.98,2020-03-23,,Information Technology,stock
XOM,31.45,2020-03-23,,Energy,stock
BND,82.5,2020-03-23,,,etf
"""

TARGETS = """\
model,symbol,weight,lower,upper
core,AAPL,0.3,0.2,0.4
core,MSFT,0.3,,
core,BND,0.4,,
"""

RESTRICTIONS = """\
account,rule,value
A1,no_buy,AAPL
A1,exclude_sector,Energy
B1,maximum_weight,MSFT:0.10
"""

SUBSTITUTES = """\
symbol,substitute,rank
BND,XOM,
AAPL,MSFT,2
AAPL,BND,
AAPL,XOM,1
"""

IDENTICAL = """\
group,symbol
big,AAPL
big,XOM
"""

CASHFLOWS = """\
account,kind,amount
A1,deposit,500
B1,withdraw,100.25
"""

HISTORY = """\
symbol,date,close,adj_close
AAPL,2020-03-20,57.31,57.1
MSFT,2020-03-20,137.35,137
AAPL,2020-03-23,56.09,56.0
"""

TABLES = {
    "accounts": ACCOUNTS,
    "lots": LOTS,
    "transactions": TRANSACTIONS,
    "prices": PRICES,
    "targets": TARGETS,
    "restrictions": RESTRICTIONS,
    "substitutes": SUBSTITUTES,
    "identical": IDENTICAL,
    "cashflows": CASHFLOWS,
    "history": HISTORY,
}


def write_book(folder: Path, **changed: str | bytes | None) -> Path:
    """Write the book with some tables changed, or left out where None; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (TABLES | changed).items():
        if content is not None:
            (folder / f"{name}.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def edited(table: str, old: str, new: str) -> str:
    """Return a table of the book with one text replaced, which must stand there once."""
    assert TABLES[table].count(old) == 1, f"{old!r} stands {TABLES[table].count(old)} times in {table}"
    return TABLES[table].replace(old, new)
