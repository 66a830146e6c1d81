"""Permuting rows and columns and renaming coders, cases, clusters and
states changes no number of any public verb.

``VERBS`` holds every public function: how it is called here, and which changes do not apply, each
with its reason. A public function that is missing there fails a test. Tolerance: sums over rows in
another order differ by rounding; estimates that are found by iteration stop within 1e-8 of each
other.
"""

import importlib
import inspect
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from world import BOOK, CHANGES, compare, world

import peacestudy as ps
from peacestudy import coding, joins, models, outcomes
from peacestudy.coding import reliability, splitting
from peacestudy.coding.rule_coding import code_topics
from peacestudy.core.frame import StudyFrame
from peacestudy.joins.missing_values import missing_by
from peacestudy.models.result import Fit
from peacestudy.robustness import (
    Accuracy,
    Interval,
    as_one_reading,
    from_intervals,
    propagate,
    stability,
)

CLOSE = 1e-8
ROOMS = (
    "",
    "models",
    "models.contexts",
    "models.diagnosis",
    "models.fit_notes",
    "models.inference",
    "models.interpretation",
    "models.missing",
    "models.resampling",
    "joins",
    "joins.states",
    "joins.files",
    "coding",
    "coding.reliability",
    "coding.scoring",
    "outcomes",
    "robustness",
    "study",
)
# verbs that are reached through their module
MODULE_VERBS = (
    "joins.missing_values.missing_by",
    "coding.adjudication.read_decisions",
    "coding.rule_coding.code_topics",
    "coding.splitting.split_values",
    "coding.third_party.code_third_party",
)
NO_ORDER = "takes numbers one by one, or an array whose order is its meaning"
FILES = (
    "reads or writes files or folders; the order of rows in a file is that of its reader's tests"
)
FIXED = "takes no table: the same call gives the same rows"
DRAWS_BY_ID = (
    "random draws are given to cases in the order of their ids, as its docstring says, so other ids"
    " are other draws"
)
FIRST_BY_NAME = (
    "of a pair, the coder or state that is first by name stands first; which, no number depends on"
)
REFERENCE = "the reference category of C(...) is the first by name, a declared rule"


def spec(formula, engine="linear", vcov="hc1", cluster=None, **options):
    return ps.ModelSpec("m", formula, engine, vcov, cluster, options=options)


def of_fit(fit):
    out = {"terms": fit.terms, "n": fit.n, "dropped": fit.dropped[["case", "term"]]}
    return out | {"loglik": fit.loglik} if isinstance(fit, Fit) else out


SPECS = {
    "hc3": spec("y ~ x + z + d:x", vcov="hc3"),
    "cluster": spec("y ~ x + z", vcov="cluster", cluster="g"),
    "two ways": spec("y ~ x + z", vcov="cluster", cluster=("g", "c")),
    "cr2": spec("y ~ x + z", vcov="cr2", cluster="g"),
    "jackknife": spec("y ~ x + z", vcov="jackknife", cluster="g"),
    "logit": spec("e ~ x + z", "logit", "cluster", "g"),
    "firth": spec("e ~ x + z", "firth", "classical"),
    "ridge": spec("e ~ x + z", "ridge", "hc1", penalty=1.0),
    "ordered": spec("o ~ x + z", "ordered", "classical"),
    "poisson": spec("k ~ x + z", "poisson", "hc1"),
    "cox": spec("Surv(time, e) ~ x + z", "cox", "hc0"),
    "discrete": spec("Surv(time, e) ~ x", "discrete_time", "classical", baseline="constant"),
    "mixed": spec("y ~ x", "mixed_linear", "classical", group="g", method="ml"),
}


SIGNS = {
    "wild": spec(
        "y ~ x",
        vcov="cluster",
        cluster="g",
        bootstrap="webb",
        bootstrap_draws=199,
        bootstrap_seed=3,
    ),
    "score": spec(
        "e ~ x", "logit", "cluster", "g", bootstrap="webb", bootstrap_draws=199, bootstrap_seed=3
    ),
}


def signs(w):
    return {name: ps.fit(w.frame, s).terms for name, s in SIGNS.items()}


def with_panel(w):
    return ps.join(w.frame, w.panel, on=["state", "year"], shape="many_to_one", name="panel")


def fits(w):
    return {
        f"{name} {k}": v for name, s in SPECS.items() for k, v in of_fit(ps.fit(w.frame, s)).items()
    }


