"""Figures: nothing clipped, nothing on top of something else, the same
bytes twice, and what is drawn is in the CSV.
"""

from functools import lru_cache
from itertools import combinations
from pathlib import Path

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import peacestudy as ps
from peacestudy.figures.registry import FIGURES
from peacestudy.figures.theme import NAMES, pretty, render

SLACK = 1.0  # pixels


@pytest.fixture(scope="module")
def results(our_results):
    return our_results("peace_agreements")


# figures of results that take long to compute, with the seconds of processor time
SLOW = {
    ("peace_agreements", "variants"): "fits the variants, 40 s",
    ("peace_agreements", "variant_group"): "fits the variants, 40 s",
    ("peace_agreements", "windows"): "fits two models to 1,000 sets of cases, 20 s",
    ("peace_agreements", "domestic_politics"): "fits the moderated models, 12 s",
    ("peace_agreements", "calibration"): "permutes the trial out of sample, 15 s",
    ("double_coding", "agreement"): "resamples the agreement of raters, 6 s",
    ("third_party_role", "uncertainty"): "imputes the true codes, 15 s",
}


def every_figure():
    assert set(SLOW) < {(study, name) for name, d in FIGURES.items() for study in d.studies}
    for name, drawing in FIGURES.items():
        for study in drawing.studies:
            reason = SLOW.get((study, name))
            marks = [pytest.mark.slow(reason=reason)] if reason else []
            yield pytest.param((study, name), marks=marks, id=f"{study}-{name}")


@pytest.fixture(scope="module", params=list(every_figure()))
def drawn(request, our_results):
    study, name = request.param
    results = our_results(study)
    figure, table = FIGURES[name].draw({n: results.table(n) for n in FIGURES[name].needs})
    return study, name, figure, table


@lru_cache(maxsize=1)  # the tests of a figure follow one another
def boxes(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    found = []
    for text in figure.findobj(matplotlib.text.Text):
        if text.get_text().strip() and text.get_visible():
            box = text.get_window_extent(canvas.get_renderer())
            if box.width > 0:
                found.append((text, box))
    return found


def hidden(text):
    """Whether a text is the label of a tick outside its axis,
    which matplotlib keeps and never draws.
    """
    axes = text.axes
    if axes is None:
        return False
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in axis.get_major_ticks():
            if text in (tick.label1, tick.label2):
                return not low - 1e-9 <= tick.get_loc() <= high + 1e-9
    return False


def test_no_text_leaves_the_page(drawn):
    *_, figure, _ = drawn
    page = figure.bbox
    for text, box in boxes(figure):
        if not hidden(text):
            assert box.x0 >= page.x0 - SLACK and box.x1 <= page.x1 + SLACK, text.get_text()
            assert box.y0 >= page.y0 - SLACK and box.y1 <= page.y1 + SLACK, text.get_text()


def test_no_text_covers_another(drawn):
    *_, figure, _ = drawn
    upright = [(t, b) for t, b in boxes(figure) if t.get_rotation() == 0 and not hidden(t)]
    for (a, box_a), (b, box_b) in combinations(upright, 2):
        wide = min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0)
        high = min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0)
        assert wide <= SLACK or high <= 0.25 * min(box_a.height, box_b.height), (
            a.get_text(),
            b.get_text(),
        )


def test_equal_inputs_give_equal_bytes(results):
    needs = {n: results.table(n) for n in FIGURES["survival"].needs}
    one, two = (list(render(FIGURES["survival"].draw(needs)[0], Path("x")).values()) for _ in "ab")
    assert one == two
    assert b"CreationDate" not in one[0]


SAID = {  # the N that a figure must tell, and rows of what is drawn
    ("peace_agreements", "forest"): ("N = 99 settlement", 8),
    ("peace_agreements", "profile"): ("99 settlement attempts", 99),
    ("peace_agreements", "survival"): ("103 settlement attempts", 20),
    ("peace_agreements", "ledger"): ("99 out", 20),
    ("peace_agreements", "over_time"): ("1990 to 1994: 36", 56),
    ("peace_agreements", "variants"): ("99/29", 272),
    ("peace_agreements", "variant_group"): ("N = 99", 120),
    ("peace_agreements", "windows"): ("156 cases compete", 8),
    ("peace_agreements", "predicted_probability"): ("the 99 attempts", 82),
    ("peace_agreements", "moderation"): ("81, 90, 96", 40),
    ("peace_agreements", "selection"): ("N 1951", 27),
    ("peace_agreements", "calibration"): ("99 cases, 29 at peace", 300),
    ("peace_agreements", "forecasts"): ("14 attempts", 84),
    ("peace_agreements", "domestic_politics"): ("81 (23), 96 (28), 82 (23)", 63),
    ("peace_agreements", "contexts"): ("35 of 98", 98),
    ("accord_implementation", "delivery"): ("executive 133 (24)", 27),
    ("peace_agreements", "vintages"): ("197 attempts, N 99, 29 at peace", 22),
    ("signing_dyads", "ledger"): ("93 out", 20),
    ("signing_dyads", "variants"): ("93/53", 88),
    ("signing_dyads", "windows"): ("300 cases compete", 8),
    ("signing_dyads", "comparison"): ("N 93, 53 at peace", 16),
    ("accord_implementation", "promise_and_implementation"): ("682 provisions", 10),
    ("accord_implementation", "landmarks"): ("22 (17 at peace)", 39),
    ("onset", "onset"): ("N 5,444, 143 onsets", 15),
    ("onset", "variants"): ("5444/143", 63),
    ("double_coding", "agreement"): ("863 x 2", 28),
    ("double_coding", "ratings"): ("86% alike", 4000),
    ("double_coding", "by_rater"): ("863 projects of 46 countries", 15),
    ("third_party_role", "agreement"): ("924 x 2", 1),
    ("third_party_role", "readings"): ("% alike", 924),
    ("third_party_role", "uncertainty"): ("as if the codes were true", 32),
}


