"""Which law a household is under, and why it may be under none."""

from __future__ import annotations

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.kinds import Regime
from lotwright.tax.regimes.plan_canada import PlanCanada
from lotwright.tax.regimes.plan_united_kingdom import PlanUnitedKingdom
from lotwright.tax.regimes.plan_united_states import PlanUnitedStates
from lotwright.tax.regimes.plannable import PlanLaw

LAWS: dict[Regime, PlanLaw] = {
    Regime.US: PlanUnitedStates(),
    Regime.UK: PlanUnitedKingdom(),
    Regime.CANADA: PlanCanada(),
}


def law_of(household: Household) -> PlanLaw:
    """The law of a household whose accounts agree on one (:func:`unlawful`)."""
    return LAWS[household.regime]


def unlawful(household: Household) -> Failure | None:
    """Why no one law holds for a household: accounts of several regimes, or of a kind its regime does not know."""
    regimes = sorted({account.regime for account in household.accounts})
    if len(regimes) > 1:
        listed = ", ".join(f"{account.account} {account.regime}" for account in household.accounts)
        return Failure(
            reason="input",
            message=f"{household.household} has accounts under different tax laws ({listed}); one plan needs one law and one"
            " currency. Give each regime a household of its own.",
            evidence={"regimes": regimes},
        )
    for account in household.accounts:
        own = account.kind.regime
        if own not in {None, account.regime}:
            return Failure(
                reason="input",
                message=f"{account.account} is of kind {account.kind}, which the regime {account.regime} does not know."
                f" Set its regime to {own}, or correct its kind.",
                evidence={"account": account.account, "kind": str(account.kind), "regime": str(account.regime)},
            )
    return None
