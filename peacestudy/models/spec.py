"""A specification is a row: hashable, printable, stored in TOML, compared in git."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peacestudy.core.problems import one_of
from peacestudy.errors import SpecError
from peacestudy.models.engines import ENGINES, VCOVS


@dataclass(frozen=True)
class ModelSpec:
    """What is to be fitted, written down before it is fitted.

    Attributes
    ----------
    name : what the model is called in tables.
    formula : ``y ~ a + b*c + log(d) + C(e)``; any column name in backquotes. See ``peacestudy.models.formula``.
    engine : ``linear``, ``logit`` or ``firth``.
    vcov : ``classical``, ``hc0`` to ``hc3`` or ``cluster``; there is no default.
    cluster : the column, or two columns, whose groups are clusters; with ``vcov="cluster"`` only.
    options : further settings of the engine, as a mapping or as pairs.

    Examples
    --------
    >>> ModelSpec("h0", "peace ~ scale(breadth)", "firth", "cluster", cluster="country").cluster
    ('country',)
    """

    name: str
    formula: str
    engine: str
    vcov: str
    cluster: str | Sequence[str] | None = None
    options: Mapping[str, Any] | Sequence[tuple[str, Any]] = ()

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise SpecError(one_of("engine", self.engine, list(ENGINES)))
        allowed = ENGINES[self.engine].vcovs
        if self.vcov not in VCOVS:
            raise SpecError(one_of("vcov", self.vcov, VCOVS))
        if self.vcov not in allowed:
            raise SpecError(
                f"engine {self.engine!r} has no vcov {self.vcov!r}; it must be one of {', '.join(allowed)}."
            )
        groups = (self.cluster,) if isinstance(self.cluster, str) else tuple(self.cluster or ())
        if (self.vcov == "cluster") != bool(groups):
            raise SpecError(
                f"vcov is {self.vcov!r} and cluster is {self.cluster!r}: vcov='cluster' needs the cluster column, others take none."
            )
        if len(groups) > 2 or len(set(groups)) < len(groups):
            raise SpecError(
                f"cluster names {len(groups)} columns ({', '.join(groups)}); give one, or two different ones."
            )
        pairs = tuple(sorted(dict(self.options).items()))
        unknown = [k for k, _ in pairs if k not in ENGINES[self.engine].options]
        if unknown:
            raise SpecError(
                f"engine {self.engine!r} has no option {', '.join(unknown)}; it has {', '.join(ENGINES[self.engine].options) or 'none'}."
            )
        object.__setattr__(self, "cluster", groups or None)
        object.__setattr__(self, "options", pairs)
        hash(self)  # an option that cannot be hashed is found here, not in a set later
