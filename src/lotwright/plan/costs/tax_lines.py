"""The year's tax as the least of a few convex functions, each a largest of lines: the shape solvers can use.

Every law's T is a function of the year's net gain, what losses carried out are worth included: k for each dollar.

United States. Problem: T of net short gain S and net long gain L is piecewise linear and not convex: a loss absorbs
gains of the other term, then other income up to a cap C, and what remains is carried to later years.
Observations: with N = S + L, h and l the higher and lower of the two rates, H the gain taxed at h, t_o the rate of the
deduction and k = carried_loss_value * long rate (at most t_o),

    N >= 0:  T = l N + (h - l) min(H+, N)        N < 0:  T = max(t_o N, k N - (t_o - k) C)

and each of ``l N + (h - l) H+``, ``h N`` and the loss branch can be continued over the whole plane without undercutting
T. Therefore: T is exactly the minimum of two convex functions (three if t_o > h):

    T(S, L) = min( max(l N, h H + l (N - H), k N - (t_o - k) C [, t_o N if t_o < l]),
                   max(h N, t_o N, k N - (t_o - k) C) )

Where the long rate l is a low one that holds only while N stays within a room R, and a higher rate u above it (the 0 %
bracket), T for gains of both terms is ``t_s S + l L + (u - l) min(L, (N - R)+)``. The minimum in it is again one of
convex functions: T is the minimum of the pieces above with u in place of l, and of one piece more, the first piece with
l plus ``(u - l) (N - R)+``, which is never below T and equals it while short-term gain alone does not fill the room.

United Kingdom. With G the year's net gain, A the exempt amount, C losses brought forward, used only down to A, basic
and higher rates b <= h and a band B left of the basic rate, T + k C has slope k below 0 (a net loss is carried on), 0
from 0 to A, k from A to A + C (losses brought forward are used up), then b, then h: convex but for the kink at 0, so

    T(G) + k C = min( max(0, k (G - A), c), max(k G, c) ),   c = max(b (G - A - C) + k C, h (G - A - C - B) + b B + k C)

where k <= b. The first is the lower one only where G > 0, the second is right wherever G <= 0.

Canada. With G the net gain, C losses carried in and t the rate on gains, T(G) = max(t (G - C), k (G - C)) is convex.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import numpy as np

from lotwright.plan.snapshot import Floats
from lotwright.tax.household import HouseholdTax
from lotwright.tax.regimes.plan_canada import CanadaYear
from lotwright.tax.regimes.plannable import YearSoFar
from lotwright.tax.regimes.uk_year import UnitedKingdomYear
from lotwright.tax.year import UNLIMITED, TaxRates

_Line = tuple[float, float, float]


def year_pieces(year: YearSoFar, *, carried_loss_value: float) -> tuple[Floats, ...]:
    """Convex pieces whose minimum is a year's T; each of shape (m, 3), rows (a, b, c) of lines ``a S + b L + c``.

    Empty when nothing is taxed. Where two pieces are given, the first is below the second only where both the long and
    the total gain are positive, and the second is T wherever either is not.

    Raises
    ------
    TypeError
        The law of that year has no lines here: a new law needs a case of its own.
    """
    worth = float(year.loss_worth(Decimal(carried_loss_value)))
    match year:
        case HouseholdTax():
            return tax_pieces(year.rates, carried_loss_value=carried_loss_value)
        case UnitedKingdomYear():
            return _united_kingdom(year, worth)
        case CanadaYear():
            return _canada(year, worth)
        case _:
            raise TypeError(f"No lines are known of the tax of a {type(year).__name__}. Add a case to year_pieces.")


def _united_kingdom(year: UnitedKingdomYear, worth: float) -> tuple[Floats, ...]:
    """Two pieces that differ at the kink where a net gain becomes a net loss (module docstring)."""
    basic, higher, band = float(year.basic), float(year.higher), float(year.band)
    exempt, carried = float(year.exempt), float(year.carried)
    if higher == 0:
        return ()
    left = basic if band else higher
    taxed = [_gain_line(left, -left * (exempt + carried))]
    if band:
        taxed.append(_gain_line(higher, -higher * (exempt + carried + band) + basic * band))
    rising = _gain_line(worth, -worth * (exempt + carried))
    nothing, loss = _gain_line(0.0, -worth * carried), _gain_line(worth, -worth * carried)
    return tuple(_lines(rows) for rows in dict.fromkeys(((nothing, rising, *taxed), (loss, *taxed))))


def _canada(year: CanadaYear, worth: float) -> tuple[Floats, ...]:
    rate, carried = float(year.rate), float(year.carried)
    if rate == 0:
        return ()
    return (_lines([_gain_line(rate, -rate * carried), _gain_line(worth, -worth * carried)]),)


def _gain_line(slope: float, constant: float) -> _Line:
    """A line in the net gain, whatever its term."""
    return slope, slope, constant


def tax_pieces(rates: TaxRates, *, carried_loss_value: float) -> tuple[Floats, ...]:
    """The convex pieces of T for given rates (module docstring); empty when every rate is zero.

    Examples
    --------
    >>> rates = TaxRates(short=Decimal(".4"), long=Decimal(".2"), deduction_cap=Decimal(0))
    >>> first, second = tax_pieces(rates, carried_loss_value=0.5)
    >>> second.round(3).tolist()
    [[0.4, 0.4, 0.0], [0.1, 0.1, 0.0]]
    """
    short, long = float(rates.short), float(rates.long)
    deduct, cap = float(rates.deduction_rate), float(rates.deduction_cap)
    above = float(rates.long_above) if rates.room < UNLIMITED else long
    if short == long == deduct == above == 0:
        return ()
    worth = min(carried_loss_value * long, deduct)
    lost = [(worth, worth, -(deduct - worth) * cap)]
    deducted = (deduct, deduct, 0.0)
    high = max(short, above)
    together = [(high, high, 0.0), *lost] + ([deducted] if deduct <= high else [])
    pieces = [_lines(_apart(short, above, deducted) + lost), _lines(together)]
    if deduct > high:
        pieces.append(_lines([deducted, *lost]))
    if above != long:
        within, step, room = _apart(short, long, deducted), above - long, float(rates.room)
        over = [(a + step, b + step, c - step * room) for a, b, c in within]
        pieces.insert(0, _lines(within + over + lost))
    return tuple(pieces)


def _apart(short: float, long: float, deducted: _Line) -> list[_Line]:
    """Lines of the piece that is exact for gains of both terms."""
    low = min(short, long)
    return [(low, low, 0.0), (short, long, 0.0)] + ([deducted] if deducted[0] < low else [])


def _lines(rows: Iterable[_Line]) -> Floats:
    """Rows without repetitions, in their order."""
    return np.array(list(dict.fromkeys(rows)))
