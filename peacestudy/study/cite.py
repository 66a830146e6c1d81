"""What is owed: the BibTeX of everything a study rests on."""

from pathlib import Path

from peacestudy.core.tables import read_text
from peacestudy.study.load import study_folder
from peacestudy.study.study import Study


def cite(study: Study | str | Path) -> str:
    """The BibTeX of a study's sources and of the works its codebook rests on, from its CITATION.bib.

    Examples
    --------
    >>> import peacestudy as ps
    >>> "bell2019" in ps.cite("peace_agreements")
    True
    """
    folder = study.folder if isinstance(study, Study) else study_folder(study)
    return read_text(folder / "CITATION.bib")
