"""peacestudy: comparative case studies of international
partnerships for peace, from coded texts to findings.

Code collaborations on pillar indicators, join them with outcome data,
compare them, and say how far to trust the result.

>>> import peacestudy as ps
>>> study = ps.load_study("peace_agreements")
>>> frame = study.frame("primary")
>>> len(frame)
99
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.1"

# Public name -> module that holds it. A name is imported when first used: `import peacestudy` stays
# quick.
_HOME = {
    "PeacestudyError": "errors",
    "CodebookError": "errors",
    "CodingError": "errors",
    "SourceError": "errors",
    "JoinError": "errors",
    "SpecError": "errors",
    "FitError": "errors",
    "Problem": "core.problems",
    "Note": "core.problems",
    "Codebook": "core.codebook",
    "Pillar": "core.codebook",
    "Indicator": "core.codebook",
    "Code": "core.codebook",
    "Case": "core.cases",
    "StudyFrame": "core.frame",
    "CodingSheet": "coding",
    "Coding": "coding",
    "alpha": "coding",
    "agreement": "coding",
    "adjudicate": "coding",
    "score": "coding",
    "OutcomeTable": "outcomes",
    "join": "joins",
    "ModelSpec": "models",
    "Fit": "models",
    "fit": "models",
    "effects": "models",
    "predict": "models",
    "propagate": "robustness",
    "Accuracy": "robustness",
    "stability": "robustness",
    "Study": "study",
    "load_study": "study",
    "check": "study",
    "cite": "study",
    "trace": "study",
}
_ROOMS = (
    "core",
    "coding",
    "outcomes",
    "joins",
    "models",
    "robustness",
    "figures",
    "tables",
    "study",
)

__all__ = [*_HOME, "figures", "tables"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"peacestudy.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _ROOMS:
        return import_module(f"peacestudy.{name}")
    raise AttributeError(f"peacestudy has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*__all__, *_ROOMS, "__version__"})