def categories(w):
    return of_fit(ps.fit(w.frame, spec("y ~ x + C(c) + x:C(c)")))


def logit(w):
    return ps.fit(w.frame, SPECS["logit"])


def line(w):
    return ps.fit(w.frame, SPECS["cluster"])


def parts(found, *names):
    return {n: getattr(found, n) for n in names}


def propagated(w):
    sheet = w.sheet
    one = coding.CodingSheet(
        sheet.table[sheet.table["indicator_id"] == "i1"].reset_index(drop=True), BOOK
    )
    options = {
        "draws": 4,
        "burn": 5,
        "thin": 1,
        "seed": 1,
        "accuracy": Accuracy(0.8, prior_n=10),
    }
    found = propagate(one, w.frame, spec("y ~ i1 + x", vcov="classical"), **options)
    out = parts(found, "terms", "accuracy", "codes", "flips")
    return out


def naive(w):
    sheet = w.sheet
    two = sheet.table[
        (sheet.table["indicator_id"] == "i1") & (sheet.table["coder"] != w.name("cas"))
    ]
    one = coding.CodingSheet(two.reset_index(drop=True), BOOK)
    options = {
        "draws": 4,
        "burn": 0,
        "thin": 1,
        "seed": 1,
        "accuracy": Accuracy(0.8, prior_n=10),
        "rank_flips": False,
    }
    found = propagate(one, w.frame, spec("y ~ i1 + x", vcov="classical"), **options)
    return {"naive": found.terms.filter(regex="^(term|naive)")}


def stable(w):
    one = w.codes[w.codes["indicator_id"] == "i1"].reset_index(drop=True)
    return {
        "table": stability(
            coding.CodingSheet(one, BOOK), w.frame, spec("y ~ i1 + x"), draws=5, seed=1
        )
    }


def settled(w):
    rules = ("consensus", "majority", "median", "senior")
    found = ps.adjudicate(w.sheet, rules, senior=w.name("ben"))
    return {"codes": found.table[["case_id", "indicator_id", "code", "rule", "n_codes"]]}


def as_one(w):
    found = as_one_reading(w.sheet)
    return {"codes": found.table[["case_id", "indicator_id", "code"]]}


def one_coder(w):
    own = w.codes[w.codes["coder"] == w.name("ann")].reset_index(drop=True)
    return coding.CodingSheet(own, BOOK).coding()


def scored(w):
    return {
        rule: ps.score(one_coder(w), rule)
        for rule in ("depth", "first_component", "graded_response")
    }


def scores_fitted(w):
    found = coding.scoring.score_with_diagnostics(one_coder(w), "first_component")
    return parts(found, "table", "items", "groups")


def flags(w):
    found = coding.reliability_floor(BOOK, ps.agreement(w.sheet), "alpha", 0.6)
    return {"flags": found.table}


def consistency(w):
    some = w.cases.loc[w.cases["d"] == 1, "case_id"]
    return {
        "all": coding.scoring.internal_consistency(one_coder(w), rule="depth"),
        "some": coding.scoring.internal_consistency(one_coder(w), some, "depth"),
    }


def merged(w):
    own = [
        w.codes[w.codes["coder"] == c].reset_index(drop=True) for c in sorted(set(w.codes["coder"]))
    ]
    found = coding.merge([coding.CodingSheet(t, BOOK) for t in own])
    return {"table": found.table, "agreement": ps.agreement(found)}


def joined(frame, *wanted):
    return {
        "data": frame.data[[frame.key, *wanted]],
        "ledger": frame.ledger.table().drop(columns="step"),
    }


def by_window(w):
    measures = {
        "any_war": ("war", "any"),
        "mean_v": ("v", "mean"),
        "slope_v": ("v", "slope"),
        "last_v": ("v", "last"),
    }
    frame = joins.join_window(
        w.frame,
        w.panel,
        on="state",
        year="year",
        span=(-2, 2),
        years=(1988, 1999),
        name="panel",
        measures=measures,
        partial="observed",
    )
    return joined(frame, *measures)


def by_asof(w):
    frame = joins.join_asof(
        w.frame,
        w.panel.rename(columns={"year": "held"}),
        on="state",
        date="year",
        other_date="held",
        tolerance=3,
        direction="nearest",
        name="panel",
        ties="earlier",
        shape="many_to_one",
    )
    return joined(frame, "v", "panel_years")


