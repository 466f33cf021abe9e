"""When each household was last acted upon, for whoever decides when to act again."""

from __future__ import annotations

import sqlalchemy as sa

from lotwright.store import tables
from lotwright.store.connection import Database
from lotwright.trigger.acted import Acted


def last_acted(database: Database, *, except_run: str | None = None) -> dict[str, Acted]:
    """By household: the day it was last planned in a run, and the day it was last planned with trades.

    A plan with trades counts when it was made in a run, or approved; one that was made to look at alone does not.

    Parameters
    ----------
    database : Database
        Of a store.
    except_run : str, optional
        Leave out what this run planned: for a run that goes on.
    """
    runs, run_plans, plans, approvals = tables.runs, tables.run_plans, tables.plans, tables.approvals
    planned = sa.select(run_plans.c.household, sa.func.max(runs.c.as_of)).join(runs, runs.c.run == run_plans.c.run)
    traded = sa.select(plans.c.household, sa.func.max(plans.c.as_of)).where(
        plans.c.trades > 0,
        sa.or_(plans.c.plan.in_(_plans_of_runs(except_run)), plans.c.plan.in_(sa.select(approvals.c.plan))),
    )
    if except_run is not None:
        planned = planned.where(run_plans.c.run != except_run)
    with database.reading() as connection:
        last_plan = {str(name): day for name, day in connection.execute(planned.group_by(run_plans.c.household))}
        last_trade = {str(name): day for name, day in connection.execute(traded.group_by(plans.c.household))}
    return {
        name: Acted(planned=last_plan.get(name), traded=last_trade.get(name))
        for name in sorted(last_plan.keys() | last_trade.keys())
    }


def _plans_of_runs(except_run: str | None) -> sa.Select[tuple[str]]:
    found = sa.select(tables.run_plans.c.plan)
    return found if except_run is None else found.where(tables.run_plans.c.run != except_run)
