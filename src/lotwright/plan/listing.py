"""Which securities are on the list of an account: those it holds, those its model targets, and their stand-ins.

Stand-ins are those the book declares (``substitutes``) and the lower ranks of a sleeve, unless they are substantially
identical to what they stand in for. What a model portfolio puts on the list is worked out once for all accounts of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lotwright.book.holdings import Account, Lot
from lotwright.book.market import Market, Target
from lotwright.book.relief import leaving_order
from lotwright.book.remembered import Remembered


class Holding(NamedTuple):
    """One security in one account, still in words."""

    account: int
    symbol: str
    lots: tuple[Lot, ...]
    """In the order they leave."""
    weight: float
    is_substitute: bool
    stand_in_rank: int


@dataclass(frozen=True, slots=True)
class _Place:
    """What a model portfolio says of a security."""

    weight: float = 0.0
    is_substitute: bool = False
    rank: int = 0


_NO_PLACE = _Place()


class _Models:
    """What each model portfolio of a market says, worked out when it is asked for.

    Parameters
    ----------
    market : Market
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._known: dict[str, dict[str, _Place]] = {}

    def places(self, model: str) -> dict[str, _Place]:
        """Return what a model says by symbol; nothing where there is no such model."""
        if model not in self._known:
            self._known[model] = self._places(model)
        return self._known[model]

    def _places(self, name: str) -> dict[str, _Place]:
        model = self._market.models.get(name)
        targets = model.targets if model else ()
        weight = {target.symbol: target.weight for target in targets}
        ranks = _stand_ins(targets, self._market)
        return {
            symbol: _Place(float(weight[symbol]))
            if weight.get(symbol)
            else _Place(0.0, symbol in ranks, ranks.get(symbol, 0))
            for symbol in {**weight, **ranks}
        }


_models = Remembered(_Models)


def listing(index: int, account: Account, market: Market) -> Iterator[Holding]:
    """Yield the holdings of one account, the household's number ``index``, in the order of their symbols."""
    held = leaving_order(account.lots, account.relief)
    places = _models(market).places(account.model)
    for symbol in sorted(held.keys() | places.keys()):
        place = places.get(symbol, _NO_PLACE)
        yield Holding(index, symbol, held.get(symbol, ()), place.weight, place.is_substitute, place.rank)


def _stand_ins(targets: tuple[Target, ...], market: Market) -> dict[str, int]:
    """What may stand in for a target and its best rank among the stand-ins: declared ones, lower ranks of a sleeve."""
    ranks: dict[str, int] = {}

    def stands(symbols: Iterable[str]) -> None:
        for rank, symbol in enumerate(symbols, start=1):
            ranks[symbol] = min(rank, ranks.get(symbol, rank))

    for target in targets:
        if target.weight:
            declared = market.substitutes.get(target.symbol, ())
            group = market.group_of(target.symbol)
            stands(other for other in declared if other in market.prices and market.group_of(other) != group)
    for sleeve in sorted({target.sleeve or "" for target in targets}):
        lower = [line for line in targets if not line.weight and (line.sleeve or "") == sleeve]
        stands(line.symbol for line in sorted(lower, key=lambda line: (line.rank is None, line.rank or 0, line.symbol)))
    return ranks
