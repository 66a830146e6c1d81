"""Separation of a binary outcome in a design, and the sentence that names its terms and cases."""

from peacestudy.models.formulas.design import Design
from peacestudy.models.kernels.separation import Separation, find_separation

NAMED = 5  # cases named in a message


def separation_text(design: Design, found: Separation) -> str:
    """The sentence that names the terms and cases of a separation."""
    terms = [design.names[j] for j in found.terms if design.names[j] != "Intercept"] or [
        "Intercept"
    ]
    cases = [str(design.cases[i]) for i in found.rows]
    more = f" and {len(cases) - NAMED} more" if len(cases) > NAMED else ""
    kind = "completely separated" if found.kind == "complete" else "quasi-completely separated"
    return (
        f"the outcome is {kind} by {', '.join(terms)}: it is predicted without error in"
        f" {len(cases)} of {len(design.y)} rows ({', '.join(cases[:NAMED])}{more}), so a logit's"
        " coefficients tend to infinity"
    )


def separation_of(design: Design) -> Separation | None:
    """The separation in a design with a binary outcome, or None."""
    return find_separation(design.X, design.y)
