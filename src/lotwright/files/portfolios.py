"""Model portfolios declared in TOML: ``models/portfolios/NAME.toml`` of the book, or as shipped with Lotwright.

A file is a list of sleeves. A sleeve has a target, perhaps a band around it, and securities in order of preference: the
first carries the weight, the others stand in for it with rank 2, 3, ... and weight 0::

    says = "World equity and US bonds in three funds."
    [[sleeve]]
    name = "US equity"
    target = 0.50
    band = { relative = 0.20, land = "half" }
    securities = ["VTI", "ITOT", "SCHB"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lotwright.book.market import Landing, ModelPortfolio, Sleeve, Target
from lotwright.files.faults import Fault, Faults, did_you_mean

WEIGHT_TOLERANCE = Decimal("1e-6")
"""FORMATS: weights of a model sum to 1 within this."""

_FILE_KEYS = ("says", "sleeve")
_SLEEVE_KEYS = ("name", "target", "band", "securities")
_BAND_KEYS = ("relative", "absolute", "land")
_LANDINGS = tuple(landing.value for landing in Landing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """A model portfolio and where it was declared: the file, and the row of each symbol where the file is a table.

    ``fault`` says why a model that is computed has no weights.
    """

    model: ModelPortfolio
    file: str
    row: Mapping[str, int] = field(default_factory=dict)
    fault: Fault | None = None


class _Declaration:
    """One file being read: says what is wrong with it, and goes on."""

    def __init__(self, file: str, faults: Faults) -> None:
        self.file = file
        self.faults = faults

    def wrong(self, where: str | None, wrong: str, cure: str, *, found: object = None) -> None:
        self.faults.add(
            Fault(file=self.file, column=where, found=None if found is None else str(found), wrong=wrong, cure=cure)
        )

    def misspelt(self, where: str, table: Mapping[str, Any], keys: Collection[str]) -> None:
        """Report a key that looks like one of ours and is none; any other unknown key is the writer's own business."""
        for key in table:
            near = "" if key in keys else did_you_mean(key, set(keys) - set(table))
            if near:
                self.wrong(f"{where}{key}", "there is no such key", near.strip())

    def fraction(self, where: str, value: object) -> Decimal | None:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite() and 0 <= number <= 1:
                return number
        if value is None:
            self.wrong(where, "it is missing", "Write a fraction: 0.25 for 25 %.")
        else:
            self.wrong(where, "it must be a number between 0 and 1", "Write a fraction: 0.25 for 25 %.", found=value)
        return None


def portfolio_of(name: str, *, file: str, data: bytes, faults: Faults) -> Portfolio | None:
    """Return the model portfolio a TOML file declares, or None with faults where it is wrong.

    Parameters
    ----------
    name : str
        Of the model.
    file : str
        For messages.
    data : bytes
    faults : Faults
    """
    declaration = _Declaration(file, faults)
    before = faults.shared.count
    try:
        document = tomllib.loads(data.decode("utf-8"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        declaration.wrong(None, f"it is not TOML: {error}", "Correct the line.")
        return None
    sleeves = document.get("sleeve")
    declaration.misspelt("", document, _FILE_KEYS)
    if not (isinstance(sleeves, list) and sleeves and all(isinstance(sleeve, dict) for sleeve in sleeves)):
        declaration.wrong("sleeve", "a model portfolio needs at least one sleeve", "Begin each with a line [[sleeve]].")
        return None
    read = [_targets(declaration, i + 1, sleeve) for i, sleeve in enumerate(sleeves)]
    targets = [target for own, _ in read for target in own]
    bands = tuple(band for _, band in read if band is not None)
    if faults.shared.count == before:
        _check_whole(declaration, targets)
    if faults.shared.count != before:
        return None
    return Portfolio(model=ModelPortfolio(name=name, targets=tuple(targets), sleeves=bands), file=file)


def _targets(declaration: _Declaration, number: int, sleeve: Mapping[str, Any]) -> tuple[list[Target], Sleeve | None]:
    """Targets of one sleeve, ranked, and its band if it has one; empty where the sleeve is wrong."""
    where = f"sleeve {number}: "
    declaration.misspelt(where, sleeve, _SLEEVE_KEYS)
    weight = declaration.fraction(f"{where}target", sleeve.get("target"))
    name = sleeve.get("name")
    if not (isinstance(name, str) and name.strip()):
        declaration.wrong(f"{where}name", "it must be a text", 'Write name = "US equity", say.', found=name)
    securities = sleeve.get("securities")
    if not (isinstance(securities, list) and securities and all(isinstance(s, str) and s.strip() for s in securities)):
        declaration.wrong(
            f"{where}securities",
            "it must be a list of symbols",
            'Write securities = ["VTI", "ITOT"], say.',
            found=securities,
        )
        return [], None
    band = _band(declaration, f"{where}band", sleeve.get("band"))
    if weight is None:
        return [], None
    lower, upper = (None, None) if band is None else _edges(weight, band[0], band[1])
    land = None if band is None else band[2]
    own = None
    if lower is not None and upper is not None:
        own = Sleeve(name=str(name), lower=lower, upper=upper, land=land)
    return [
        Target(
            symbol=symbol.strip(),
            weight=weight if rank == 1 else Decimal(0),
            sleeve=str(name),
            lower=lower if rank == 1 else None,
            upper=upper if rank == 1 else None,
            rank=rank,
            land=land if rank == 1 else None,
        )
        for rank, symbol in enumerate(securities, start=1)
    ], own


def _edges(weight: Decimal, relative: Decimal, absolute: Decimal) -> tuple[Decimal, Decimal]:
    """Edges of a band as absolute weights, cut off at 0 and 1."""
    half = weight * relative + absolute
    return max(weight - half, Decimal(0)), min(weight + half, Decimal(1))


def _band(declaration: _Declaration, where: str, band: object) -> tuple[Decimal, Decimal, Landing | None] | None:
    """Half-width of a band as a fraction of the target and as an absolute weight (one of the two is zero), and where
    trades land if it says so.
    """
    if band is None:
        return None
    if not isinstance(band, dict):
        declaration.wrong(
            where, "it must be a table", 'Write band = { relative = 0.20, land = "half" }, say.', found=band
        )
        return None
    declaration.misspelt(f"{where} ", band, _BAND_KEYS)
    given = [key for key in ("relative", "absolute") if key in band]
    if len(given) != 1:
        declaration.wrong(
            where, "it needs one of relative and absolute, and not both", "Write band = { relative = 0.20 }."
        )
        return None
    if "land" in band and band["land"] not in _LANDINGS:
        declaration.wrong(
            f"{where} land", "trades cannot land there", f"Write one of {', '.join(_LANDINGS)}.", found=band["land"]
        )
    width = declaration.fraction(f"{where} {given[0]}", band[given[0]])
    if width is None:
        return None
    land = Landing(band["land"]) if band.get("land") in _LANDINGS else None
    return (width, Decimal(0), land) if given[0] == "relative" else (Decimal(0), width, land)


def _check_whole(declaration: _Declaration, targets: list[Target]) -> None:
    total = sum((target.weight for target in targets), Decimal(0))
    if abs(total - 1) > WEIGHT_TOLERANCE:
        declaration.wrong(
            "target", "that is what the targets sum to, and they must sum to 1", "Correct them.", found=total
        )
    symbols = [target.symbol for target in targets]
    for symbol in sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}):
        declaration.wrong("securities", "it stands in the file twice", "Name each security once.", found=symbol)