def by_events(w):
    measures = {
        "deaths_sum": ("deaths", "sum"),
        "n": (None, "count"),
        "worst": ("deaths", "max"),
        "mean": ("deaths", "mean"),
    }
    options = {
        "on": "state",
        "start": "start",
        "end": "end",
        "date": "date",
        "measures": measures,
        "name": "events",
        "absent": 0,
        "years": (1990, 1996),
        "units": "all",
    }
    return joined(joins.event_windows(w.frame, w.events, **options), *measures)


def by_event_years(w):
    measures = {"deaths_sum": ("deaths", "sum"), "n": (None, "count")}
    frame = joins.event_years(
        w.events,
        by="state",
        date="date",
        measures=measures,
        name="events",
        absent=0,
        years=(1990, 1996),
    )
    return {"data": frame.data.drop(columns="row_id")}


def spread(w):
    into = ("at", "from", "to", "over")
    frame = joins.case_years(w.frame, start="year", end="last", until=1994, name="years", into=into)
    return {"data": frame.data[["case_year_id", "case_id", *into]]}


def by_lag(w):
    frame = joins.lagged(
        w.panel.assign(row=w.panel["state"] + "-" + w.panel["year"].astype(str)),
        ["v", "war"],
        by="state",
        year="year",
        lags=[1, -1],
        key="row",
    )
    return {"data": frame.data[["state", "year", "v_lag1", "v_lead1", "war_lag1"]]}


def in_spells(w):
    return {
        "data": (
            joins.spells(
                w.panel, by="state", year="year", active="war", gap=1, years=(1988, 1999)
            ).data
        )
    }


def in_dyads(w):
    years = joins.states.dyad_years(w.panel[["state", "year"]], years=(1990, 1992), directed=True)
    return {"data": years.data.drop(columns="row_id")}


def by_several(w):
    measures = {"any_war": ("war", "any"), "mean_v": ("v", "mean"), "min_v": ("v", "min")}
    return joined(
        joins.join_states(
            w.frame,
            w.panel,
            states="parties",
            year="year",
            measures=measures,
            missing="observed",
            name="p",
        ),
        *measures,
    )


def by_directions(w):
    measures = {"total": ("flow", "sum"), "out": ("flow", "a_to_b"), "top": ("flow", "max")}
    frame = joins.from_directions(
        w.frame,
        w.flows,
        states=("state", "other"),
        year="year",
        other_states=("a", "b"),
        measures=measures,
        missing="any_missing",
        name="f",
    )
    return joined(frame, *measures)


def numbered(w):
    """States as Gleditsch-Ward numbers."""
    numbers = [2, 20, 200, 220, 260, 345, 365, 678, 710]
    return w.cases.assign(gw=[numbers[int(w_back(w, s)[2:])] for s in w.cases["state"]])


def translated(w):
    frame = StudyFrame(numbered(w), "case", "case_id")
    return joined(
        joins.to_system(frame, "gw", date="year", source="gw", target="cow", into="cow"), "cow"
    )


def w_back(w, name):
    return {new: old for old, new in w.names.items()}.get(name, name)


def filled(w):
    found = models.impute(w.frame, ["y", "x", "holes", "e"], m=2, cycles=2, donors=3, seed=4)
    fit = ps.fit(found, spec("y ~ x + holes"))
    return {
        f"table {i}": t.data[["case_id", "holes"]] for i, t in enumerate(found.tables)
    } | of_fit(fit)


def own_table(w):
    made = outcomes.as_outcome(
        w.panel,
        name="panel",
        key=("state", "year"),
        unit="state-year",
        year="year",
        years=(1988, 1999),
    )
    return {
        "table": made.table,
        "join": (
            ps.join(w.frame, made, on=["state", "year"], shape="many_to_one").data[["case_id", "v"]]
        ),
    }


def released(w):
    source = outcomes.as_outcome(
        w.panel,
        name="panel",
        key=("state", "year"),
        unit="state-year",
        year="year",
        years=(1988, 1999),
    )
    newer = outcomes.OutcomeTable(
        source.table.assign(v=source.table["v"].round(1)).iloc[3:], source.source
    )
    if "v" not in source.table:
        raise AssertionError
    found = outcomes.compare_releases(source, source)
    return {"changed": found.changed, "same": len(newer.table)}


def measured(w):
    y, p = w.cases["e"].to_numpy(), 1 / (1 + np.exp(-w.cases["z"].to_numpy()))
    return {
        f.__name__: f(y, p)
        for f in (models.diagnosis.brier, models.diagnosis.roc_auc, models.diagnosis.log_score)
    }


