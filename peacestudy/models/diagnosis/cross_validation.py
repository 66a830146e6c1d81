"""Predictions for cases that the model has not seen, compared with those for permuted outcomes.

Without any association the area under the ROC curve pooled over left-out groups is below one half,
since each group is predicted from a share without its own outcomes: it is therefore compared with
that of the same procedure on permuted outcomes.

Sources: Stone (1974), JRSS B 36(2) (cross-validation); Ojala and Garriga (2010), Journal of Machine
Learning Research 11 (permutation tests of classifiers); Puhr et al. (2017), Statistics in Medicine
36(14) (FLIC).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from peacestudy.core.clock import last_days
from peacestudy.core.display import html_table
from peacestudy.core.draw_order import places_by_id
from peacestudy.core.frame import StudyFrame
from peacestudy.core.problems import Note
from peacestudy.core.tied_survival_times import tied_times
from peacestudy.errors import FitError, SpecError
from peacestudy.models.clock_check import check_clock
from peacestudy.models.diagnosis.accuracy import areas, log_scores
from peacestudy.models.diagnosis.held_out import Fold, predict_fold
from peacestudy.models.engines.engine import Engine
from peacestudy.models.engines.registry import engine_of, names_where
from peacestudy.models.formulas.design import build_design
from peacestudy.models.formulas.formula import parse
from peacestudy.models.formulas.lags import refuse_lags
from peacestudy.models.missing.one_table import refuse_imputed
from peacestudy.models.spec import ModelSpec

SCORES = ("auc", "brier", "log_score")
HIGHER = "auc"  # the score of which more is better
FEWEST = 3  # cases from which a model is fitted


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """How well models predict cases that they have not seen.

    Attributes
    ----------
    scores : DataFrame
        ``model, split, n_train, n_predicted, n_not_known, score, value, permuted_mean,
        permuted_low, permuted_high, share_as_good``: a row for each model, split and score
        (``auc``, higher is better; ``brier`` and ``log_score``, lower is better); the mean, 5th
        and 95th percentile of the score with permuted outcomes, and the share of permutations
        with a score at least as good. ``n_train``: training cases, the fewest of any fold;
        ``n_not_known``: cases that are neither trained on nor predicted, because they lie before
        the cut and their outcome was known only after it.
    predictions : DataFrame
        ``case, model, split, probability, outcome``: a row for each case that was left out and
        predicted.
    dropped : DataFrame
        Rows that some model cannot use and that are given to none: ``case, term, reason``.
    notes : tuple of Note
        Conventions, and reasons for caution.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"x": rng.normal(size=60), "state": np.tile(list("abcde"), 12)})
    >>> d["y"] = (2 * d.x + rng.logistic(size=60) > 0).astype(int)
    >>> spec = ps.ModelSpec("m", "y ~ x", "firth", "classical")
    >>> found = ps.models.out_of_sample(d, [spec], groups="state", draws=19, seed=1)
    >>> found.predictions.columns.tolist(), len(found.predictions)
    (['case', 'model', 'split', 'probability', 'outcome'], 60)
    """

    scores: pd.DataFrame
    predictions: pd.DataFrame = field(repr=False)
    dropped: pd.DataFrame = field(repr=False)
    notes: tuple[Note, ...]

    def _repr_html_(self) -> str:
        return html_table(self.scores, "Out-of-sample scores", self.notes, rows=len(self.scores))


def out_of_sample(
    frame: StudyFrame | pd.DataFrame,
    specs: Sequence[ModelSpec],
    *,
    groups: str | None = None,
    time: tuple[str, float] | None = None,
    known_from: str | None = None,
    draws: int = 500,
    seed: int,
) -> OutOfSample:
    """Predict cases that the models have not seen: other groups, or later cases.

    Parameters
    ----------
    frame : StudyFrame or DataFrame
        The key of a StudyFrame or the index of a DataFrame names the cases.
    specs : sequence of ModelSpec
        Models of the same outcome, engine ``firth``, each with an intercept; the vcov is not used.
    groups : str, optional
        A column; each of its values is left out once.
    time : tuple of (str, float), optional
        A column and the last value of the training cases: models are fitted to the rows up to it
        and predict those after it. A difference of the size of floating-point noise is none.
    known_from : str, optional
        With ``time``: a column of years, dates or other times, from which the outcome of each case
        is known. Rows up to the last value are training cases only if their outcome is known by
        then (a year counts as its last day); the others are counted, and neither trained on nor
        predicted.
    draws : int, optional
        Number of permutations of the outcome over all cases, the same for every model.
    seed : int
        Seed of the permutations, which are given to cases in the order of their ids.

    Returns
    -------
    OutOfSample
        Scores, predictions and notes. Means, standard deviations and categories of a formula are
        those of the training cases. A case with a category that these do not have is not predicted,
        and counted in a note.

    Raises
    ------
    SpecError
        Neither groups nor time; ``known_from`` without time; models of different outcomes or of
        another engine; an unknown column. With a clock: a column of a model, the groups or the
        time are known only after it, as in ``ps.fit``.
    FitError
        Too few training cases, collinear terms among them, no convergence.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import peacestudy as ps
    >>> rng = np.random.default_rng(1)
    >>> d = pd.DataFrame({"x": rng.normal(size=60), "state": np.tile(list("abcde"), 12)})
    >>> d["y"] = (2 * d.x + rng.logistic(size=60) > 0).astype(int)
    >>> spec = ps.ModelSpec("m", "y ~ x", "firth", "classical")
    >>> found = ps.models.out_of_sample(d, [spec], groups="state", draws=19, seed=1)
    >>> found.scores[["score", "value", "permuted_mean"]].round(2).values.tolist()
    [['auc', 0.76, 0.4], ['brier', 0.2, 0.26], ['log_score', 0.58, 0.72]]
    """
    refuse_imputed(
        "out_of_sample",
        frame,
        instead=(
            "Values were imputed from all rows, including those to be predicted: give the data"
            " without imputation."
        ),
    )
    _check(specs, groups, time, known_from, draws)
    table = (frame.data if isinstance(frame, StudyFrame) else frame).reset_index(drop=True)
    cases = (
        frame.data[frame.key].tolist() if isinstance(frame, StudyFrame) else frame.index.tolist()
    )
    further = tuple(c for c in (groups, time[0] if time else None) if c is not None)
    needed = further if known_from is None else (*further, known_from)
    used, y, dropped = _common(table, specs, needed)
    late: list[Note] = []
    for spec in specs:
        late += check_clock(frame, spec, [cases[i] for i in used], further)
    order = places_by_id([cases[i] for i in used])
    deals = np.repeat(y[None], draws + 1, axis=0)
    deals[1:, order] = np.random.default_rng(seed).permuted(np.tile(y[order], (draws, 1)), axis=1)
    part = table.loc[used].reset_index(drop=True)
    scores, predictions, notes = [], [], [_convention(draws, seed), *late]
    for split, folds, unknown in _splits(part, groups, time, known_from):
        if unknown:
            notes.append(_not_known(split, str(known_from), unknown))
        fewest = min(len(fold.train) for fold in folds)
        for spec in specs:
            p, told = _probabilities(part, spec, folds, deals, split)
            seen = _seen(p[0], f"{spec.name}, {split}")
            head = spec.name, split, fewest, len(seen), unknown
            scores += [(*head, *row) for row in _scored(deals[:, seen], p[:, seen])]
            predictions += [(cases[used[i]], spec.name, split, p[0, i], y[i]) for i in seen]
            notes += told
            if np.ptp(y[seen]) == 0:
                text = (
                    f"{spec.name}, {split}: the outcome is the same in all cases predicted, so"
                    " there is no ROC curve."
                )
                notes.append(Note("no_variation", text))
    columns = [
        "model",
        "split",
        "n_train",
        "n_predicted",
        "n_not_known",
        "score",
        "value",
        "permuted_mean",
        "permuted_low",
        "permuted_high",
        "share_as_good",
    ]
    left = dropped.assign(case=[cases[i] for i in dropped["case"]])
    if len(left):
        notes.append(
            Note(
                "dropped",
                f"{len(left)} row(s) left out of every model, because at least one model cannot"
                " use them.",
            )
        )
    return OutOfSample(
        pd.DataFrame(scores, columns=columns),
        pd.DataFrame(predictions, columns=["case", "model", "split", "probability", "outcome"]),
        left,
        tuple(notes),
    )


def _seen(p: np.ndarray, where: str) -> np.ndarray:
    """Positions of the cases that are predicted."""
    seen = np.flatnonzero(np.isfinite(p))
    if not len(seen):
        raise FitError(
            f"{where}: no case can be predicted: their categories are not in the training cases."
        )
    return seen


def _takes(spec: ModelSpec) -> bool:
    """Whether the engine gives probabilities with finite estimates in every fold."""
    return _is_fitted_everywhere(engine_of(spec))


def _is_fitted_everywhere(engine: Engine) -> bool:
    return engine.permutable and engine.outcome == "binary"


def _taken() -> str:
    return " or ".join(map(repr, names_where(_is_fitted_everywhere)))


def _check(
    specs: Sequence[ModelSpec],
    groups: str | None,
    time: tuple[str, float] | None,
    known_from: str | None,
    draws: int,
) -> None:
    if not specs:
        raise SpecError("out_of_sample was given no specs; name one model or more.")
    if groups is None and time is None:
        raise SpecError(
            "state what is left out: groups='column', or time=('column', last training value)."
        )
    if known_from is not None and time is None:
        raise SpecError(
            f"known_from is {known_from!r}, and there is no split by time. Give time=('column',"
            " last training value), or leave known_from out."
        )
    if draws < 1:
        raise SpecError(f"draws is {draws}; it must be 1 or more, as 500.")
    for s in specs:
        refuse_lags(s.formula, f"{s.name}: out_of_sample, which takes cases out of the table,")
    outcomes = {parse(s.formula).response.label for s in specs}
    if len(outcomes) > 1:
        raise SpecError(
            f"the specs explain different outcomes ({', '.join(sorted(outcomes))}); give models of"
            " one."
        )
    names = [s.name for s in specs]
    if len(set(names)) < len(names):
        raise SpecError(f"two specs have one name ({', '.join(names)}); rename one.")
    for s in specs:
        if not _takes(s):
            raise SpecError(
                f"{s.name}: out_of_sample takes engine {_taken()}, whose estimates exist in every"
                f" fold, not {s.engine!r}."
            )


def _common(
    table: pd.DataFrame, specs: Sequence[ModelSpec], further: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Positions of the rows that every model can use, their outcomes,
    and the others with the first reason found.
    """
    designs = [build_design(table, s.formula, (), None, "binary", further) for s in specs]
    for s, design in zip(specs, designs, strict=True):
        if "Intercept" not in design.names:
            raise SpecError(
                f"{s.name}: FLIC corrects the intercept, and formula {s.formula!r} has none."
            )
        if not np.isin(design.y, (0, 1)).all() or np.ptp(design.y) == 0:
            raise FitError(
                f"the outcome {design.formula.response.label!r} must be 0 or 1, and both must"
                " occur."
            )
    used = np.array(sorted(set.intersection(*(set(d.cases) for d in designs))), dtype=int)
    first = dict(zip(designs[0].cases, designs[0].y, strict=True))
    dropped = (
        pd.concat([d.dropped for d in designs])
        .drop_duplicates("case")
        .sort_values("case", ignore_index=True)
    )
    return used, np.array([first[i] for i in used]), dropped


