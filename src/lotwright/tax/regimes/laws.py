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
    """Why no one law holds for a household: several regimes, a kind its regime does not know, several taxpayers."""
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
    return _of_several(household)


def _of_several(household: Household) -> Failure | None:
    """Why one plan cannot serve several taxpayers: laws that tax each person alone, with a pool and a year of their own."""
    owners = sorted({a.owner for a in household.accounts if a.owner and a.kind.is_taxable})
    if len(owners) < 2 or household.regime not in _EACH_ALONE:
        return None
    return Failure(
        reason="input",
        message=f"{household.household} has taxable accounts of {' and '.join(owners)}. {_EACH_ALONE[household.regime]}",
        evidence={"owners": owners, "regime": str(household.regime)},
    )


_EACH_ALONE = {
    Regime.UK: "In the United Kingdom each person has pools, an exempt amount and rates of their own, and shares of one are"
    " never matched with the other's (TCGA 1992 section 1(1), 104). Give each owner a household.",
    Regime.CANADA: "In Canada each person has a cost base and a tax of their own (ITA sections 2, 47), though what one buys"
    " can make the other's loss superficial (section 251.1): plans over two taxpayers are not covered. Give each owner a"
    " household, and keep both out of what either sold at a loss.",
}
"""Taxable accounts of several owners are refused here; under joint returns (United States) they share one."""
