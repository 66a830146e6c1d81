"""A study folder: read, check, compute results, trace a number and cite."""

from peacestudy.study.citations import cite
from peacestudy.study.load import check, load_study
from peacestudy.study.results import RESULTS, Results, results_of
from peacestudy.study.study import Study
from peacestudy.study.tracing import Trace, trace

__all__ = [
    "RESULTS",
    "Results",
    "Study",
    "Trace",
    "check",
    "cite",
    "load_study",
    "results_of",
    "trace",
]