def left(w):
    return {by: models.left_out(line(w), by) for by in ("case", "g")}


def diagnosed(w):
    found = models.diagnose(line(w))
    return {"cases": found.cases, "ranges": found.ranges}


def wide_codes(w):
    return w.sheet.values("i1").to_numpy().T


def coefficients(w):
    return {
        n: reliability.coefficient(wide_codes(w), n, [0, 1, 2]).estimate
        for n in ("conger", "gwet", "fleiss")
    }


def topics(w):
    """Every event a document of a case, with a value in a column that the codebook names."""
    book = replace(
        BOOK,
        entries=tuple(
            replace(
                p,
                indicators=tuple(
                    replace(i, columns=("v1",) if i.id == "i1" else ()) for i in p.indicators
                ),
            )
            for p in BOOK.entries
        ),
    )
    documents = pd.DataFrame({"agreement_id": w.events["event_id"], "v1": w.events["deaths"] % 3})
    members = documents.assign(case_id=w.events["state"])[["case_id", "agreement_id"]]
    return {
        "codes": code_topics(documents, members, book, "s")[
            ["case_id", "indicator_id", "code", "locator"]
        ]
    }


def split(w):
    wide = w.cases[["case_id"]].assign(
        **{
            w.name("ann"): np.where(w.cases["d"] == 1, "A", "A; B"),
            w.name("ben"): np.where(w.cases["treat"] == 1, "B", ""),
        }
    )
    how = splitting.Splitting({"A": "i1", "B": "i2"})
    return {
        "codes": (
            splitting.split_values(
                wide, BOOK, how, unit="case_id", coders=[w.name("ann"), w.name("ben")]
            ).table
        )
    }


