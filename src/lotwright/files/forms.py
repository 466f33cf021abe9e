"""The tables of a book, declared once: what FORMATS promises under *A book*."""

from __future__ import annotations

from enum import StrEnum

from lotwright.book.kinds import AccountKind, Action, Character, FilingStatus, Regime, Relief, Rule
from lotwright.files.columns import (
    FRACTION,
    NOT_NEGATIVE,
    POSITIVE,
    RANK,
    Column,
    Form,
    Type,
    day,
    flag,
    number,
    text,
)


class Flow(StrEnum):
    """Direction of a cash flow."""

    DEPOSIT = "deposit"
    WITHDRAW = "withdraw"


ACCOUNTS = Form(
    name="accounts",
    says="One row an account. A household is the unit of planning.",
    required=True,
    is_shared=False,
    key=("account",),
    columns=(
        text("account", "name of the account, unique in the book", required=True),
        text("household", "name of the household it belongs to", required=True),
        text("kind", "kind of account to the tax law", required=True, choices=AccountKind),
        text(
            "model", "model portfolio it should own: a model of targets, or a file of models/portfolios", required=True
        ),
        number("cash", "cash now, in dollars", required=True),
        number("short_term_rate", "all-in marginal rate on short-term gains, a fraction", range=FRACTION),
        number("long_term_rate", "all-in marginal rate on long-term gains, a fraction", range=FRACTION),
        text("filing_status", "how the household files", choices=FilingStatus),
        number("taxable_income", "dollars a year before capital gains"),
        text("state", "state of residence"),
        number("carryforward_short", "short-term losses carried in, positive dollars", range=NOT_NEGATIVE, default="0"),
        number("carryforward_long", "long-term losses carried in, positive dollars", range=NOT_NEGATIVE, default="0"),
        number("realised_short", "net short-term gain of this year so far, dollars, gains positive", default="0"),
        number("realised_long", "net long-term gain of this year so far, dollars, gains positive", default="0"),
        number("cash_target", "fraction of the account to keep in cash", range=FRACTION, default="0"),
        number("minimum_cash", "dollars that must stay", range=NOT_NEGATIVE, default="0"),
        flag("fractional", "the broker trades fractions of a share", default="false"),
        text("relief", "which lots leave first", choices=Relief, default="specific"),
        flag("drip", "dividends are reinvested", default="false"),
        flag("harvest", "losses may be harvested here"),
        number("harvest_threshold", "loss worth harvesting, as a fraction of basis", range=NOT_NEGATIVE),
        text("program", "optimisation program of this account"),
        day("opened", "day the account was opened"),
        text(
            "regime",
            "tax law the account is under, one for a household; money is in its currency",
            choices=Regime,
            default="us",
        ),
        text("owner", "person it belongs to, where the household has several"),
    ),
)

LOTS = Form(
    name="lots",
    says="One row a lot: shares of one security bought together.",
    required=True,
    is_shared=False,
    key=("account", "symbol", "lot"),
    columns=(
        text("account", "account that holds it", required=True),
        text("symbol", "security, with a price in prices", required=True),
        text("lot", "name of the lot, unique for the account and symbol", required=True),
        number("quantity", "number of shares", required=True, range=POSITIVE),
        day("acquired", "trade date of the purchase", required=True),
        number(
            "basis",
            "total dollars of basis; this or basis_per_share is required, and this one wins",
            range=NOT_NEGATIVE,
        ),
        number("basis_per_share", "dollars of basis a share", range=NOT_NEGATIVE),
        day(
            "holding_start",
            "start of the holding period where a wash sale tacked an earlier one on",
            default="acquired",
        ),
        text("purchase", "order it was bought with; lots of one order share it"),
        text("source", "where it came from"),
    ),
)

TRANSACTIONS = Form(
    name="transactions",
    says="Buys, sells and reinvestments of at least the last 61 days.",
    is_shared=False,
    columns=(
        text("account", "account that traded", required=True),
        day("date", "trade date", required=True),
        text("symbol", "security; needs a price in prices when the trade is less than 62 days old", required=True),
        text("action", "action", required=True, choices=Action),
        number("quantity", "number of shares, positive also for a sale", required=True, range=POSITIVE),
        number("price", "price in dollars a share", required=True, range=NOT_NEGATIVE),
        number("realised_gain", "signed dollars before any disallowance, for a sale"),
        text("character", "short-term or long-term, for a sale", choices=Character),
        number("disallowed_loss", "dollars of loss disallowed by a wash sale", range=NOT_NEGATIVE, default="0"),
        text("lot", "lot that was sold or bought"),
        text("purchase", "order it belonged to"),
        text("reason", "why"),
    ),
)

