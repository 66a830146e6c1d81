"""Domestic politics and context: what a declared effect is let
depend on, and where it is looked at by itself.
"""

from dataclasses import dataclass, replace

from peacestudy.models.engines.engine import CLUSTERED
from peacestudy.study.config.declared import Specification


@dataclass(frozen=True)
class Moderation:
    """Several declared models, the first term of each made to depend on each of several moderators.
    All are decided together.

    Attributes
    ----------
    id, text : identifier of the family, and the claim.
    specs : declared models; what is moderated is the first term of each.
    moderators : terms as a formula has them, ``scale(polyarchy)``.
    quantiles : of the moderator, at which the effect is told: a low and a high value.
    near, fewest : a value of the moderator has support where ``fewest`` cases lie within ``near``
        standard deviations of it.
    strata, draws, seed : of the check by permutation.
    """

    id: str
    text: str
    specs: tuple[str, ...]
    moderators: tuple[str, ...]
    quantiles: tuple[float, ...]
    near: float
    fewest: int
    strata: str
    draws: int
    seed: int

    def of(self, spec: Specification, moderator: str) -> Specification:
        """A declared model with its first term made to depend on a moderator."""
        left = spec.formula.partition("~")[0].strip()
        first, *others = spec.terms()
        formula = (
            f"{left} ~"
            f" {' + '.join([f'{first}*{moderator}', *(t for t in others if t != moderator)])}"
        )
        return replace(spec, name=f"{spec.name}, {moderator}", formula=formula, role="moderated")


@dataclass(frozen=True)
class Context:
    """A way to part the cases: by a column's values from each cut on.

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
    """Declared models fitted in each context by itself, and the effects drawn towards their mean.

    Attributes
    ----------
    specs : declared models; the effect is that of the first term of each.
    drop : terms left out, since a context has fewer cases than the whole.
    vcov : of the fits in contexts, which have few clusters.
    method : of partial pooling.
    fewest_events : cases of the rarer outcome that a context must have.
    by : the ways to part the cases.
    """

    specs: tuple[str, ...]
    drop: tuple[str, ...]
    vcov: str
    method: str
    fewest_events: int
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