# verb -> (call, {change: reason why it does not apply})
VERBS = {
    "fit": (fits, {}),
    "fit: with a bootstrap of signs": (signs, {"ids": DRAWS_BY_ID}),
    "fit: with categories": (categories, {"groups": REFERENCE}),
    "effects": (
        lambda w: {
            "slopes": ps.effects(logit(w), w.frame, "slopes", scale="response"),
            "drawn": ps.effects(
                logit(w),
                w.frame,
                "predictions",
                scale="response",
                at={"z": [0.0, 1.0]},
                interval="simulation",
                draws=200,
                seed=1,
            ),
        },
        {},
    ),
    "predict": (lambda w: {"p": ps.predict(logit(w), w.frame, "response")}, {}),
    "alpha": (
        lambda w: {
            "a": [
                getattr(ps.alpha(wide_codes(w), level, resamples=50, seed=1), n)
                for level in ("nominal", "ordinal", "interval")
                for n in ("alpha", "std_error", "conf_low")
            ]
        },
        {},
    ),
    "agreement": (
        lambda w: {
            by: ps.agreement(w.sheet, resamples=50, seed=1, by=by) for by in ("indicator", "all")
        },
        {},
    ),
    "adjudicate": (settled, {}),
    "robustness.as_one_reading": (as_one, {}),
    "score": (scored, {}),
    "join": (lambda w: joined(with_panel(w), "v", "war"), {}),
    "propagate": (propagated, {"ids": DRAWS_BY_ID}),
    "propagate: naive estimates of two coders": (naive, {}),
    "stability": (stable, {"ids": DRAWS_BY_ID}),
    "robustness.from_intervals": (
        lambda w: parts(
            from_intervals(
                w.frame,
                {"x": Interval("low", "high", 0.68)},
                spec("y ~ x + z"),
                draws=4,
                burn=5,
                thin=1,
                seed=1,
            ),
            "terms",
        ),
        {"ids": DRAWS_BY_ID},
    ),
    "models.bootstrap": (
        lambda w: {
            f"{block} {kind}": (
                models.bootstrap(
                    line(w), w.frame, block=block, draws=39, seed=1, interval=kind, conf_level=0.9
                ).terms
            )
            for block in (None, "g")
            for kind in ("percentile", "bca")
        },
        {"ids": DRAWS_BY_ID},
    ),
    "models.resampling.romano_wolf": (
        lambda w: {
            str(block): (
                models.resampling.romano_wolf(
                    [(line(w), "x"), (line(w), "z")], w.frame, block=block, draws=99, seed=1
                ).terms
            )
            for block in (None, "g")
        },
        {"ids": DRAWS_BY_ID},
    ),
    "models.permutation_test": (
        lambda w: {
            "t": models.permutation_test(
                w.frame, spec("y ~ x + z"), ["x"], strata="c", draws=99, seed=1
            )
        },
        {"ids": DRAWS_BY_ID},
    ),
    "models.resampling.randomisation_test": (
        lambda w: {
            "cases": models.resampling.randomisation_test(
                w.frame, spec("y ~ treat + x"), "treat", clusters=None, blocks="c", draws=99, seed=1
            ),
        },
        {"ids": DRAWS_BY_ID},
    ),
    "models.out_of_sample": (
        lambda w: parts(
            models.out_of_sample(
                w.frame,
                [spec("e ~ x + z", "firth", "classical")],
                groups="g",
                time=("year", 1992),
                draws=20,
                seed=1,
            ),
            "scores",
            "predictions",
        ),
        {"ids": DRAWS_BY_ID},
    ),
    "models.impute": (filled, {"ids": DRAWS_BY_ID}),
    "models.by_context": (
        lambda w: parts(
            models.by_context(
                w.frame, spec("y ~ x", "linear", "hc1"), "x", "c", method="bayes", min_events=5
            ),
            "effects",
            "alike",
            "whole",
        ),
        {},
    ),
    "models.conditional_effects": (
        lambda w: {
            "t": models.conditional_effects(
                ps.fit(w.frame, spec("y ~ x*z")),
                w.frame,
                "x",
                1.0,
                "z",
                [-1.0, 0.0, 1.0],
                near=0.5,
                min_cases=2,
            )
        },
        {},
    ),
    "models.diagnose": (diagnosed, {}),
    "models.left_out": (left, {}),
    "models.fit_notes.overdispersion": (
        lambda w: {"t": models.fit_notes.overdispersion(ps.fit(w.frame, SPECS["poisson"]))},
        {},
    ),
    "models.fit_notes.parallel_lines": (
        lambda w: {"t": models.fit_notes.parallel_lines(ps.fit(w.frame, SPECS["ordered"]))},
        {},
    ),
    "models.fit_notes.proportional_hazards": (
        lambda w: {"t": models.fit_notes.proportional_hazards(ps.fit(w.frame, SPECS["cox"]))},
        {},
    ),
    "models.interpretation.kaplan_meier": (
        lambda w: {
            "t": models.interpretation.kaplan_meier(
                w.cases["time"].to_numpy(), w.cases["e"].to_numpy()
            )
        },
        {},
    ),
    "models.diagnosis.brier": (measured, {}),
    "models.diagnosis.log_score": (measured, {}),
    "models.diagnosis.roc_auc": (measured, {}),
    "models.contexts.partial_pooling": (
        lambda w: {
            "t": (
                models.contexts.partial_pooling(
                    w.cases.groupby("g", sort=False)["y"].mean(),
                    w.cases.groupby("g", sort=False)["y"].sem(),
                    method="bayes",
                ).effects
            )
        },
        {},
    ),
    "models.adjust": (
        lambda w: {
            how: models.adjust(w.cases.set_index("case_id")["low"].rank(pct=True).round(1), how)
            for how in ("holm", "bh")
        },
        {},
    ),
    "joins.join_window": (by_window, {}),
    "joins.join_asof": (by_asof, {}),
    "joins.event_windows": (by_events, {}),
    "joins.event_years": (by_event_years, {}),
    "joins.case_years": (spread, {}),
    "joins.lagged": (by_lag, {}),
    "joins.join_states": (by_several, {}),
    "joins.from_directions": (by_directions, {}),
    "joins.spells": (in_spells, {}),
    "joins.to_system": (translated, {}),
    "joins.states.directed": (
        lambda w: {"t": joins.states.directed(w.flows, "a", "b", into="dyad")},
        {},
    ),
    "joins.states.undirected": (
        lambda w: {"t": joins.states.undirected(w.flows, "a", "b", into="dyad")},
        {"states": FIRST_BY_NAME},
    ),
    "joins.states.dyad_key": (
        lambda w: {"t": joins.states.dyad_key(w.flows["a"], w.flows["b"], directed=True)},
        {},
    ),
    "joins.states.dyad_years": (in_dyads, {}),
    "joins.missing": (lambda w: {"t": joins.missing(with_panel(w))}, {}),
    "joins.missing_values.missing_by": (
        lambda w: {"t": missing_by(with_panel(w), "c")},
        {},
    ),
    "coding.scoring.score_with_diagnostics": (scores_fitted, {}),
    "coding.reliability_floor": (flags, {}),
    "coding.scoring.internal_consistency": (consistency, {}),
    "coding.merge": (merged, {}),
    "coding.drop_indicators": (
        lambda w: {"t": ps.score(coding.drop_indicators(one_coder(w), ["i2"]), "share")},
        {},
    ),
    "coding.reliability.confusion": (
        lambda w: {"t": reliability.confusion(w.sheet)},
        {"coders": FIRST_BY_NAME},
    ),
    "coding.reliability.disputed": (lambda w: {"t": reliability.disputed(w.sheet)}, {}),
    "coding.reliability.drift": (
        lambda w: {"t": reliability.drift(w.sheet, batches=3, resamples=20, seed=1)},
        {},
    ),
    "coding.reliability.pairs": (
        lambda w: {"t": reliability.pairs(w.sheet)},
        {"coders": FIRST_BY_NAME},
    ),
    "coding.reliability.coefficient": (coefficients, {}),
    "coding.reliability.icc": (
        lambda w: {
            "t": [reliability.icc(wide_codes(w)).single, reliability.icc(wide_codes(w)).average]
        },
        {},
    ),
    "coding.rule_coding.code_topics": (topics, {}),
    "coding.splitting.split_values": (split, {}),
    "outcomes.as_outcome": (own_table, {}),
    "outcomes.compare_releases": (released, {}),
    # without a table, or with files
    "models.inference.detectable": NO_ORDER,
    "models.diagnosis.e_value": NO_ORDER,
    "models.diagnosis.robustness_value": NO_ORDER,
    "models.pool": NO_ORDER,
    "models.inference.step_down": NO_ORDER,
    "coding.reliability.agreement_weights": NO_ORDER,
    "coding.reliability.benchmark": NO_ORDER,
    "coding.reliability.table_coefficient": NO_ORDER,
    "coding.third_party.code_third_party": NO_ORDER,
    "joins.state_years": FIXED,
    "joins.state_codes": "each name is translated by itself, on its own date",
    "outcomes.sources": FIXED,
    "load_study": FILES,
    "check": FILES,
    "cite": FILES,
    "trace": "tests/study/test_trace_objects.py permutes and re-indexes what it takes",
    "joins.files.join_parquet": FILES,
    "joins.write": FILES,
    "coding.blank_sheet": FILES,
    "coding.form": FILES,
    "coding.adjudication.read_decisions": FILES,
    "coding.read_codings": FILES,
    "coding.read_sheet": FILES,
    "coding.append_codings": FILES,
    "coding.write_sheet": FILES,
    "outcomes.read_file": FILES,
    "outcomes.read_source": FILES,
    "outcomes.compare_vintages": FILES,
    "study.results_of": FIXED,
}
CALLED = {name: entry for name, entry in VERBS.items() if not isinstance(entry, str)}
BEFORE = world()


