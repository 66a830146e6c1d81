"""Model specifications: frozen, hashable, printed and stored as text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from numbers import Real
from typing import TYPE_CHECKING, Any

from peacestudy.core.clock import Clock, is_mapping_of_text
from peacestudy.core.problems import nearest, one_of, shortened
from peacestudy.errors import JoinError, SpecError
from peacestudy.models.engines.bootstrap_options import OPTIONS, check_bootstrap
from peacestudy.models.engines.engine import CLUSTERED, NUMBER, VCOVS
from peacestudy.models.engines.registry import ENGINES

EXAMPLE = 'ps.ModelSpec("name", "y ~ x", engine="linear", vcov="hc1")'
PANEL = ("unit", "time")  # options of every engine: by which columns lag() looks up
# options of every engine: when treatment is complete, from when columns are known, and why one is
# used that is known later
CLOCK = ("clock", "known_from", "known_late")
WEIGHTED_VCOVS = ("hc0", "hc1", "cluster", "jackknife")
FIELDS = ("name", "formula", "engine", "vcov", "cluster", "options")
# words of Stata, R and Python for what has another name here
ENGINE_WORDS = {
    "ols": "linear",
    "lm": "linear",
    "regress": "linear",
    "gaussian": "linear",
    "logistic": "logit",
    "binomial": "logit",
    "logistf": "firth",
    "firthlogit": "firth",
    "coxph": "cox",
    "stcox": "cox",
    "phreg": "cox",
    "ologit": "ordered",
    "polr": "ordered",
    "clm": "ordered",
    "nb": "negative_binomial",
    "nbreg": "negative_binomial",
    "negbin": "negative_binomial",
    "lmer": "mixed_linear",
    "mixed": "mixed_linear",
    "glmer": "mixed_logit",
    "melogit": "mixed_logit",
    "cloglog": "discrete_time",
}
VCOV_WORDS = {
    "nonrobust": "classical",
    "iid": "classical",
    "oim": "classical",
    "ols": "classical",
    "default": "classical",
    "robust": "hc1",
    "white": "hc0",
    "sandwich": "hc0",
    "hetero": "hc1",
    "clustered": "cluster",
    "cr1": "cluster",
    "crv1": "cluster",
    "cr3": "jackknife",
    "crv3": "jackknife",
    "cv3": "jackknife",
}


@dataclass(frozen=True)
class ModelSpec:
    """A model specification: what is to be fitted, written before it is fitted.

    A specification is frozen and hashable, so that it can be stored in ``study.toml`` and compared.

    Attributes
    ----------
    name : str
        Name of the model in tables.
    formula : str
        Such as ``y ~ a + b*c + log(d) + C(e) + poly(f, 2) + bs(g, 4) + lag(h, 2)``; any column name
        may stand in backquotes. The outcome of a survival model is ``Surv(time, event)`` or
        ``Surv(start, stop, event)``. The grammar is described in
        ``peacestudy.models.formulas.formula``.
    engine : str
        The kind of model: ``linear``, ``logit``, ``firth``, ``ridge``, ``ordered``, ``poisson``,
        ``negative_binomial``, ``cox``, ``discrete_time``, ``mixed_logit`` or ``mixed_linear``.
    vcov : {"classical", "hc0", "hc1", "hc2", "hc3", "cluster", "cr2", "jackknife"}
        The covariance estimator; there is no default. ``cox`` has classical, hc0 and cluster;
        ``mixed_logit`` and ``mixed_linear`` have classical only; hc2, hc3 and cr2 exist for
        ``linear`` only, jackknife for ``linear``, ``logit`` and ``firth``. With 8 clusters 95 %
        intervals of ``cluster`` cover in 85 to 93 % of simulated samples, those of ``cr2`` in 94 to
        96 % (see ``peacestudy.models.inference.covariance``).
    cluster : str or sequence of str, optional
        The cluster column, required with ``cluster``, ``cr2`` and ``jackknife``; ``cluster`` takes
        two columns as well. Stored as a tuple.
    options : mapping or sequence of pairs, optional
        Further settings of the engine, stored as sorted pairs:

        - ``weights``, a column of probability weights (linear, logit);
        - ``ties``, ``efron`` (the default) or ``breslow``, and ``strata``, a column (cox);
        - ``baseline``, ``dummies`` (the default), ``cubic``, ``log`` or ``constant``
          (discrete_time);
        - ``offset``, a column added to the linear predictor, or ``exposure``, a column whose log is
          added (poisson, negative_binomial);
        - ``penalty``, a number above 0 (ridge, required);
        - ``group``, the column whose groups have their own intercept (mixed_logit, mixed_linear),
          and ``method``, ``reml`` or ``ml`` (mixed_linear);
        - ``bootstrap``, ``rademacher`` or ``webb``, with ``bootstrap_draws`` and
          ``bootstrap_seed`` (linear and logit with ``cluster`` and one column): p values and
          intervals then come from the wild cluster bootstrap (linear) or the score bootstrap
          (logit); estimates and standard errors stay;
        - ``unit`` and ``time``, columns (every engine): ``lag(x)`` takes the value of the same unit
          at its time less 1 from the whole table; a row without such a value is left out, with the
          reason;
        - ``clock``, a column (every engine): the date or year at which treatment is complete.
          ``fit`` then refuses a regressor, a weight or an offset that is known only later.
          ``known_from`` maps columns to ``always``, a column of dates or years, or such a column
          and a distance (``year - 1``). ``known_late`` maps a column that is used although it is
          known late to the reason, which is printed with the result.

    Raises
    ------
    SpecError
        An unknown argument, engine, vcov or option; a vcov or an option that the engine does not
        have; a cluster column that is missing or not used; a required option that is missing.

    Examples
    --------
    >>> import peacestudy as ps
    >>> spec = ps.ModelSpec("h0", "peace ~ scale(breadth)", "firth", "cluster", cluster="country")
    >>> spec.engine, spec.cluster
    ('firth', ('country',))
    >>> ps.ModelSpec(
    ...     "counts", "deaths ~ x", "poisson", "hc0", options={"exposure": "years"}
    ... ).options
    (('exposure', 'years'),)
    """

    name: str = ""
    formula: str = ""
    engine: str = ""
    vcov: str = ""
    cluster: str | Sequence[str] | None = None
    options: Mapping[str, Any] | Sequence[tuple[str, Any]] = ()

    if not TYPE_CHECKING:  # type checkers read the fields

        def __new__(cls, *args: Any, **arguments: Any) -> "ModelSpec":
            """A new spec, refused where the arguments are not its fields."""
            _check_arguments(args, arguments)
            return super().__new__(cls)

    def __post_init__(self) -> None:
        _check_types(self)
        _check_word("engine", self.engine, list(ENGINES), ENGINE_WORDS)
        allowed = ENGINES[self.engine].vcovs
        _check_word("vcov", self.vcov, VCOVS, VCOV_WORDS, allowed)
        if self.vcov not in allowed:
            raise SpecError(
                f"engine {self.engine!r} has no vcov {self.vcov!r}; it must be one of"
                f" {', '.join(allowed)}."
            )
        groups = (self.cluster,) if isinstance(self.cluster, str) else tuple(self.cluster or ())
        if (self.vcov in CLUSTERED) != bool(groups):
            raise SpecError(
                f"vcov is {self.vcov!r} and cluster is {self.cluster!r}: any of"
                f" {', '.join(CLUSTERED)} needs the cluster column, others take none."
            )
        if len(groups) > 2 or len(set(groups)) < len(groups):
            raise SpecError(
                f"cluster names {len(groups)} columns ({', '.join(groups)}); give one, or two"
                " different ones."
            )
        if self.vcov != "cluster" and len(groups) > 1:
            raise SpecError(
                f"vcov {self.vcov!r} takes one cluster column, not {' and '.join(groups)}."
            )
        _check_clock(dict(self.options))
        pairs = tuple(sorted((name, _frozen(value)) for name, value in dict(self.options).items()))
        check_bootstrap(self.engine, self.vcov, groups, dict(pairs))
        _check_options(self.engine, self.vcov, dict(pairs))
        object.__setattr__(self, "cluster", groups or None)
        object.__setattr__(self, "options", pairs)
        try:
            hash(self)  # an option that cannot be hashed is found here, not in a set later
        except TypeError as err:
            raise SpecError(
                f"options is {shortened(dict(pairs))}; each value must be a word or a number"
                f" ({err})."
            ) from err

    @property
    def cluster_columns(self) -> tuple[str, ...]:
        """The cluster columns; none without clusters."""
        return tuple(self.cluster or ())

    @property
    def option_columns(self) -> tuple[str, ...]:
        """The columns that options name: they must be in the data,
        beside those of the formula and the clusters.
        """
        known = ENGINES[self.engine].options
        return tuple(
            dict.fromkeys(
                str(value)
                for name, value in dict(self.options).items()
                if not known.get(name, True)
            )
        )

    @property
    def panel(self) -> tuple[str, str] | None:
        """The columns of unit and time by which lags are looked up, where they are written."""
        options = dict(self.options)
        return (options["unit"], options["time"]) if "unit" in options else None


def _check_arguments(args: Sequence[Any], arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that are no fields of a spec."""
    if len(args) > len(FIELDS):
        raise SpecError(
            f"ModelSpec was given {len(args)} values; it takes {', '.join(FIELDS)}, as in"
            f" {EXAMPLE}."
        )
    for name in arguments:
        if name not in FIELDS:
            options = [
                *OPTIONS,
                *PANEL,
                *CLOCK,
                *(o for engine in ENGINES.values() for o in engine.options),
            ]
            where = nearest(name, [*FIELDS, *options])
            if name in options:
                where = f" {name} is an option: options={{{name!r}: ...}}."
            raise SpecError(
                f"ModelSpec has no argument {name!r}; it takes {', '.join(FIELDS)}.{where}"
            )
        if name in FIELDS[: len(args)]:
            given = shortened(args[FIELDS.index(name)]), shortened(arguments[name])
            raise SpecError(
                f"ModelSpec was given {name} twice, as {given[0]} and {given[1]}; write it once, as"
                f" in {EXAMPLE}."
            )


