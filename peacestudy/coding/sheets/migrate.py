"""A sheet of an older codebook under the newer one: what changed,
and what of the coder's work still holds.

Codes of an indicator that is asked as before are taken. Those of one that was reworded are taken
and named. A code follows its label where labels were renumbered, and its number where only the
label was reworded. What has no place any more is set aside, whole, and named.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from peacestudy.coding.sheets.layout import read_codes_text, text_of
from peacestudy.core.codebook import Codebook, Indicator
from peacestudy.core.problems import Note


@dataclass(frozen=True)
class Change:
    """How one indicator differs from what the coder was asked.

    Attributes
    ----------
    indicator : its id.
    labels : label by code, as the coder was shown them.
    codes : the code of the codebook for each code of the
        coder's; None where there is none any more.
    what : the differences in words; empty where nothing changed.
    removed : whether the codebook has no such indicator.
    """

    indicator: str
    labels: Mapping[int, str]
    codes: Mapping[int, int | None]
    what: tuple[str, ...] = ()
    removed: bool = False


def change_of(indicator: str, text: str, question: str, codes: str, codebook: Codebook) -> Change:
    """How an indicator differs from what a row of the file asked.

    Parameters
    ----------
    indicator : id as asked.
    text : digest of what was asked, from the row's technical cell.
    question, codes : the cells of these columns in the row.
    codebook : the codebook of today.
    """
    shown = read_codes_text(codes)
    now = codebook.indicators.get(indicator)
    if now is None:
        return Change(indicator, shown, {}, (f"{indicator} was removed",), removed=True)
    today = {c.value: c.label for c in now.codes}
    if text == text_of(now):
        return Change(indicator, today, {value: value for value in today})
    shown = shown or today
    moved = {value: _moved(value, label, today) for value, label in shown.items()}
    return Change(indicator, shown, moved, (_worded(now, question, shown, today, moved),))


def _moved(value: int, label: str, today: Mapping[int, str]) -> int | None:
    if today.get(value) == label:
        return value
    same = [v for v, own in today.items() if own == label]
    if len(same) == 1:
        return same[0]
    return value if value in today and not same else None


def _worded(
    now: Indicator,
    question: str,
    shown: Mapping[int, str],
    today: Mapping[int, str],
    moved: Mapping[int, int | None],
) -> str:
    parts = []
    if question and question != now.question:
        parts.append(f"its question was {question!r} and is {now.question!r}")
    for value, label in shown.items():
        new = moved[value]
        if new is None:
            parts.append(f"its code {value} {label} was removed")
        elif new != value:
            parts.append(f"its code {value} {label} is now {new}")
        elif today[new] != label:
            parts.append(f"its code {value} was {label!r} and is {today[new]!r}")
    kept = {v for v in moved.values() if v is not None}
    parts += [
        f"its code {value} {label} is new" for value, label in today.items() if value not in kept
    ]
    return f"{now.id}: " + ("; ".join(parts) or "its anchors were reworded")


def migration_notes(
    changes: Mapping[str, Change],
    taken: Mapping[str, int],
    aside: Mapping[str, int],
    old: str,
    codebook: Codebook,
) -> list[Note]:
    """What a reader of the codes must know about the codebook's changes.

    Parameters
    ----------
    changes : by indicator, those of the file.
    taken, aside : number of codes taken and of rows set aside, by indicator.
    old : version for which the sheet was written.
    """
    differ = [c for c in changes.values() if c.what]
    versions = (
        f"version {old} of codebook {codebook.id} and is read under version {codebook.version}"
    )
    if not differ:
        same = f"The sheet was written for {versions}; none of its questions has changed."
        return [Note("codebook_version", same)] if old != codebook.version else []
    head = (
        f"The sheet was written for {versions}; {len(differ)} of its {len(changes)} indicators"
        " changed."
    )
    if old == codebook.version:
        head = (
            f"{len(differ)} of the sheet's {len(changes)} indicators changed although codebook"
            f" {codebook.id} is still version {old}. Give the changed codebook a version of its"
            " own."
        )
    notes = [Note("codebook_version", head)]
    for c in differ:
        left = f" {aside[c.indicator]} row(s) set aside." if aside.get(c.indicator) else ""
        held = "" if c.removed else f" {taken.get(c.indicator, 0)} code(s) taken."
        notes.append(Note("removed" if c.removed else "reworded", f"{c.what[0]}.{held}{left}"))
    return notes


def unasked_note(asked: set[str], scope: str, codebook: Codebook) -> list[Note]:
    """Which indicators of the codebook the sheet does not ask, where it
    once asked them all or the codebook has grown.

    Parameters
    ----------
    asked : indicators of the sheet.
    scope : what the technical cell says of them, such as ``203x53of60``.
    """
    added = [name for name in codebook.indicators if name not in asked]
    width, _, of = scope.partition("x")[2].partition("of")
    if not added or not of.isdigit() or (width != of and int(of) >= len(codebook.indicators)):
        return []  # the sheet was made for a part of the codebook, and the codebook has not grown
    since = (
        "were added since"
        if width == of
        else ("are not in the sheet, because they were added later")
    )
    text = f"{len(added)} indicator(s) of the codebook {since}: {', '.join(added)}."
    return [
        Note(
            "added",
            text + " Write a sheet for them with ps.coding.blank_sheet(..., indicators=[...]).",
        )
    ]