def _splits(
    part: pd.DataFrame,
    groups: str | None,
    time: tuple[str, float] | None,
    known_from: str | None,
) -> list[tuple[str, list[Fold], int]]:
    """Each split with its folds, and how many cases are in none of them for want of an outcome."""
    out = []
    if groups is not None:
        codes, labels = pd.factorize(part[groups], sort=False)
        folds = [
            Fold(str(label), np.flatnonzero(codes != i), np.flatnonzero(codes == i))
            for i, label in enumerate(labels)
        ]
        out.append((f"leave one {groups} out", folds, 0))
    if time is not None:
        column, last = time
        early = _up_to(part[column], last)
        train = early if known_from is None else early & _known_by(part, known_from, last)
        fold = Fold(f"after {last:g}", np.flatnonzero(train), np.flatnonzero(~early))
        out.append((f"{column} up to {last:g}, then after", [fold], int((early & ~train).sum())))
    for split, folds, unknown in out:
        if short := next((f for f in folds if len(f.train) < FEWEST or not len(f.test)), None):
            left = (
                f" ({unknown} left out, because their outcome was known later)" if unknown else ""
            )
            raise FitError(
                f"{split}: {len(short.train)} training cases{left} and {len(short.test)} to predict"
                f" ({short.name}); there must be at least {FEWEST} and 1."
            )
    return out