def _check_word(
    what: str,
    word: object,
    known: Sequence[str],
    words: Mapping[str, str],
    allowed: Sequence[str] | None = None,
) -> None:
    """Refuse a word outside a list; with what another program's word is called here."""
    if isinstance(word, str) and word in known:
        return
    shown = ", ".join(known)
    if not isinstance(word, str) or not word:
        said = f"{what} is not written" if word == "" else f"{what} is {shortened(word)}"
        raise SpecError(f"{said}; it must be one of {shown}, as in {EXAMPLE}; there is no default.")
    here = words.get(word.casefold())
    if here and here in (allowed or known):
        raise SpecError(
            f"{what} is {word!r}; it must be one of {shown}. What is called {word!r} elsewhere is"
            f" {here!r} here."
        )
    raise SpecError(
        f"{what} is {word!r}; it must be one of {shown}.{nearest(word, allowed or known)}"
    )


def _check_types(spec: ModelSpec) -> None:
    """Refuse what is no text where text is meant, before anything is looked up with it."""
    for what in ("name", "formula"):
        value = getattr(spec, what)
        if not isinstance(value, str) or not value:
            raise SpecError(
                f"{what} of a ModelSpec is {shortened(value)}; it must be text, as in {EXAMPLE}."
            )
    if "~" in spec.name and "~" not in spec.formula:
        raise SpecError(
            f"the formula {spec.name!r} is in the place of the name; the name comes first, as in"
            f" {EXAMPLE}."
        )
    if spec.engine in VCOVS and spec.vcov in ENGINES:
        raise SpecError(
            f"engine is {spec.engine!r} and vcov is {spec.vcov!r}: the engine comes first, as in"
            f" {EXAMPLE}."
        )
    cluster = spec.cluster
    if cluster is not None and not (isinstance(cluster, str) and cluster):
        listed = isinstance(cluster, list | tuple)
        if not listed or not all(isinstance(c, str) and c for c in cluster):
            raise SpecError(
                f"cluster is {shortened(cluster)}; it must be the name of a column, or a list of"
                " two."
            )
    options = spec.options
    pairs = list(options.items()) if isinstance(options, Mapping) else options
    right = isinstance(pairs, list | tuple) and all(
        isinstance(p, list | tuple) and len(p) == 2 for p in pairs
    )
    if not right or not all(isinstance(p[0], str) for p in pairs):
        raise SpecError(
            f"options is {shortened(options)}; it must be a mapping from names to values, as"
            " {'weights': 'w'}."
        )