def public():
    """Every public function, by the shortest of its names."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module("peacestudy" + (f".{room}" if room else ""))
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing):
                found.setdefault(thing, f"{room}.{name}" if room else name)
    for place in MODULE_VERBS:
        module, _, name = place.rpartition(".")
        function = getattr(importlib.import_module(f"peacestudy.{module}"), name)
        found.setdefault(function, place)
    return set(found.values())


def test_every_public_verb_is_in_the_table():
    named = {name.partition(":")[0] for name in VERBS}
    assert public() - named == set(), (
        "add the verb to VERBS, with a call or the reason why order cannot matter"
    )
    assert named - public() == set()


@pytest.mark.parametrize("name", CALLED)
def test_order_and_names_change_nothing(name):
    """All changes at once; where that fails, each by itself, so that the message names the one."""
    call, exempt = CALLED[name]
    assert set(exempt) <= set(CHANGES) and all(exempt.values())
    own = {change: apply for change, apply in CHANGES.items() if change not in exempt}
    before = call(BEFORE)
    changed = BEFORE
    for apply in own.values():
        changed = apply(changed, 7)
    try:
        compare(before, call(changed), changed.names, name, CLOSE)
    except (AssertionError, ps.PeacestudyError):
        for change, apply in own.items():
            one = apply(BEFORE, 7)
            compare(before, call(one), one.names, f"{name}, {change}", CLOSE)
        raise