def _known_by(part: pd.DataFrame, column: str, last: float) -> np.ndarray:
    """Rows whose outcome is known by ``last``, shape (n,), bool; dates are compared with the end
    of the year ``last``.
    """
    if part[column].dtype.kind in "iuf":
        return _up_to(part[column], last)
    end = np.datetime64(f"{int(last):04d}-12-31", "D")
    return np.asarray(last_days(part, column) <= end)


def _not_known(split: str, column: str, unknown: int) -> Note:
    return Note(
        "not_known",
        f"{split}: {unknown} case(s) up to the cut are neither trained on nor predicted, because"
        f" {column!r} says that their outcome was known only after it.",
    )


def _up_to(column: pd.Series, last: float) -> np.ndarray:
    """Rows whose time is not after ``last``, shape (n,), bool; differences of the size of
    floating-point noise count as none.
    """
    if column.dtype.kind not in "iuf":
        return (column <= last).to_numpy(dtype=bool)
    times, end = tied_times(column.to_numpy(dtype=float), np.array([last])).columns
    return np.asarray(times <= end[0])


def _probabilities(
    part: pd.DataFrame, spec: ModelSpec, folds: list[Fold], deals: np.ndarray, split: str
) -> tuple[np.ndarray, list[Note]]:
    """Probabilities of every case for every deal (draws + 1, N), NaN where it is not predicted."""
    p = np.full(deals.shape, np.nan)
    constant, strange = 0, []
    for fold in folds:
        p[:, fold.test], found, reasons = predict_fold(part, spec, fold, deals)
        constant += found
        strange += reasons
    notes = []
    if strange:
        said = "; ".join(sorted(set(strange)))
        notes.append(
            Note(
                "not_predicted",
                f"{spec.name}, {split}: {len(strange)} case(s) not predicted: {said}.",
            )
        )
    if constant:
        text = (
            f"{spec.name}, {split}: in {constant} of {len(folds) * len(deals)} fits, those to"
            " permuted outcomes included, the outcome did not vary among the training cases; their"
            " share was predicted."
        )
        notes.append(Note("constant_fold", text))
    return p, notes


