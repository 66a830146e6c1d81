"""The study: a folder is read, checked, built from its sources, and turned into results."""

from peacestudy.study.cite import cite
from peacestudy.study.load import check, load_study
from peacestudy.study.results import RESULTS, Results, results_of
from peacestudy.study.study import Study

__all__ = ["RESULTS", "Results", "Study", "check", "cite", "load_study", "results_of"]
