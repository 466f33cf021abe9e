"""Cells of custodians' files to numbers and days; files to rows.

Observations: files come with byte order marks, in UTF-16 or Windows-1252, with title lines, footers and rows that are
shorter than their header; numbers with dollar signs, thousands separators, parentheses or a minus behind them; ``--``
and ``n/a`` where nothing is known; days in a dozen forms. Therefore: one reader for all, that is strict about what a
number is (``1,23`` is none) and never guesses between day and month.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from lotwright.files.imports.findings import Findings, Level

MISSING = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        "n/a",
        "na",
        "n.a.",
        "#n/a",
        "null",
        "none",
        "not available",
        "unknown",
        "incomplete",
        "not found",
        "nan",
    }
)
VARIOUS = frozenset({"various", "multiple", "var", "various dates"})
_PLAIN = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)
_USUAL = re.compile(r"\$?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+", re.ASCII)
_EUROPEAN = re.compile(r"(?:\d{1,3}(?:[.'\u00a0 ]\d{3})+|\d+)(?:,\d*)?|,\d+", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d{1,2}", re.ASCII)
_SIGNS = re.compile(r"^(?:USD|US\$|\$|GBP|EUR|£|€|C\$|CAD)\s*|\s*(?:USD|GBP|EUR|CAD)$")
DATE_FORMS = (
    "%Y-%m-%d",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%b-%d-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d-%b-%y",
)
_TIME = re.compile(
    r"(?:[T ,]+\d{1,2}:\d{2}(:\d{2})?(\.\d+)?( ?[AaPp][Mm])?|[;T ]\d{6})( ?([A-Z]{2,4}|Z|[+-]\d{2}:?\d{2}))?$"
)
MOST_CELLS = 500
csv.field_size_limit(1 << 20)


def is_missing(text: str) -> bool:
    """Return whether a cell says that nothing is known."""
    return text.strip().casefold() in MISSING


def usual(text: str) -> Decimal | None:
    """Return a number written as most are, with a dollar sign and separators at most; None where it takes more care."""
    if _USUAL.fullmatch(text) is None:
        return None
    return Decimal(text.lstrip("$").replace(",", ""))


def number(text: str, *, decimal: str = ".") -> Decimal | None:
    """Return a number as people write it, None where it is none.

    >>> [str(number(text)) for text in ("$1,234.50", "(12)", "-$3", "+0.5", "7-", "1,23", "n/a")]
    ['1234.50', '-12', '-3', '0.5', '-7', 'None', 'None']
    """
    if decimal == "." and _PLAIN.fullmatch(text):
        return Decimal(text)
    text = text.strip().replace("\u2212", "-")
    sign = 1
    if text.startswith("(") and text.endswith(")"):
        text, sign = text[1:-1].strip(), -1
    text = _SIGNS.sub("", text).strip()
    if text[:1] in {"-", "+"}:
        sign, text = (-sign if text[0] == "-" else sign), _SIGNS.sub("", text[1:]).strip()
    elif text[-1:] == "-":
        sign, text = -sign, text[:-1].rstrip()
    if decimal == "," and _EUROPEAN.fullmatch(text):
        text = re.sub(r"[.'\u00a0 ]", "", text).replace(",", ".")
    elif decimal == "." and _NUMBER.fullmatch(text):
        text = text.replace(",", "")
    elif text[:1] in {"-", "+"} or not _EXPONENT.fullmatch(text):
        return None
    return sign * Decimal(text)


@lru_cache(maxsize=65_536)
def day(text: str, forms: tuple[str, ...] = DATE_FORMS) -> date | None:
    """Return a day as custodians write it, a time of day behind it aside; None where it is none.

    ``02/07/2024 as of 02/05/2024`` is the fifth: the day it took effect, which is the trade date.

    >>> [str(day(text)) for text in ("2020-03-23", "3/5/2021", "08/24/2020 13:22:52", "02/07/2024 as of 02/05/2024", "25-Mar-2021")]
    ['2020-03-23', '2021-03-05', '2020-08-24', '2024-02-05', '2021-03-25']
    """
    text = text.strip()
    if len(text) == 10 and text[4] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    if " as of " in text:
        text = text.rpartition(" as of ")[2].strip()
    text = _TIME.sub("", text)
    for form in forms:
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007  a day has no zone
        except ValueError:
            continue
        if 1900 <= found.year <= 2200:
            return found
    return None


def decoded(content: bytes, *, file: str, findings: Findings, encoding: str | None = None) -> str:
    """Return the text of a file, its byte order mark gone; another encoding than UTF-8 is noted."""
    if encoding is None:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
        else:
            try:
                return content.decode("utf-8-sig").replace("\x00", "")
            except UnicodeDecodeError:
                encoding = "cp1252"
        findings.add(
            Level.NOTE, file, None, None, None, f"the file is not UTF-8 and was read as {encoding}",
            "Look at names with accents; save it as UTF-8 if they are wrong.",
        )  # fmt: skip
    return content.decode(encoding, "replace").removeprefix("\ufeff").replace("\x00", "")


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines of a text, their ends kept, without a second copy of it."""
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    if start < len(text):
        yield text[start:]


def rows_of(text: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV text that are not blank, with the number a spreadsheet shows."""
    reader = csv.reader(lines_of(text), delimiter=delimiter)
    count = 0
    while True:
        try:
            for cells in reader:
                count += 1
                if cells and (cells[0] or any(cell and not cell.isspace() for cell in cells)):
                    yield count, cells[:MOST_CELLS] if len(cells) > MOST_CELLS else cells
        except csv.Error:  # a cell of megabytes: a quotation mark that nothing closes
            count += 1
            yield count, ["\ufffd"]
            continue
        return
