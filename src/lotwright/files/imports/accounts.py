"""Which account of the book a row of a file belongs to.

Observations: one account is ``XXXX-4321`` in one file, ``...321`` in the next and has no number in a third; two accounts
may end in the same four digits. Therefore: numbers are the same account where one is the end of the other; a file without
a number belongs to the only account there is, or to the one of its name; a tie is an error that asks for ``--account``,
never a guess. Once imported, ``accounts.imported_from`` remembers which account a number is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lotwright.errors import BookError
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.rows import Ref, Statement
from lotwright.files.imports.symbols import is_name


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNames:
    """Names that the caller gives: ``only`` for the one account of the files, ``by_end`` for ends of numbers."""

    only: str | None = None
    by_end: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Iterable[str]) -> AccountNames:
        """Return the names of ``--account NAME`` and ``--account END=NAME``.

        Raises
        ------
        BookError
            A name no book can hold, or two names for everything.
        """
        only, by_end = None, {}
        for text in given:
            end, equals, name = text.rpartition("=")
            if not is_name(name) or (equals and not end.strip(".Xx-").isdigit()):
                raise BookError(
                    f"--account {text!r} is neither NAME nor END=NAME. Write a plain name such as LEE-IRA, or the last digits of "
                    "the number and a name, such as 4321=LEE-IRA."
                )
            if equals:
                by_end[end.strip(".Xx-")] = name
            elif only is not None:
                raise BookError(
                    "--account names the one account of the files, and was given twice. For several write END=NAME."
                )
            else:
                only = name
        return cls(only=only, by_end=by_end)


@dataclass(slots=True)
class _Group:
    digits: str
    tail: str
    labels: set[str]
    refs: list[Ref]


def refs_of(statement: Statement) -> set[Ref]:
    """Return every account that any row speaks of."""
    found = set(statement.kinds)
    for rows in (
        statement.positions,
        statement.lots,
        statement.trades,
        statement.changes,
        statement.gains,
        statement.cash,
    ):
        found |= {row.ref for row in rows}
    return found


def resolve(
    statement: Statement, *, names: AccountNames, known: Mapping[str, str], prefix: str, findings: Findings
) -> dict[Ref, str]:
    """Return the account of the book for each account of the files; a tie is an error and has none.

    Parameters
    ----------
    statement : Statement
    names : AccountNames
        What the caller says.
    known : mapping
        Account of the book by what ``imported_from`` remembers.
    prefix : str
        Name of the format: an unnamed account is ``PREFIX-1234``.
    findings : Findings
        Where ties go.
    """
    refs = refs_of(statement)
    if statement.own_names:
        return _own(refs, names=names, findings=findings)
    groups = _groups(refs, findings)
    out: dict[Ref, str] = {}
    taken: dict[str, _Group] = {}
    for group in groups:
        name = _name(group, groups, names=names, known=known, prefix=prefix)
        if name is None:
            _say_nameless(group, groups, names, findings)
        elif name in taken:
            findings.add(
                Level.ERROR, "", None, None, None, f"two accounts of the files would both be {name}",
                "Name them apart by more digits of their numbers: --account 51234=LEE-IRA --account 61234=LEE-JOINT.", account=name,
            )  # fmt: skip
            out = {ref: each for ref, each in out.items() if each != name}
        else:
            taken[name] = group
            out |= dict.fromkeys(group.refs, name)
    return out


def origin_of(ref: Ref, prefix: str) -> str:
    """Return what ``imported_from`` remembers: the format and the last digits."""
    return f"{prefix}-{ref.tail}" if ref.tail else prefix


def _own(refs: set[Ref], *, names: AccountNames, findings: Findings) -> dict[Ref, str]:
    out = {}
    for ref in sorted(refs, key=lambda each: each.tail):
        name = names.only if names.only is not None and len(refs) == 1 else ref.tail
        if is_name(name):
            out[ref] = name
        else:
            findings.add(
                Level.ERROR, "", None, "account", name, "no book can hold an account of this name",
                "Use letters, digits, dots and dashes, 32 at most; or give a constant account in the mapping.", account=name,
            )  # fmt: skip
    return out


def _groups(refs: set[Ref], findings: Findings) -> list[_Group]:
    numbered = sorted((ref for ref in refs if ref.tail), key=lambda ref: (-len(ref.digits), ref.digits, ref.label))
    groups: list[_Group] = []
    for ref in numbered:
        same = [group for group in groups if group.digits.endswith(ref.digits)]
        if len(same) == 1:
            same[0].refs.append(ref)
            same[0].labels |= {ref.label.casefold()} - {""}
        elif not same:
            groups.append(_Group(ref.digits, ref.tail, {ref.label.casefold()} - {""}, [ref]))
        else:
            findings.add(
                Level.ERROR, "", None, None, f"...{ref.tail}", "two accounts of the files end in these digits",
                "Give the files of one account alone, with --account NAME.", account=ref.tail,
            )  # fmt: skip
    for ref in sorted((ref for ref in refs if not ref.tail), key=lambda ref: ref.label):
        own = [group for group in groups if ref.label.casefold() in group.labels] if ref.label else []
        same = own or (groups if len(groups) == 1 else [])
        if len(same) == 1:
            same[0].refs.append(ref)
        else:
            groups.append(_Group("", "", {ref.label.casefold()} - {""}, [ref]))
    return groups


def _name(
    group: _Group, groups: list[_Group], *, names: AccountNames, known: Mapping[str, str], prefix: str
) -> str | None:
    ends = [end for end in names.by_end if group.digits and (group.digits.endswith(end) or end.endswith(group.digits))]
    if len(ends) == 1:
        return names.by_end[ends[0]]
    if names.only is not None:
        return names.only if len(groups) == 1 else None
    if not group.tail:
        return known.get(prefix) if len(groups) == 1 else None
    return known.get(f"{prefix}-{group.tail}", f"{prefix}-{group.tail}")


def _say_nameless(group: _Group, groups: list[_Group], names: AccountNames, findings: Findings) -> None:
    label = next(iter(sorted(group.labels)), "")
    if names.only is not None and len(groups) > 1:
        ends = ", ".join(sorted(each.tail or "(no number)" for each in groups))
        findings.add(
            Level.ERROR,
            "",
            None,
            None,
            None,
            f"--account {names.only} names one account, and the files hold {len(groups)}: {ends}",
            "Name each by the end of its number: --account 4321=NAME, or give the files of one account.",
            account=group.tail,
        )
        return
    file = f" ({label})" if label else ""
    findings.add(
        Level.ERROR, "", None, None, None, f"the files do not say which account some of their rows{file} are of",
        "Name it: --account NAME.", account=group.tail,
    )  # fmt: skip
