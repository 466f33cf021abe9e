"""The formats by name."""

from __future__ import annotations

from lotwright.files.imports.fidelity import Fidelity
from lotwright.files.imports.ibkr import InteractiveBrokers
from lotwright.files.imports.morgan_stanley import MorganStanley
from lotwright.files.imports.ofx import Ofx
from lotwright.files.imports.rows import Format
from lotwright.files.imports.schwab import Schwab
from lotwright.files.imports.vanguard import Vanguard

FORMATS: dict[str, Format] = {
    each.name: each for each in (Schwab(), Fidelity(), InteractiveBrokers(), Vanguard(), MorganStanley(), Ofx())
}
"""Formats of custodians' files; ``csv`` needs a mapping and ``alpaca`` a broker, so they are made when asked for."""
