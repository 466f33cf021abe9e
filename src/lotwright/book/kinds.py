"""The closed vocabularies of a book: tax regimes, kinds of account, relief orders, actions, rules, filing statuses.

Each is a ``StrEnum`` whose values are the words of FORMATS, so that a table cell converts by ``Relief("fifo")`` and
prints as itself.
"""

from __future__ import annotations

from enum import StrEnum


class Regime(StrEnum):
    """Whose tax law an account is under; all accounts of a household share one."""

    US = "us"
    UK = "uk"
    CANADA = "canada"

    @property
    def sign(self) -> str:
        """What its money is written with."""
        return {"us": "$", "uk": "£", "canada": "C$"}[self]

    @property
    def pools(self) -> bool:
        """True where all shares of a security in a person's taxable accounts have one cost (TCGA 1992 s. 104, ITA s. 47)."""
        return self is not Regime.US


class AccountKind(StrEnum):
    """What the tax law sees in an account: gains taxed each year, or not (and whether losses there are lost for good)."""

    TAXABLE = "taxable"
    IRA = "ira"
    ROTH = "roth"
    SEP_IRA = "sep_ira"
    SIMPLE_IRA = "simple_ira"
    K401 = "401k"
    B403 = "403b"
    B457 = "457b"
    HSA = "hsa"
    PLAN529 = "529"
    ISA = "isa"
    SIPP = "sipp"
    TFSA = "tfsa"
    RRSP = "rrsp"

    @property
    def is_taxable(self) -> bool:
        """True when gains in this account are taxed in the year they are realised."""
        return self is AccountKind.TAXABLE

    @property
    def regime(self) -> Regime | None:
        """The only law that knows this kind of account; ``None`` for taxable ones, which every law has."""
        if self in {AccountKind.ISA, AccountKind.SIPP}:
            return Regime.UK
        if self in {AccountKind.TFSA, AccountKind.RRSP}:
            return Regime.CANADA
        return None if self is AccountKind.TAXABLE else Regime.US


class Relief(StrEnum):
    """Which lots leave first when a position is reduced (Treas. Reg. 1.1012-1(c))."""

    SPECIFIC = "specific"
    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"


class Action(StrEnum):
    """What a transaction did. A reinvestment is a purchase to the wash-sale rule."""

    BUY = "buy"
    SELL = "sell"
    REINVEST = "reinvest"

    @property
    def is_purchase(self) -> bool:
        """True for buys and reinvestments: either can replace shares sold at a loss."""
        return self is not Action.SELL


class Character(StrEnum):
    """Whether a gain is short-term or long-term (IRC section 1222)."""

    SHORT = "ST"
    LONG = "LT"


class FilingStatus(StrEnum):
    """How the household files (Form 1040, filing status)."""

    SINGLE = "single"
    MARRIED_JOINT = "married_joint"
    MARRIED_SEPARATE = "married_separate"
    HEAD_OF_HOUSEHOLD = "head_of_household"


class Rule(StrEnum):
    """A client's restriction on one security or sector."""

    NO_BUY = "no_buy"
    NO_SELL = "no_sell"
    NO_TRADE = "no_trade"
    EXCLUDE = "exclude"
    EXCLUDE_SECTOR = "exclude_sector"
    MAXIMUM_WEIGHT = "maximum_weight"


class Side(StrEnum):
    """Direction of a trade."""

    BUY = "buy"
    SELL = "sell"