PRICES = Form(
    name="prices",
    says="One row a security: what it costs today and what trading it costs.",
    required=True,
    key=("symbol",),
    columns=(
        text("symbol", "security", required=True),
        number("price", "price in dollars a share, as traded, not adjusted", required=True, range=POSITIVE),
        day("as_of", "day of the prices, the same in every row", required=True),
        number("half_spread", "half the bid-ask spread, as a fraction of price", range=FRACTION),
        number("adv_dollars", "average daily volume, dollars", range=NOT_NEGATIVE),
        number("volatility", "annual volatility, a fraction", range=NOT_NEGATIVE),
        text("sector", "sector"),
        text("kind", "stock, etf, ..."),
        number("distribution", "paid out a year (dividends, interest), a fraction of price", range=FRACTION),
        number("qualified", "part of the distribution taxed at the long-term rate", range=FRACTION),
        text("tags", "what else the security is, separated by semicolons: tobacco;esg"),
    ),
)

TARGETS = Form(
    name="targets",
    says="Model portfolios; the weights of a model sum to 1.",
    key=("model", "symbol"),
    columns=(
        text("model", "name of the model portfolio", required=True),
        text("symbol", "security", required=True),
        number("weight", "weight as a fraction of the invested value", required=True, range=FRACTION),
        text("sleeve", "sleeve it belongs to"),
        number("lower", "lower edge of the band, an absolute weight", range=FRACTION),
        number("upper", "upper edge of the band, an absolute weight", range=FRACTION),
        number("rank", "place in its sleeve, 1 = preferred", range=RANK),
    ),
)

RESTRICTIONS = Form(
    name="restrictions",
    says="Rules a client set.",
    is_shared=False,
    columns=(
        text("account", "account it binds", required=True),
        text("rule", "rule", required=True, choices=Rule),
        text(
            "value",
            "symbol the rule is about; sector for exclude_sector; SYMBOL:0.10 for maximum_weight",
            required=True,
        ),
    ),
)

SUBSTITUTES = Form(
    name="substitutes",
    says="Declared stand-ins, bought in place of a security that may not be bought.",
    key=("symbol", "substitute"),
    columns=(
        text("symbol", "security", required=True),
        text("substitute", "security that may stand in for it", required=True),
        number("rank", "1 = preferred", range=RANK, default="after the ranked ones, by name"),
    ),
)

IDENTICAL = Form(
    name="identical",
    says="Groups of substantially identical securities (IRC section 1091).",
    key=("symbol",),
    columns=(
        text("group", "name of the group", required=True),
        text("symbol", "security; it can belong to one group", required=True),
    ),
)

CASHFLOWS = Form(
    name="cashflows",
    says="Money about to come in or go out.",
    is_shared=False,
    columns=(
        text("account", "account", required=True),
        text("kind", "direction", required=True, choices=Flow),
        number("amount", "amount in dollars, positive also for a withdrawal", required=True, range=NOT_NEGATIVE),
        day("date", "day"),
    ),
)

HISTORY = Form(
    name="history",
    says="Daily closes; the risk model is estimated from adj_close.",
    key=("symbol", "date"),
    columns=(
        text("symbol", "security", required=True),
        day("date", "day", required=True),
        number("close", "close in dollars a share, as traded", required=True, range=POSITIVE),
        number("adj_close", "close adjusted for splits and dividends", required=True, range=POSITIVE),
        Column(name="volume", type=Type.NUMBER, says="shares traded", range=NOT_NEGATIVE, is_read=False),
    ),
)

FORMS = (
    ACCOUNTS,
    LOTS,
    TRANSACTIONS,
    PRICES,
    TARGETS,
    RESTRICTIONS,
    SUBSTITUTES,
    IDENTICAL,
    CASHFLOWS,
    HISTORY,
)
"""Every table, in the order of FORMATS."""