def test_a_figure_says_n_and_source(drawn):
    study, name, figure, _ = drawn
    said = " ".join(" ".join(t.get_text() for t in figure.findobj(matplotlib.text.Text)).split())
    if study == "double_coding":
        assert "Sources: ADB" in said
    elif study == "third_party_role":
        assert "PA-X Peace Agreements Database v10" in said and "no person has coded" in said
    else:
        # the levels of promises come from the Peace Accords Matrix, and are compared with texts
        from_pam = {"delivery": ("Peace Accords Matrix",)}
        from_pam["promise_and_implementation"] = ("Peace Accords Matrix", "PA-X")
        usual = ("UCDP",) if study == "onset" else ("UCDP", "PA-X")
        cited = from_pam.get(name, usual)
        assert all(source in said for source in ("Data:", *cited))
    assert SAID[study, name][0] in said, name


def test_the_table_of_what_is_drawn_has_the_numbers(drawn):
    study, name, _, table = drawn
    assert len(table) >= SAID[study, name][1]


def test_a_square_is_named_by_its_column():
    assert pretty("square(polyarchy)") == "Electoral democracy squared"
    assert pretty("square(not_named)") == "not_named squared"


def test_figures_print_in_grey():
    def lightness(colour):
        r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    from peacestudy.figures.survival_curves import LOOKS

    (one, dash_one), (two, dash_two) = LOOKS
    assert dash_one != dash_two and abs(lightness(one) - lightness(two)) > 0.05


def test_forest_takes_fits():
    rng = np.random.default_rng(1)
    d = pd.DataFrame(
        {"y": rng.integers(0, 2, 60), "a": rng.normal(size=60), "b": rng.normal(size=60)}
    )
    fits = ps.fit(
        d,
        [
            ps.ModelSpec(n, "y ~ a + b", "firth", v)
            for n, v in (("one", "classical"), ("two", "hc1"))
        ],
    )
    said = " ".join(
        t.get_text()
        for t in ps.figures.forest(fits, heading="<b>$x$</b>").findobj(matplotlib.text.Text)
    )
    assert "two: a" in said and "N 60" in said and "<b>$x$</b>" in said
    assert ps.figures.forest(fits[0])._repr_png_().startswith(b"\x89PNG")


def test_forest_takes_fits_of_imputed_data():
    rng = np.random.default_rng(1)
    d = pd.DataFrame(
        {"y": rng.integers(0, 2, 60), "a": rng.normal(size=60), "c": rng.poisson(2, 60)}
    )
    d["a"] = d.a.where(rng.random(60) > 0.2)
    filled = ps.models.impute(d, ["y", "a", "c"], m=3, cycles=1, donors=3, seed=1)
    fits = ps.fit(
        filled,
        [
            ps.ModelSpec("one", "y ~ a", "firth", "hc1"),
            ps.ModelSpec("two", "c ~ a", "negative_binomial", "hc1"),
        ],
    )
    whole = ps.fit(d, ps.ModelSpec("three", "y ~ a", "firth", "classical"))
    said = [t.get_text() for t in ps.figures.forest([*fits, whole]).findobj(matplotlib.text.Text)]
    row = fits[0].tidy(exponentiate=True).iloc[1]
    assert (
        f"{row.estimate:.2f} [{row.conf_low:.2f}, {row.conf_high:.2f}]" in said
        and "two: alpha" not in said
    )
    notes = " ".join(said).replace("\n", " ")
    assert "over 3 tables" in notes and "largest fmi" in notes and "imputed 3 times" in notes
    assert ps.figures.forest(fits[1])._repr_png_().startswith(b"\x89PNG")


def test_forest_refuses_what_it_cannot_draw():
    with pytest.raises(ps.SpecError, match="odds_ratio"):
        ps.figures.forest(pd.DataFrame({"label": ["a"]}))


def test_display_names_cover_the_study(results):
    assert not [v for v in results.study.covariates.variable.unique() if v not in NAMES]
    assert (
        pretty("scale(norms)") == "Norms (per sd)"
        and pretty("log(pages)") == "log pages of scored text"
    )


def test_the_key_figure_of_the_readme_is_the_figure_that_is_made(results):
    needs = {n: results.table(n) for n in FIGURES["forest"].needs}
    made = render(FIGURES["forest"].draw(needs)[0], Path("forest"))[Path("forest.png")]
    assert made == (results.study.folder / "forest.png").read_bytes(), (
        "copy build/peace_agreements/figures/forest.png there"
    )