def _check_panel(options: Mapping[str, Any]) -> None:
    given = {name: options[name] for name in PANEL if name in options}
    if not given:
        return
    if len(given) < 2 or len(set(map(str, given.values()))) < 2:
        raise SpecError(
            "options unit and time name two different columns, by which lag() looks up, and"
            f" {given} does not: options={{'unit': 'country', 'time': 'year'}}."
        )
    for name, value in given.items():
        if not isinstance(value, str) or not value:
            raise SpecError(f"option {name} is {shortened(value)}; it must name a column.")


def _frozen(value: Any) -> Any:
    """A mapping as sorted pairs, so that a spec can be hashed; other values as they are."""
    if not isinstance(value, Mapping):
        return value
    return tuple(sorted(value.items(), key=lambda pair: str(pair[0])))


def _check_clock(options: Mapping[str, Any]) -> None:
    """Refuse options of the clock that cannot be read."""
    for name in ("known_from", "known_late"):
        pairs = _frozen(options.get(name, ()))
        is_mapping = isinstance(pairs, tuple) and is_mapping_of_text(pairs)
        if not is_mapping or not all(part.strip() for pair in pairs for part in pair):
            value = "'year - 1'" if name == "known_from" else "'why it is used all the same'"
            raise SpecError(
                f"option {name} is {shortened(options[name])}; it maps columns to text, as"
                f" {{'x': {value}}}."
            )
    if "clock" not in options:
        return
    try:
        Clock(options["clock"], dict(options.get("known_from", ())))
    except JoinError as err:
        raise SpecError(str(err)) from err


