"""The style of every figure, display names, and rendering: equal inputs give equal bytes."""

import io
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PAGE = 7.1  # inches: the text width of a journal page
INK, GREY, PALE = "#1a1a1a", "#6e6e6e", "#d9d9d9"
# Okabe and Ito's blue and vermilion: distinct for colour-blind readers and in grey (lightness .43
# and .56)
BLUE, VERMILION = "#0072b2", "#d55e00"
NOTE = 6.6  # points
COLUMNS = 143  # characters of a footnote across the page
SEQUENCE = "Greys"  # shares from 0 to 1

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 8.0,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.7,
    "pdf.fonttype": 42,
    "svg.hashsalt": "peacestudy",
    "figure.dpi": 110,
    "savefig.dpi": 300,
    "legend.frameon": False,
    "axes.titlelocation": "left",
    "text.parse_math": False,
}

# Display names of columns; stored names are snake_case.
NAMES = {
    "diplomacy": "Diplomacy",
    "resources": "Resources",
    "norms": "Norms",
    "economy": "Economy",
    "environment": "Environment",
    "community": "Community",
    "institutions": "Institutions",
    "breadth": "Breadth (mean of the seven)",
    "power_sharing": "Power sharing",
    "pages": "Pages of scored text",
    "active": "Fighting at the agreement",
    "active_before": "Fighting in t0-1",
    "active_before_first": "Fighting before the first agreement",
    "active_first": "Fighting, year of the first",
    "active_calendar": "Fighting in t0, calendar year",
    "active_episode": "Fighting, recorded episodes",
    "war_years": "Years of war in t0-10..t0-1",
    "war_years_calendar": "Years of war in t0-9..t0",
    "territory": "Over territory",
    "polyarchy": "Electoral democracy (V-Dem)",
    "polyarchy_low": "Electoral democracy, low end of 68 %",
    "polyarchy_high": "Electoral democracy, high end of 68 %",
    "executive_constraints": "Executive constraints (Polity)",
    "legislative_constraints": "Legislative constraints (V-Dem)",
    "judicial_constraints": "Judicial constraints (V-Dem)",
    "gdp_per_capita": "GDP per capita (US$)",
    "population": "Population",
    "trade_openness": "Trade openness",
    "igo_memberships": "IGO memberships",
    "lasting_peace": "Lasting peace",
    "ln_trade_openness": "Trade over GDP (log)",
    "ln_igo_memberships": "IGO memberships (log)",
    "ln_gdp_per_capita": "GDP per capita (log)",
    "ln_population": "Population (log)",
    "ln_gdp_current": "GDP per capita (log)",
    "ln_people": "Population (log)",
    "regional_fighting": "Fighting in the region (share)",
    "ethnic_fractionalisation": "Ethnic fractionalisation",
    "democracy": "Democracy (extended UDS)",
    "weakest_dimension": "Weakest dimension",
    "dimension_political": "Political dimension",
    "dimension_economic": "Economic dimension",
    "dimension_social": "Social dimension",
    "dimension_environmental": "Environmental dimension",
    "battle_deaths": "Battle deaths, lower bound",
    "battle_deaths_high": "Battle deaths, upper bound",
    "comprehensive": "Comprehensive agreement",
    "prior_attempts": "Prior attempts",
    "trend": "Decades since 2000",
    "full_agreement": "Full agreement",
    "n_dyads": "Dyads that signed",
    "decade": "Decades since 2000",
    "implemented_k1": "Implemented by year 1",
    "implemented_k2": "Implemented by year 2",
    "implemented_k3": "Implemented by year 3",
    "implemented_k5": "Implemented by year 5",
    "promised_breadth": "Promised, breadth (PAM)",
    "text_breadth": "Promised, breadth of text (PA-X)",
    "leader_turnover": "Leader turnover",
    "leader_changes": "Years with a change of leader",
    "irregular_turnover": "Irregular change of leader",
    "aggregate": "All provisions",
    "un_mission": "UN mission",
    "active_by_year": "Fighting in year t0",
    "state_design": "State design",
    "fighting": "Fighting, year before",
    "war": "War, year before",
    "since_fighting": "Years since fighting",
    "success": "Success",
    "grade": "Overall grade",
    "relevance": "Relevance",
    "effectiveness": "Effectiveness",
    "efficiency": "Efficiency",
    "sustainability": "Sustainability",
    "terror": "State terror (PTS)",
    "sexual_violence": "Sexual violence (SVAC)",
    "stance": "Stance on an issue",
    "fragile": "Fragile (2024 list)",
    "small_island": "Small island (2024 list)",
    "program": "Program of reform",
    "ln_amount": "Amount (log)",
    "late": "Approved 2005 or later",
    "role": "Role of the third party",
    "topic_immigration": "Topic: immigration",
    "topic_nature": "Topic: nature, climate",
    "topic_social_security": "Topic: social security",
    "topic_government": "Topic: better government",
    "topic_international_law": "Topic: international law",
    "topic_civil_rights": "Topic: civil rights",
    "topic_housing": "Topic: housing",
    "topic_energy": "Topic: energy",
    "topic_crime": "Topic: crime",
    "topic_employment": "Topic: employment",
    "topic_education": "Topic: education",
    "topic_infrastructure": "Topic: infrastructure",
    "topic_european_union": "Topic: European Union",
    "topic_health": "Topic: health",
    "topic_farming": "Topic: farming",
    "topic_business": "Topic: business climate",
    "topic_culture": "Topic: culture",
    "topic_public_finance": "Topic: public finance",
    "topic_no_issue": "Topic: another or none",
    "duration": "years since the first fighting",
    "year": "Year",
    "region": "Region",
}


