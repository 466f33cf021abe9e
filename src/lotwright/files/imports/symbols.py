"""What a symbol of a custodian is: a share or fund that a book can hold, money, or something it cannot.

A book holds shares of stocks and funds. Options (OCC symbols), bonds (CUSIPs), futures and coins are reported as not
understood, never guessed. Money-market funds that sweep cash are cash: Nasdaq reserves five letters ending in XX for
money funds, and custodians mark the core position with asterisks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_TICKER = re.compile(r"(?=.*[A-Z])[A-Z0-9]{1,6}(?:\.[A-Z]{1,3})?", re.ASCII)
_RELAXED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/ -]{0,31}", re.ASCII)
_OPTION = re.compile(
    r"-?[A-Z]{1,6}\d?\s*\d{6}[CP]\d+(?:\.\d+)?|[A-Z.]{1,6}\s+\d{2}/\d{2}/\d{4}\s+[\d.]+\s+[CP]", re.ASCII
)
_CUSIP = re.compile(r"(?=.*\d)[0-9A-Z]{8}\d", re.ASCII)
_MONEY_FUND = re.compile(r"[A-Z]{3}XX", re.ASCII)
_CASH = frozenset(
    {"CASH", "FCASH", "USD", "CORE", "MMDA1", "MMDA12", "QACDS", "USD999997", "CUR:USD", "$$CASH", "315994103"}
)
_COIN = re.compile(r"\b(bitcoin|ethereum|litecoin|crypto)", re.IGNORECASE)
_COINS = frozenset({"BTC", "ETH", "LTC", "BTCUSD", "ETHUSD", "LTCUSD", "BTC/USD", "ETH/USD", "LTC/USD"})
_BONDS = re.compile(
    r"\b(bond|fixed income|treasury|note|bill|corporate debt|municipal|cd|certificate of deposit|debt)s?\b",
    re.IGNORECASE,
)


class Thing(StrEnum):
    """What a symbol names."""

    SHARES = "shares"
    CASH = "cash"
    OPTION = "an option"
    BOND = "a bond"
    COIN = "a coin"
    UNNAMED = "something without a ticker"


@dataclass(frozen=True, slots=True)
class Named:
    """A symbol and what it names; ``symbol`` is written as the book writes it."""

    thing: Thing
    symbol: str


def named(  # noqa: PLR0911  one return a thing
    symbol: str, *, description: str = "", kind: str = "", known: dict[str, str] | None = None
) -> Named:
    """Return what a custodian's symbol names.

    Parameters
    ----------
    symbol, description, kind : str
        As the file has them: symbol, name of the security, its type.
    known : dict, optional
        Tickers that the caller declared for names, CUSIPs or plans.

    Examples
    --------
    >>> named("BRK/B").symbol, named("SPAXX**").thing, named(" -AAPL260116C200").thing, named("912810RW0").thing
    ('BRK.B', <Thing.CASH: 'cash'>, <Thing.OPTION: 'an option'>, <Thing.BOND: 'a bond'>)
    """
    for word in (symbol, description):
        if known and word.strip() in known:
            return Named(Thing.SHARES, known[word.strip()])
    text = symbol.strip().upper()
    bare = text.rstrip("*").strip()
    if bare in _CASH or text.endswith("**") or _MONEY_FUND.fullmatch(bare):
        return Named(Thing.CASH, bare)
    if _OPTION.fullmatch(bare) or kind.casefold() in {"option", "options", "opt", "fop"}:
        return Named(Thing.OPTION, bare)
    if bare in _COINS or _COIN.search(kind) or _COIN.search(description):
        return Named(Thing.COIN, bare)
    if _CUSIP.fullmatch(bare):
        return Named(
            Thing.BOND if not kind or _BONDS.search(kind) or _BONDS.search(description) else Thing.UNNAMED, bare
        )
    ticker = re.sub(r"[/ -](?=[A-Z]{1,3}$)", ".", bare)
    if _TICKER.fullmatch(ticker):
        return Named(Thing.SHARES, ticker)
    return Named(Thing.UNNAMED, bare)


def is_name(symbol: str) -> bool:
    """Return whether a symbol may stand in a book: short, plain, and no spreadsheet takes it for a formula."""
    return _RELAXED.fullmatch(symbol) is not None


CURE = {
    Thing.OPTION: "A book holds stocks and funds: close or track the option elsewhere; its collateral is not seen here.",
    Thing.BOND: "A book holds stocks and funds: bonds stay outside. If it is a fund, declare its ticker: --symbol CUSIP=TICKER.",
    Thing.COIN: "A book holds stocks and funds: coins stay outside.",
    Thing.UNNAMED: "Declare its ticker: --symbol 'NAME=TICKER', with the name or CUSIP as the file has it.",
}
