"""Domestic politics and context: moderators of declared effects, and effects by context."""

from dataclasses import dataclass, replace

from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.study.config.declared import Specification


@dataclass(frozen=True)
class Moderation:
    """Several declared models with the first term of each interacted with each of several
    moderators. All interactions form one family of tests.

    Attributes
    ----------
    id, text : identifier of the family, and the claim.
    specs : declared models; the first term of each is interacted.
    moderators : terms as a formula has them, ``scale(polyarchy)``.
    quantiles : of the moderator, at which the effect is reported: a low and a high value.
    near, min_cases : a value of the moderator has support where at least ``min_cases`` cases lie
        within ``near`` standard deviations of it.
    strata, draws, seed : of the permutation test.
    direction : the sign that the claim gives to every interaction: ``positive``, ``negative``, or
        ``none`` where it gives none.
    """

    id: str
    text: str
    specs: tuple[str, ...]
    moderators: tuple[str, ...]
    quantiles: tuple[float, ...]
    near: float
    min_cases: int
    strata: str
    draws: int
    seed: int
    direction: str = ""

    def of(self, spec: Specification, moderator: str) -> Specification:
        """A declared model with its first term interacted with a moderator."""
        left = spec.formula.partition("~")[0].strip()
        first, *others = spec.terms()
        controls = [term for term in others if term != moderator]
        right = " + ".join([f"{first}*{moderator}", *controls])
        name = f"{spec.name}, {moderator}"
        return replace(spec, name=name, formula=f"{left} ~ {right}", role="moderated")


@dataclass(frozen=True)
class Context:
    """A grouping of the cases by a column, at cut points.

    Attributes
    ----------
    id, label : identifier, and name in figures.
    column : a number of every case.
    names : of the contexts, in order.
    cuts : the value from which each context but the first begins.
    """

    id: str
    label: str
    column: str
    names: tuple[str, ...]
    cuts: tuple[float, ...]


@dataclass(frozen=True)
class Contexts:
    """Declared models fitted in each context separately, and the effects partially pooled.

    Attributes
    ----------
    specs : declared models; the effect is that of the first term of each.
    drop : terms left out, since a context has fewer cases than the whole sample.
    vcov : of the fits in contexts, which have few clusters.
    method : of partial pooling.
    min_events : cases of the rarer outcome that a context must have.
    by : the groupings of the cases.
    """

    specs: tuple[str, ...]
    drop: tuple[str, ...]
    vcov: str
    method: str
    min_events: int
    by: tuple[Context, ...]

    def of(self, spec: Specification) -> Specification:
        """A declared model as it is fitted in a context."""
        left = spec.formula.partition("~")[0].strip()
        terms = [t for t in spec.terms() if t not in self.drop]
        cluster = spec.cluster if self.vcov in CLUSTERED else ""
        formula = f"{left} ~ {' + '.join(terms)}"
        return replace(
            spec,
            name=f"{spec.name}, in contexts",
            formula=formula,
            vcov=self.vcov,
            cluster=cluster,
            role="context",
        )
