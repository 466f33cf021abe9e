"""The tree of an OFX document, version 1 (SGML) or 2 (XML), with the line of each element.

Problem: the libraries for OFX are under the GPL, which a dependency of this project cannot be, or forget which list a
position stood in and on which line. Observations: OFX 1 is SGML of the simplest kind (OFX 1.6, 2.3.2.1): an element with
a value needs no end tag, an aggregate has one, and no element has attributes; OFX 2 is XML of the same elements. Nothing
is ever included or expanded. Therefore: tags are read in order, a tag followed by text is a value, any other opens an
aggregate; an end tag closes what it names and everything left open inside.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TAG = re.compile(r"<(/?)([A-Za-z0-9._]+)\s*/?>([^<]*)")
MOST_DEPTH = 100


@dataclass(slots=True)
class Element:
    """One element: its tag in capitals, its value (empty for an aggregate), its line, what it holds."""

    tag: str
    text: str
    line: int
    children: list[Element] = field(default_factory=list)

    def first(self, *path: str) -> Element | None:
        """Return the first element down this path of tags, None where there is none."""
        found: Element | None = self
        for tag in path:
            found = next((child for child in found.children if child.tag == tag), None) if found is not None else None
        return found

    def value(self, *path: str) -> str:
        """Return the value down this path, empty where there is none."""
        found = self.first(*path)
        return found.text if found is not None else ""

    def every(self, *tags: str) -> Iterator[Element]:
        """Yield every element of these tags below this one, in order."""
        for child in self.children:
            if child.tag in tags:
                yield child
            yield from child.every(*tags)


def ofx_tree(text: str) -> Element | None:
    """Return the element ``OFX`` of a document, None where there is none or where it is nested beyond reason."""
    start = re.search(r"<OFX>", text, re.IGNORECASE)
    if start is None:
        return None
    root = Element("OFX", "", text.count("\n", 0, start.start()) + 1)
    open_ = [root]
    line, at = root.line, start.start()
    for match in _TAG.finditer(text, start.end()):
        line += text.count("\n", at, match.start())
        at = match.start()
        tag, value = match[2].upper(), html.unescape(match[3]).strip()
        if match[1]:
            _close(open_, tag)
        else:
            element = Element(tag, value, line)
            open_[-1].children.append(element)
            if not value:
                open_.append(element)
        if len(open_) > MOST_DEPTH:
            return None
    return root


def _close(open_: list[Element], tag: str) -> None:
    """Close the innermost open element of this tag; the end tag of a value closes nothing."""
    places = [place for place, element in enumerate(open_) if element.tag == tag and place]
    if places:
        del open_[places[-1] :]
