"""Formulas: our own tokenizer and grammar, because a formula string
is code in every library that takes one.

    formula  = (factor | survival) "~" ["-"] part {("+" | "-") part}
    part     = product | "0" | "1"
    sum      = ["-"] product {("+" | "-") product}
    product  = cross {"*" cross}
    cross    = atom {":" atom}
    atom     = factor | "(" sum ")"
    factor   = column | function "(" factor ")" | curve "(" factor "," integer ")"
             | "lag" "(" column ["," integer] ")"
    survival = "Surv" "(" [column ","] column "," column ")"
    column   = letters, digits and _ , or anything between backquotes

A curve, ``poly`` or ``bs``, is the sum of its columns: ``a*poly(x, 2)`` is a + p1 + p2 + a:p1 +
a:p2. A lag is of a column and stands innermost: ``log(lag(x, 2))``. What is parsed is handed on as
names of prepared columns (``f0``, ``f1``, ``f2_1``, ``f2_2``, ...): no text of the user's reaches
an evaluator.
"""

import re
from dataclasses import dataclass

from peacestudy.core.problems import composed, nearest
from peacestudy.errors import SpecError
from peacestudy.models.formulas.factors import CURVES, DISTANCE, LAG, Factor, Survival

FUNCTIONS = ("log", "log1p", "sqrt", "square", "scale", "center", "C")
KNOWN = (*FUNCTIONS, LAG, *CURVES)
INTERCEPT = "Intercept"  # the name of the constant
SURVIVAL = "Surv"
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>`[^`\n]+`)|(?P<name>[^\W\d]\w*)|(?P<number>\d+)|(?P<op>[~+\-*:(),]))"
)
# how other languages of formulas write what is written otherwise here: the pattern, and what to
# write
FOREIGN = (
    (r"\)\s*(?:\*\*|\^)", "a power of a sum: write a*b for a, b and their product"),
    (
        r"\*\*|\^",
        "a power: write square({name}) for the square of a column, poly({name}, 3) for a curve",
    ),
    (
        r"\bI\s*\(",
        (
            "I(): write square({name}) for a square, center({name}) for {name} less its mean; make"
            " other columns in the data"
        ),
    ),
    (
        r"\b(?:np|numpy)\s*\.",
        "a function of numpy: write log({name}), log1p({name}), sqrt({name}) or square({name})",
    ),
    (
        r"\b(?:as\.)?(?:factor|ordered|category)\s*\(",
        "a function of R: write C({name}) for categories",
    ),
    (
        r"\bQ\s*\(",
        (
            "a function of patsy: write a name that holds spaces or signs in backquotes, as `size"
            " of deal`"
        ),
    ),
    (
        r"\bC\s*\([^)]*,",
        (
            "an argument of C(), which takes one column: the first category is the reference; order"
            " them in the data"
        ),
    ),
    (r"\blog(?:10|2)\s*\(|\bln\s*\(", "another logarithm: write log({name}), the natural one"),
    (r"\bexp\s*\(", "exp(): make the column in the data and write its name"),
    (
        r"\b(?:offset|exposure)\s*\(",
        (
            "an offset: write it in the options, options={{'offset': '{name}'}}, with engine"
            " poisson or negative_binomial"
        ),
    ),
    (r"\b(?:ns|s|te|rcs|cr)\s*\(", "a spline of another package: write bs({name}, 4)"),
    (
        r"\b[LlFDS]\d*\.[^\W\d]",
        "a time-series prefix of Stata: write lag({name}); make leads and differences in the data",
    ),
    (
        r"\b(?:i|c|ib\d*)\.[^\W\d]",
        "a prefix of Stata: write C({name}) for categories, and the name alone for numbers",
    ),
    (
        r"\|",
        (
            "a bar: write the grouping column in the options, options={{'group': '{name}'}}, with"
            " engine mixed_logit or mixed_linear"
        ),
    ),
    (r"~\s*\.(?!\w)|\+\s*\.(?!\w)", "a dot for all columns: write their names, as y ~ a + b"),
    (r"\w\.\w", "a name with a dot: write it in backquotes, as `gdp.pc`"),
    (r"[<>]|==|!=", "a comparison: make a column of 0 and 1 in the data and write its name"),
    (r"%in%|/", "a sign of nesting or a ratio: write a + a:b for a/b; make ratios in the data"),
    (r"=", "an equals sign: the outcome stands before ~, as y ~ x"),
)
# names of functions and prefixes, which stand before a column
PREFIXES = (
    "I",
    "np",
    "numpy",
    "as",
    "factor",
    "ordered",
    "category",
    "Q",
    "log10",
    "log2",
    "ln",
    "exp",
    "offset",
    "exposure",
)
NOT_COLUMNS = {*PREFIXES, "ns", "s", "te", "rcs", "cr", "i", "c", "L", "l", "F", "D", "S", *KNOWN}
_QUOTED = re.compile(r"`[^`\n]*`|[^`]+")  # names in backquotes stay as they are written
LONGEST = 10_000  # characters; a formula is read by people
DEEPEST = 50  # brackets within brackets
MOST_TERMS = 1000  # to which * and : may multiply out
MOST_IN_ALL = 5000  # terms of a formula as a whole


