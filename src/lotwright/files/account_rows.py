"""What rows of accounts must be beside each other and the market: rates in order, models known, symbols priced."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

import numpy as np

from lotwright.book.kinds import Regime, Rule
from lotwright.files.arrow import Bools
from lotwright.files.checks import word_flags
from lotwright.files.faults import Fault, Faults, did_you_mean
from lotwright.files.report import Report
from lotwright.files.tables import Table
from lotwright.files.values import Dates, Numbers, Texts

WINDOW_DAYS = 61
"""Trades older than this cannot touch a wash-sale window that is still open (IRC section 1091(a))."""


def check_known_accounts(report: Report, accounts: Table, known: Collection[str]) -> None:
    """Report rows that name an account which ``accounts`` does not list: nobody can say whose they are."""
    texts = report.table.values.get("account")
    if not isinstance(texts, Texts):
        return
    report(
        ~word_flags(texts, known) & ~texts.is_missing,
        column="account",
        wrong=f"{accounts.file} has no such account",
        cure=lambda at: (
            f"{did_you_mean(report.table.found('account', at), known)}Correct the name, add the account, or "
            "remove the row."
        ),
    )


def check_accounts(report: Report, *, models: Collection[str], places: str) -> None:
    """Report a long-term rate above the short-term rate, and a model that nobody declares.

    ``places`` says where a model may be declared.
    """
    table = report.table
    short, long = table.values.get("short_term_rate"), table.values.get("long_term_rate")
    if isinstance(short, Numbers) and isinstance(long, Numbers):
        report(
            long.approx > short.approx,
            column="long_term_rate",
            wrong=lambda at: f"it is above the short-term rate, {table.found('short_term_rate', at)}",
            cure="Long-term gains are never taxed at more than short-term ones: swap or correct the two rates.",
        )
    model = table.values.get("model")
    if isinstance(model, Texts):
        report(
            ~word_flags(model, models) & ~model.is_missing,
            column="model",
            wrong=f"there is no model portfolio of this name in {places}",
            cure=lambda at: (
                f"{did_you_mean(table.found('model', at), models)}Models there are: "
                f"{', '.join(sorted(models)) or 'none'}."
            ),
        )


def check_unpriced_targets(
    accounts: Table, faults: Faults, *, household_of: Mapping[str, str], unpriced: Mapping[str, Collection[Fault]]
) -> None:
    """Note targets without a price against each household that has an account of that model."""
    account, model = accounts.values.get("account"), accounts.values.get("model")
    if not (unpriced and isinstance(account, Texts) and isinstance(model, Texts)):
        return
    users = {
        (household_of.get(account.word[a]), model.word[m])
        for a, m in zip(account.code.tolist(), model.code.tolist(), strict=True)
        if a >= 0 and m >= 0
    }
    for household, name in sorted((h, m) for h, m in users if h is not None):
        for fault in unpriced.get(name, ()):
            faults.add(fault, household=household)


def check_lots(report: Report, *, priced: Collection[str], prices: str) -> None:
    """Report lots without basis, without a price, or with a holding period that starts after the purchase."""
    table = report.table
    _check_basis(report)
    check_priced(report, priced=priced, prices=prices)
    start, acquired = table.values.get("holding_start"), table.values.get("acquired")
    if isinstance(start, Dates) and isinstance(acquired, Dates):
        report(
            start.day > acquired.day,
            column="holding_start",
            wrong=lambda at: f"the lot was acquired before that, on {table.found('acquired', at)}",
            cure="A wash sale only moves the start of the holding period back: correct the date or leave it empty.",
        )


def _check_basis(report: Report) -> None:
    table = report.table
    missing = np.ones(len(table), dtype=bool)
    for name in ("basis", "basis_per_share"):
        if name in table.values:
            missing &= table.values[name].is_missing & ~table.unreadable[name]
    report(
        missing,
        column="basis" if "basis" in table.values else "basis_per_share",
        wrong="a lot needs a basis or a basis_per_share",
        cure="Write what the lot cost, in dollars: without it no gain can be computed.",
    )


def check_priced(report: Report, *, priced: Collection[str], prices: str, rows: Bools | None = None) -> None:
    """Report symbols that the table of prices does not know, in all rows or in those marked."""
    symbol = report.table.values.get("symbol")
    if not isinstance(symbol, Texts):
        return
    is_unknown = ~word_flags(symbol, priced) & ~symbol.is_missing
    report(
        is_unknown if rows is None else is_unknown & rows,
        column="symbol",
        wrong=f"{prices} has no price for it",
        cure=lambda at: _price_cure(report.table.found("symbol", at), priced, prices),
    )


def _price_cure(symbol: str, priced: Collection[str], prices: str) -> str:
    return f"{did_you_mean(symbol, priced)}Correct the symbol, or add a row for {symbol} to {prices}."


def check_transactions(report: Report, *, priced: Collection[str], prices: str, as_of: np.datetime64) -> None:
    """Report trades of the last 61 days in symbols without a price.

    A misspelt symbol there would hide a wash sale. An older trade cannot, and its security may well be gone.
    """
    days = report.table.values.get("date")
    if isinstance(days, Dates):
        recent = days.day >= as_of - np.timedelta64(WINDOW_DAYS, "D")
        check_priced(report, priced=priced, prices=prices, rows=recent)


def telling_trades(accounts: Table, transactions: Table, *, as_of: np.datetime64) -> Bools:
    """Return which rows of transactions a plan on a day can depend on, shape (rows,).

    Under the law of the United States those of the last 61 days: what was realised this year stands in ``accounts``, and
    lots say when they were bought. Pools of other regimes are made of every trade there was.
    """
    regime, name = accounts.values.get("regime"), accounts.values.get("account")
    account, days = transactions.values.get("account"), transactions.values.get("date")
    if not (isinstance(account, Texts) and isinstance(days, Dates) and isinstance(name, Texts)):
        return np.ones(len(transactions), dtype=bool)
    recent: Bools = ~(days.day < as_of - np.timedelta64(WINDOW_DAYS, "D"))
    if not isinstance(regime, Texts):
        return recent
    elsewhere = ~(word_flags(regime, {Regime.US}) | regime.is_missing)
    pooled = {name.word[code] for code in name.code[elsewhere].tolist() if code >= 0}
    return recent | word_flags(account, pooled)


def check_restrictions(report: Report, *, sectors: Collection[str], prices: str) -> None:
    """Report a maximum weight that is not ``SYMBOL:0.10``, and an excluded sector where no security has a sector."""
    table = report.table
    rule, value = table.values.get("rule"), table.values.get("value")
    if not (isinstance(rule, Texts) and isinstance(value, Texts)):
        return
    malformed = {word for word in value.word if maximum_weight(word) is None}
    report(
        word_flags(rule, {Rule.MAXIMUM_WEIGHT}) & word_flags(value, malformed),
        column="value",
        wrong="a maximum weight reads SYMBOL:0.10, a symbol and a fraction between 0 and 1",
        cure="Write AAPL:0.10 to keep AAPL at 10 % of the account or less.",
    )
    if not sectors:
        report(
            word_flags(rule, {Rule.EXCLUDE_SECTOR}),
            column="value",
            wrong=f"{prices} gives no security a sector, so that no sector can be excluded",
            cure=f"Add the column sector to {prices}, or exclude securities by symbol.",
        )


def maximum_weight(value: str) -> tuple[str, Decimal] | None:
    """Return symbol and fraction of a value such as ``AAPL:0.10``, or None where it is not of that form."""
    symbol, _, fraction = (part.strip() for part in value.rpartition(":"))
    digits = fraction.replace(".", "", 1)
    if not (symbol and digits.isascii() and digits.isdigit()):
        return None
    weight = Decimal(fraction)
    return (symbol, weight) if weight <= 1 else None
