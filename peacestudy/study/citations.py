"""What is owed: the BibTeX of everything that a study, a frame or a table rests on."""

import re
from pathlib import Path

from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import nearest
from peacestudy.core.tables import read_text
from peacestudy.errors import SourceError
from peacestudy.outcomes import SOURCES, OutcomeTable
from peacestudy.study.load import study_folder
from peacestudy.study.study import Study

_START = re.compile(r"^(?=@)", re.MULTILINE)  # where an entry begins
_KEY = re.compile(r"@\w+\s*\{\s*([^,\s]+)\s*,")


def cite(what: Study | StudyFrame | OutcomeTable | str | Path) -> str:
    """The BibTeX entries to cite for a study, a frame, a table or a source.

    Parameters
    ----------
    what : Study, StudyFrame, OutcomeTable, str or Path
        A Study, its name or folder: its CITATION.bib, with its sources and the works its codebook
        rests on. A StudyFrame: the study it comes from, if any, and every source that was joined to
        it. An OutcomeTable, or an id of ``ps.outcomes.sources()``: the entries of that source.

    Returns
    -------
    str
        BibTeX. For a frame each entry occurs once, by its key, and a comment line (``%``) names
        every join with a table of your own, whose references you must add.

    Raises
    ------
    SourceError
        There is no study, folder or source of that name.

    Examples
    --------
    >>> "bell2019" in ps.cite("peace_agreements")
    True
    >>> print(ps.cite("wdi"))
    @misc{worldbank2025, author = {{World Bank}}, title = {World Development Indicators},
    year = {2025}}
    """
    if isinstance(what, OutcomeTable):
        return _once([what.source.bibtex]) or _own(
            what.source.name, what.source.id, what.source.citation
        )
    if isinstance(what, StudyFrame):
        return _of_frame(what)
    if isinstance(what, Study):
        return read_text(what.folder / "CITATION.bib")
    if isinstance(what, str) and what in SOURCES:
        return _once([SOURCES[what].bibtex])
    if not isinstance(what, str | Path):
        raise SourceError(
            "cite takes a study, a StudyFrame, an OutcomeTable, or the name of a study or source,"
            f" not a {type(what).__name__}."
        )
    try:
        folder = study_folder(what)
    except SourceError as err:
        advice = (
            nearest(str(what), list(SOURCES)) or " ps.outcomes.sources() lists the known sources."
        )
        raise SourceError(f"{err} Nor is it the id of a source.{advice}") from err
    return read_text(folder / "CITATION.bib")


def _of_frame(frame: StudyFrame) -> str:
    texts = [read_text(Path(frame.origin) / "CITATION.bib")] if frame.origin else []
    own = []
    for joined in frame.joined:
        if joined.source in SOURCES:
            texts.append(SOURCES[joined.source].bibtex)
        else:
            own.append(_own(joined.name, joined.source, joined.citation))
    return _once(texts) + "".join(own)


def _own(name: str, source: str, citation: str) -> str:
    """The comment line for a table that is no known source; names hold no line break in it."""
    whose = f"{source}, a source of your own" if source else "a table of your own"
    owed = f"you wrote of it: {citation}" if citation else "add its citation yourself"
    return " ".join(f"% {name}: from {whose}; {owed}".split()) + "\n"


def _once(texts: list[str]) -> str:
    """The entries of BibTeX texts, each key once, in the order in which they come first; text
    without a key stays as it is.
    """
    entries: dict[str, str] = {}
    for text in texts:
        for part in _START.split(text):
            key = _KEY.match(part)
            entries.setdefault(key[1] if key else part, part.strip())
    return "".join(f"{entry}\n" for entry in entries.values() if entry)