def renamed(column: str) -> str:
    """The sentence that says how to rename a column."""
    return f"Rename the column: data.rename(columns={{{column!r}: 'another_name'}})."


@dataclass(frozen=True)
class Formula:
    """A parsed formula.

    Attributes
    ----------
    response : the outcome, a factor or a survival response.
    factors : the distinct factors of the right-hand side, in order of appearance; ``right`` names
        them f0, f1, ..., and the columns of a curve f0_1, f0_2, ...
    right : the right-hand side in terms of these names, safe to evaluate.
    """

    response: Factor | Survival
    factors: tuple[Factor, ...]
    right: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the formula reads, the outcome first."""
        left = (
            self.response.columns
            if isinstance(self.response, Survival)
            else (self.response.column,)
        )
        return tuple(dict.fromkeys([*left, *(f.column for f in self.factors)]))


def parse(text: str) -> Formula:
    """Parse a formula.

    Raises
    ------
    SpecError
        With the place in the formula and what was expected there.

    Examples
    --------
    >>> parse("y ~ a*b + log(`size of deal`)").right
    'f0*f1 + f2'
    >>> parse("Surv(start, stop, `war again`) ~ a").columns
    ('start', 'stop', 'war again', 'a')
    """
    if len(text) > LONGEST:
        raise SpecError(f"the formula has {len(text)} characters; at most {LONGEST} are read.")
    return _Parser(
        _QUOTED.sub(lambda part: part[0] if part[0][0] == "`" else composed(part[0]), text)
    ).formula()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.tokens: list[tuple[str, str, int]] = []
        self.factors: dict[Factor, str] = {}
        place = 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if not found:
                self.refuse(
                    place + len(text[place:]) - len(text[place:].lstrip()),
                    "is not part of a formula",
                )
            assert found is not None and found.lastgroup is not None
            self.tokens.append(
                (found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))
            )
            place = found.end()
        self.tokens.append(("end", "", len(text)))

    def refuse(self, place: int, why: str) -> None:
        char = self.text[place : place + 1] or "the end"
        if hint := _foreign(self.text):
            raise SpecError(
                f"formula {self.text!r}: {char!r} at character {place + 1} {why}. The formula holds"
                f" {hint}."
            )
        raise SpecError(
            f"formula {self.text!r}: {char!r} at character {place + 1} {why}. A formula is like y ~"
            " a + b*c + log(d) + C(e), with column names that hold spaces or signs in backquotes;"
            f" its functions are {', '.join(FUNCTIONS)}, poly(a, 2), bs(a, 4), lag(a), lag(a, 2),"
            " and Surv(time, event) or Surv(start, stop, event) as the outcome."
        )

    def peek(self) -> tuple[str, str, int]:
        return self.tokens[self.at]

    def take(self, *symbols: str) -> str:
        """The next token's text if it is one of the symbols, else the empty string."""
        kind, text, _ = self.peek()
        if kind == "op" and text in symbols:
            self.at += 1
            return text
        return ""

    def need(self, symbol: str) -> None:
        if not self.take(symbol):
            self.refuse(self.peek()[2], f"stands where {symbol!r} is expected")

    def formula(self) -> Formula:
        response = self.survival() if self.opens_survival() else self.factor()
        if isinstance(response, Factor) and response.lag:
            self.refuse(
                0, f"begins the outcome {response.label}: an outcome is not lagged; lag its causes"
            )
        self.need("~")
        right, terms = self.sum()
        if terms > MOST_IN_ALL:
            raise SpecError(
                f"the formula multiplies out to {terms:,} terms, counted over all its products; at"
                f" most {MOST_IN_ALL:,} are taken. Leave out products, or fit several formulas."
            )
        if self.peek()[0] != "end":
            self.refuse(self.peek()[2], "is not expected here")
        self.refuse_names(response)
        return Formula(response, tuple(self.factors), right)

    def refuse_names(self, response: Factor | Survival) -> None:
        """Refuse a column named like another part of the formula:
        categories and centres are stored by these names.
        """
        found: dict[str, Factor] = {}
        for factor in (*self.factors, *([response] if isinstance(response, Factor) else [])):
            steps = [factor.within(n) for n in range(len(factor.numeric) + 1)]
            for part in (*steps, factor):
                other = found.setdefault(part.label, part)
                if other != part:
                    column = max(part.column, other.column, key=len)
                    what = (
                        "the lag"
                        if part.label in (part.source, other.source) and part.lag != other.lag
                        else "a function"
                    )
                    raise SpecError(
                        f"formula {self.text!r}: {part.label!r} is both a column and {what} of one,"
                        f" so that two terms are both named {part.label!r}. {renamed(column)}"
                    )
        if any(factor.label == INTERCEPT for factor in self.factors):
            raise SpecError(
                f"formula {self.text!r}: two terms are both named {INTERCEPT!r}, a column and the"
                f" constant of the model. {renamed(INTERCEPT)}"
            )

    def opens_survival(self) -> bool:
        return self.peek()[:2] == ("name", SURVIVAL) and self.tokens[self.at + 1][:2] == ("op", "(")

    def survival(self) -> Survival:
        place = self.peek()[2]
        self.at += 2
        names = [self.column()]
        while self.take(","):
            names.append(self.column())
        self.need(")")
        if len(names) not in (2, 3):
            self.refuse(place, f"opens a {SURVIVAL}() of {len(names)} column(s)")
        if len(set(names)) < len(names):
            self.refuse(place, f"opens a {SURVIVAL}() that names a column twice")
        return Survival(*names) if len(names) == 2 else Survival(names[1], names[2], names[0])

    def column(self) -> str:
        kind, text, place = self.peek()
        if kind not in ("name", "quoted"):
            self.refuse(place, "stands where a column is expected")
        self.at += 1
        return text[1:-1] if kind == "quoted" else text

    def sum(self) -> tuple[str, int]:
        """A sum in safe names, and the number of terms it can multiply out to."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(self.peek()[2], f"opens more than {DEEPEST} brackets")
        sign = self.take("-")
        text, terms = self.term()
        out = sign + text
        while sign := self.take("+", "-"):
            text, more = self.term()
            out, terms = f"{out} {sign} {text}", terms + more
        self.depth -= 1
        return out, terms

    def term(self) -> tuple[str, int]:
        kind, text, place = self.peek()
        if kind != "number":
            return self.product()
        if text not in ("0", "1") or self.depth > 1:
            self.refuse(
                place,
                "is a number: only 0 (no intercept) and 1 (intercept) may stand, as terms outside"
                " brackets",
            )
        self.at += 1
        return text, 1

    def product(self) -> tuple[str, int]:
        out, terms = self.cross()
        while self.take("*"):
            text, more = self.cross()
            out, terms = f"{out}*{text}", (1 + terms) * (1 + more) - 1
        if terms > MOST_TERMS:
            raise SpecError(
                f"the formula multiplies out to {terms} terms and more; at most {MOST_TERMS} are"
                " taken."
            )
        return out, terms

    def cross(self) -> tuple[str, int]:
        out, terms = self.atom()
        while self.take(":"):
            text, more = self.atom()
            out, terms = f"{out}:{text}", terms * more
        return out, terms

    def atom(self) -> tuple[str, int]:
        if self.take("("):
            inside, terms = self.sum()
            self.need(")")
            return f"({inside})", terms
        factor = self.factor()
        name = self.factors.setdefault(factor, f"f{len(self.factors)}")
        if factor.size is None:
            return name, 1
        return f"({' + '.join(f'{name}_{i}' for i in range(1, factor.size + 1))})", factor.size

    def factor(self) -> Factor:
        if self.opens_survival():
            self.refuse(
                self.peek()[2],
                f"begins a {SURVIVAL}(), which is an outcome: it stands before ~, alone",
            )
        kind, _, place = self.peek()
        text = self.column()
        if kind == "quoted" or not self.take("("):
            return Factor(text)
        if text == LAG:
            return self.lagged()
        if text not in KNOWN:
            if hint := _foreign(self.text):
                raise SpecError(
                    f"formula {self.text!r}: {text!r} is no function. The formula holds {hint}."
                )
            raise SpecError(
                f"formula {self.text!r}: {text!r} is no function; there are"
                f" {', '.join(KNOWN)}.{nearest(text, (*KNOWN, SURVIVAL))}"
            )
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(place, f"opens more than {DEEPEST} brackets")
        inner = self.factor()
        size = self.size(text) if text in CURVES else None
        self.need(")")
        self.depth -= 1
        if "C" in inner.functions:
            self.refuse(place, "takes numbers, and C() makes categories: write C() outermost")
        if inner.size is not None:
            self.refuse(
                place,
                f"takes one column, and {inner.functions[-1]}() makes several: write it outermost",
            )
        return Factor(inner.column, (*inner.functions, text), size, inner.lag)

    def lagged(self) -> Factor:
        """What ``lag`` opens: a column, and how far back where that is not 1."""
        place = self.peek()[2]
        column = self.column()
        if self.peek()[:2] == ("op", "("):
            self.refuse(
                place,
                "opens a function in lag(), which takes a column: write log(lag(x)) for"
                " lag(log(x)), and lag(x, 2) for two steps back",
            )
        steps = self.size(LAG) if self.peek()[:2] == ("op", ",") else 1
        self.need(")")
        return Factor(column, lag=steps)

    def size(self, function: str) -> int:
        """The integer of a curve or a lag."""
        self.need(",")
        kind, text, place = self.peek()
        what, least, most = CURVES.get(function, DISTANCE)
        plain = (
            kind == "number" and text.isascii() and len(text) <= len(str(most)) and text[0] != "0"
        )
        if not plain or not least <= int(text) <= most:
            self.refuse(
                place,
                f"stands where the {what} of {function}() is expected, a whole number from {least}"
                f" to {most}",
            )
        self.at += 1
        return int(text)


def _foreign(text: str) -> str:
    """What a formula holds of another language, and what is
    written here; empty where nothing is known.

    Examples
    --------
    >>> _foreign("y ~ gdp + gdp**2")
    'a power: write square(gdp) for the square of a column, poly(gdp, 3) for a curve'
    """
    plain = re.sub(r"`[^`\n]*`", lambda quoted: "q" * len(quoted[0]), text)
    for pattern, hint in FOREIGN:
        if found := re.search(pattern, plain):
            return hint.format(name=_beside(text, plain, found.start(), found.end()))
    return ""


def _beside(text: str, plain: str, start: int, end: int) -> str:
    """The column that a sign belongs to: the name before a power, else
    the one after; ``x`` where there is none.
    """
    places = [name for name in re.finditer(r"[^\W\d]\w*", plain) if name[0] not in NOT_COLUMNS]
    before = [name for name in places if name.end() <= start]
    after = [name for name in places if name.start() >= end - 1]
    power = plain[start:end] in ("**", "^")
    found = (
        before[-1] if power and before else after[0] if after else before[-1] if before else None
    )
    return text[found.start() : found.end()] if found else "x"