def pretty(name: str) -> str:
    """The display name of a column or term, or the name itself."""
    inner = name.removeprefix("scale(").removesuffix(")") if name.startswith("scale(") else name
    for function in ("log", "log1p"):
        if name.startswith(f"{function}(") and name.endswith(")"):
            of = NAMES.get(name[len(function) + 1 : -1], name[len(function) + 1 : -1])
            return f"log {'1 + ' if function == 'log1p' else ''}{of[:1].lower()}{of[1:]}"
    if name.startswith("square(") and name.endswith(")"):
        return f"{short_name(name[7:-1])} squared"
    if name.startswith("C(") and name.endswith("]"):
        column, _, level = name[2:-1].partition(")[")
        return f"{NAMES.get(column, column)}: {level}"
    return NAMES.get(inner, inner) + (" (per sd)" if inner != name else "")


def short_name(name: str) -> str:
    """The display name of a column or term without what stands in brackets."""
    return pretty(name).split(" (")[0]


class StudyFigure(Figure):
    """A matplotlib Figure without a window, displayed as the last expression of a notebook cell."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with mpl.rc_context(STYLE):
            self.savefig(buffer, format="png", dpi=STYLE["figure.dpi"])
        return buffer.getvalue()


def canvas(height: float, width: float = PAGE) -> Figure:
    """An empty figure in the common style."""
    with mpl.rc_context(STYLE):
        return StudyFigure(figsize=(width, height))


def wrapped(lines: Iterable[str]) -> str:
    """Notes broken into lines that fit the page."""
    return "\n".join("\n".join(textwrap.wrap(line, COLUMNS)) for line in lines)


def note_height(lines: Iterable[str]) -> float:
    """Inches that notes take at the foot of a figure."""
    return (wrapped(lines).count("\n") + 1) * NOTE * 1.30 / 72


def footnotes(fig: Figure, lines: Sequence[str], bottom: float = 0.012) -> float:
    """Write notes at the foot of a figure; returns where they end, as a share of its height."""
    fig.text(
        0.012,
        bottom,
        wrapped(lines),
        fontsize=NOTE,
        va="bottom",
        ha="left",
        color=INK,
        linespacing=1.25,
    )
    height: float = fig.get_size_inches()[1]
    return bottom + note_height(lines) / height


def title(fig: Figure, text: str, subtitle: str = "") -> None:
    """Write the heading of a figure, and its subtitle below."""
    height = fig.get_size_inches()[1]
    fig.text(0.012, 1 - 0.06 / height, text, fontsize=9.5, fontweight="bold", va="top", ha="left")
    if subtitle:
        fig.text(0.012, 1 - 0.25 / height, subtitle, fontsize=8, va="top", ha="left", color=INK)


def clean_y(ax: Axes, labels: Sequence[str]) -> None:
    """Rows 0, 1, ... from the top with their labels, no ticks."""
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def render(fig: Figure, stem: Path) -> dict[Path, bytes]:
    """A figure as PDF and PNG bytes with fixed metadata: equal figures give equal bytes."""
    out = {}
    with mpl.rc_context(STYLE):
        for ending, metadata in (
            (".pdf", {"CreationDate": None, "Creator": "peacestudy", "Producer": None}),
            (".png", {"Software": "peacestudy"}),
        ):
            buffer = io.BytesIO()
            fig.savefig(buffer, format=ending[1:], metadata=metadata)
            out[stem.with_suffix(ending)] = buffer.getvalue()
    return out
