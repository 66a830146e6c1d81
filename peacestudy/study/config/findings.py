"""What is wrong in study.toml, as a finding: where, what was
found, what was expected, what to do.
"""

from collections.abc import Iterable, Iterator

from peacestudy.core.problems import nearest
from peacestudy.core.toml_lines import Place
from peacestudy.errors import SpecError
from peacestudy.models.engines.engine import VCOVS
from peacestudy.models.engines.registry import ENGINES
from peacestudy.models.formulas.formula import parse
from peacestudy.study.config.declared import Specification

Finding = tuple[Place, object, str, str]  # place in study.toml, value, rule, remedy


def spec_problems(spec: Specification) -> dict[str, str]:
    """What is wrong with a declared spec, by the key that is to be corrected."""
    out = {}
    try:
        parse(spec.formula)
    except SpecError as err:
        out["formula"] = str(err)
    try:
        spec.model()
    except SpecError as err:
        vcovs = ENGINES[spec.engine].vcovs if spec.engine in ENGINES else VCOVS
        key = (
            "engine"
            if spec.engine not in ENGINES
            else "vcov"
            if spec.vcov not in vcovs
            else "cluster"
        )
        out[key] = str(err)
    return out


def among(place: Place, word: str, known: Iterable[str], rule: str) -> Iterator[Finding]:
    """A finding where a word is none of those known."""
    words = list(known)
    if word not in words:
        yield place, word, f"{rule}: {', '.join(words)}", f"correct it.{nearest(word, words)}"