def _scored(y: np.ndarray, p: np.ndarray) -> list[tuple[str, float, float, float, float, float]]:
    """For each score its value in the data, which are the first row, and how the others compare."""
    values = {
        "auc": areas(y, p),
        "brier": ((p - y) ** 2).mean(axis=1),
        "log_score": log_scores(y, p),
    }
    out = []
    for name in SCORES:
        own, dealt = values[name][0], values[name][1:][~np.isnan(values[name][1:])]
        if np.isnan(own) or not len(dealt):
            out.append((name, float(own), np.nan, np.nan, np.nan, np.nan))
            continue
        slack = 1e-9 * abs(own) if np.isfinite(own) else 0.0
        as_good = dealt >= own - slack if name == HIGHER else dealt <= own + slack
        # between two infinite scores there is nothing to interpolate
        low, high = np.percentile(
            dealt, [5, 95], method="linear" if np.isfinite(dealt).all() else "higher"
        )
        out.append(
            (name, float(own), float(dealt.mean()), float(low), float(high), float(as_good.mean()))
        )
    return out


def _convention(draws: int, seed: int) -> Note:
    return Note(
        "out_of_sample",
        "Firth's slopes with FLIC's intercept. AUC pooled over folds: compare it with that of"
        f" {draws} permuted outcomes (seed {seed}), not with one half.",
    )