def _check_options(engine: str, vcov: str, options: Mapping[str, Any]) -> None:
    known = ENGINES[engine].options
    _check_panel(options)
    own = (*(OPTIONS if ENGINES[engine].bootstrap else ()), *PANEL, *CLOCK)
    options = {name: value for name, value in options.items() if name not in own}
    if unknown := [k for k in options if k not in known]:
        raise SpecError(
            f"engine {engine!r} has no option {', '.join(unknown)}; it has"
            f" {', '.join([*known, *own])}.{nearest(unknown[0], [*known, *own])}"
        )
    for name in ENGINES[engine].required:
        if name not in options:
            what = "a column" if not known[name] else f"one of {', '.join(known[name])}"
            what = NUMBER[0] if known[name] is NUMBER else what
            raise SpecError(
                f"engine {engine!r} needs the option {name}, {what}; there is no default:"
                f" options={{{name!r}: ...}}."
            )
    for name, value in options.items():
        if known[name] is NUMBER:
            if (
                isinstance(value, bool)
                or not isinstance(value, Real)
                or not isfinite(value)
                or value <= 0
            ):
                raise SpecError(
                    f"option {name} of engine {engine!r} is {value!r}; it must be {NUMBER[0]}."
                )
            continue
        if known[name] and value not in known[name]:
            raise SpecError(one_of(f"option {name} of engine {engine!r}", value, known[name]))
        if not known[name] and not (isinstance(value, str) and value):
            raise SpecError(
                f"option {name} of engine {engine!r} is {shortened(value)}; it must name a column."
            )
    if "offset" in options and "exposure" in options:
        raise SpecError(
            f"engine {engine!r} was given both an offset and an exposure; write one: an exposure's"
            " log is an offset."
        )
    if "weights" in options and vcov not in WEIGHTED_VCOVS:
        raise SpecError(
            f"weights with vcov {vcov!r}: {vcov!r} would take probability weights for counts of"
            f" cases; vcov must be one of {', '.join(WEIGHTED_VCOVS)}."
        )
