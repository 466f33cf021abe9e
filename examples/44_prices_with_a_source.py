"""Where does a price come from, and what if it is stale, missing or adjusted? Each answer says; none is a guess.

python examples/44_prices_with_a_source.py        (from a shell: lotwright prices BOOK --source files|yfinance|alpaca)
"""

from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lotwright import Failure
from lotwright.market.sessions import last_session
from lotwright.market.source import Closes
from lotwright.market.tables import TableSource

closes = """symbol,date,close,adj_close
AAPL,2020-08-27,500.04,125.0100
AAPL,2020-08-28,499.23,124.8075
LATE,2020-08-27,10.00,10.00
FUND,2020-08-28,,55.20
"""
day = last_session(date(2020, 8, 30))  # a Sunday
with TemporaryDirectory() as folder:
    file = Path(folder) / "closes.csv"
    file.write_text(closes)
    source = Closes(TableSource(file, asked=datetime(2020, 8, 30, 12, 0, tzinfo=UTC)))
    for symbol, answer in source.prices(["AAPL", "LATE", "FUND", "GONE"], day=day).items():
        if isinstance(answer, Failure):
            print(f"{symbol}: no price ({answer.reason})\n  {answer.message}")
        else:
            print(
                f"{symbol}: ${answer.price} as traded on {answer.day}, by {answer.source}, asked {answer.asked:%Y-%m-%d}"
            )
