"""How far weights are from their targets: absolutely, relatively, or out of their declared bands.

Drift that the client's own rules keep from being traded away (a security that may not be sold is above its target) would
hold for ever and change nothing, so it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from lotwright.book import weight_words
from lotwright.errors import ProgramError
from lotwright.trigger.conditions.setting import CHEAP, FORBID, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict
from lotwright.trigger.weights import Line, may_be_cured, security_lines, sleeve_lines

SHOWN = 3
_NOISE = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Holds when a security or sleeve has drifted from its target: by points of account value, by a fraction of the
    target, or out of the band its model declares."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = CHEAP
    kind: Literal["drift"] = "drift"
    absolute: float | None = setting(
        "Difference of weight and target, as a fraction of account value: 0.05 is 5 points.", default=None, gt=0, le=1
    )
    relative: float | None = setting("Difference as a fraction of the target: 0.25 is a quarter.", default=None, gt=0)
    bands: bool = setting("Out of the model's own lower and upper weights (of securities).", default=False)
    of: Literal["security", "sleeve"] = setting(
        "Security by security, or sleeve by sleeve; a stand-in counts in the sleeve of what it stands in for.",
        default="security",
    )
    need: Literal["either", "both"] = setting("Where absolute and relative are given.", default="either")
    smallest_target: float = setting("Targets below this fraction are not judged relatively.", default=0.0, ge=0, le=1)
    at_least: int = setting("So many lines must have drifted.", default=1, ge=1)

    def __post_init__(self) -> None:
        if self.absolute is None and self.relative is None and not self.bands:
            raise ProgramError("drift has no threshold. Give absolute, relative or bands = true.")
        if self.bands and self.of == "sleeve":
            raise ProgramError(
                'bands are declared for securities. Leave of = "sleeve" out, or give absolute or relative.'
            )

    def judge(self, situation: Situation) -> Verdict:
        """The lines that are out, farthest first."""
        out = sorted(self._out(situation), key=lambda line: (-abs(line.drift), line.account, line.name))
        holds = len(out) >= self.at_least
        shown = "; ".join(_words(line) for line in out[:SHOWN])
        more = f"; and {len(out) - SHOWN} more" if len(out) > SHOWN else ""
        plural = "securities" if self.of == "security" else "sleeves"
        if not out:
            why = f"No {self.of} is out: {self._limits()}."
        elif holds:
            why = f"Out ({self._limits()}): {shown}{more}."
        else:
            why = (
                f"Only {len(out)} of the {self.at_least} {plural} asked for are out ({self._limits()}): {shown}{more}."
            )
        figures = {"out": len(out), "farthest": round(abs(out[0].drift), 6) if out else None}
        return Verdict(kind=self.kind, holds=holds, why=why, figures=figures)

    def _out(self, situation: Situation) -> Iterator[Line]:
        for weights in situation.weights:
            if weights.value <= 0:
                continue
            if self.of == "sleeve":
                yield from (line for line in sleeve_lines(weights) if self._is_out(line))
                continue
            for line in security_lines(weights, situation.market):
                if self._is_out(line) and may_be_cured(line, weights.account, situation.market):
                    yield line

    def _is_out(self, line: Line) -> bool:
        if self.bands and (
            (line.lower is not None and line.weight < line.lower - _NOISE)
            or (line.upper is not None and line.weight > line.upper + _NOISE)
        ):
            return True
        tests = []
        if self.absolute is not None:
            tests.append(abs(line.drift) >= self.absolute - _NOISE)
        if self.relative is not None:
            is_judged = line.target > 0 and line.target >= self.smallest_target
            tests.append(is_judged and abs(line.drift) >= self.relative * line.target - _NOISE)
        return bool(tests) and (any(tests) if self.need == "either" else all(tests))

    def _limits(self) -> str:
        said = []
        if self.absolute is not None:
            said.append(f"{self.absolute:.4g} of value")
        if self.relative is not None:
            said.append(f"{self.relative:.4g} of target")
        joined = (" or " if self.need == "either" else " and ").join(said)
        return " or ".join(filter(None, [joined, "outside its band" if self.bands else ""]))


def _words(line: Line) -> str:
    weight, target = weight_words.weights(line.weight, line.target)
    return f"{line.name} in {line.account} is {weight}, target {target}"
