"""What the caller of an import declares where no file says it, and one account on the desk while it is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lotwright.book.kinds import Regime
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.rows import Change, LotRow, Position, Statement, Trade


class MissingBasis(StrEnum):
    """What to do where nobody knows what a lot cost."""

    REFUSE = "refuse"
    """Leave the account as it was."""
    ZERO = "zero"
    """Nothing: what the tax office presumes without proof."""
    PRICE = "price"
    """Today's price: no gain so far."""
    POSITION = "position"
    """What the position's basis leaves after the lots that have one, share by share."""


class Differences(StrEnum):
    """What to do where lots and positions disagree."""

    REFUSE = "refuse"
    LOTS = "lots"
    """Believe the lots, and say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the caller declares.

    Parameters
    ----------
    as_of : date, optional
        The day of the holdings; None: the files tell it.
    missing_basis : MissingBasis
    missing_acquired : date, optional
        Stands for every purchase day that nobody knows.
    differences : Differences
    whole_history : bool
        The trades are all there ever were, so that lots may be rebuilt where no positions are given.
    opening : mapping
        By account (empty: the only one) and symbol: lots that were there before the trades, or that transfers brought.
    """

    as_of: date | None = None
    missing_basis: MissingBasis = MissingBasis.REFUSE
    missing_acquired: date | None = None
    differences: Differences = Differences.REFUSE
    whole_history: bool = False
    opening: Mapping[str, Sequence[LotRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One account while it is settled: its name in the book, the day, what was declared, and where findings go."""

    name: str
    as_of: date
    policy: Policy
    findings: Findings
    statement: Statement
    price: Mapping[str, Decimal]

    @property
    def is_pooled(self) -> bool:
        """True where shares of a class are one pool, as in the United Kingdom."""
        return self.statement.regime is Regime.UK

    @property
    def is_whole(self) -> bool:
        """True when the trades are all there ever were."""
        return self.policy.whole_history or self.statement.whole_history

    def error(self, wrong: str, cure: str) -> None:
        """Bar the account for a reason that no row alone is to blame for."""
        self.findings.add(Level.ERROR, "", None, None, None, wrong, cure, account=self.name)

    def say(  # noqa: PLR0917  a finding is six words
        self, level: Level, row: Position | LotRow | Trade | Change, column: str, found: str, wrong: str, cure: str
    ) -> None:
        """Note a finding about a row."""
        self.findings.add(level, row.file, row.row, column, found, wrong, cure, account=self.name)

    def difference(self, row: Position | LotRow, wrong: str) -> None:
        """Note that lots and positions disagree: an error, unless the caller believes the lots."""
        if self.policy.differences is Differences.LOTS:
            self.say(
                Level.NOTE,
                row,
                "symbol",
                row.symbol,
                f"{wrong}; the lots are believed",
                "Ask the custodian which is right.",
            )
        else:
            self.say(
                Level.ERROR, row, "symbol", row.symbol, wrong,
                "Download both files on the same day, add what is missing, or say --differences lots to believe the lots.",
            )  # fmt: skip
