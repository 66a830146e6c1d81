"""Did a third party take part? PA-X's free text ``ThrdPart``, read into present (1) or absent (0).

The field mixes signature blocks, roles and editors' remarks. Remarks that record nobody are struck
out first; the field says "present" if what is left names a role or anyone at all. Three assumptions
stand behind that:

- A blank field is 0, for PA-X records a third party where it knows
  of one; so is a remark that names nobody.
- Whoever is named is a third party because PA-X filed them so;
  whose side they are on is not judged here.
- A missing or doubtful signature is no doubt about the role: an
  unsigned document that names a mediator is 1.

Hostile text costs no more than its length: a repeat without
bound stands only at the end of a pattern.
"""

import re
from typing import NamedTuple


class Rule(NamedTuple):
    """One line of the rule book; its name and meaning are the reason that ``third_party`` gives."""

    name: str
    pattern: re.Pattern[str]
    meaning: str


def _rule(name: str, pattern: str, meaning: str) -> Rule:
    return Rule(name, re.compile(pattern, re.IGNORECASE), meaning)


_TAIL = r"[^,;:()\[\]\n]*"  # to the end of the clause
# a few words on, in the same clause; "No 5 Brigade" is no denial
_NEAR = r"[^.,;:()\[\]\d\n]{0,40}?\b"
_NONE = r"(?:none|nil|nobody|n\.?/?a\.?|not applicable|néant|ning[uú]n[oa]?|aucune?)"
_WHO = (
    r"(?:(?:third[- ]part(?:y|ies)|signator(?:y|ies)|signatures?|names?|tierces?"
    r" parties?|tiers|terceros?|firmas?|"
    r"(?:co-?)?mediat(?:or|ion)s?|m[ée]diat(?:eur|ion)s?|mediador(?:es)?|mediaci[óo]n|"
    r"facilitators?|facilitador(?:es)?|"
    r"witness(?:es)?|testigos?|t[ée]moins?|guarantors?|garantes?|observers?)\b)"
)
_SAID = (
    r"(?:indicated|listed|named|known|given|clear|identified|specified|mentioned|stated|recorded)\b"
)

REMARKS = (
    _rule("blank", r"\A\Z", "the field is blank"),
    _rule(
        "placeholder",
        rf"\A[\W_]{{0,20}}(?:(?:{_NONE}|unknown)[\W_]{{0,20}})?\Z",
        "a mark that stands for nothing",
    ),
    _rule(
        "copy",
        r"\bcop(?:y|ies|ied|ie|ia) (?:sent )?(?:to|à|a|al) [^;\n]*|\bcc ?:[\s\S]*",
        "a copy is not a role",
    ),
    _rule(
        "notice",
        r"\bparties [^.,:\n]{0,30}?\b(?:notify|inform) [^;\n]*",
        "news of an agreement is not a role",
    ),
    _rule(
        "foreseen",
        r"\bcriteria (?:are )?listed for [^\n]*|\b(?:list of )?potential (?:additional"
        rf" )?{_WHO}[^\n]*"
        rf"|\b{_WHO} (?:is |are )?(?:still |yet )?to be [^\n]*",
        "third parties that might join later",
    ),
    _rule(
        "denial",
        rf"\b(?:no|none of|without|sans|sin|aucune?|ning[uú]n|ninguna|pas de) {_NEAR}{_WHO}{_TAIL}"
        r"|(?:\bnot|n't) (?:contain|include|indicate|have|bear|list|name|mention|show)"
        rf" {_NEAR}{_WHO}{_TAIL}"
        r"|\b(?:third[- ]part(?:y|ies)|parties|signatories) (?:is |are |were )?(?:not"
        rf" |un){_SAID}|\bnone {_SAID}"
        rf"|\b{_WHO} ?[:=-]? ?{_NONE}(?!\w)|\bunmediated\b{_TAIL}"
        r"|\b(?:not|never) (?:been"
        rf" )?(?:mediated|facilitated|witnessed|guaranteed|observed|hosted|attended)\b{_TAIL}",
        "says that none is named",
    ),
    _rule(
        "conjecture",
        r"\b(?:may|might|could) (?:be|have been) (?:present|involved)\b",
        "a guess that names nobody",
    ),
    _rule(
        "unsigned",
        r"\bunsigned annex (?:of|to)"
        r" [^.,:\n]{0,60}?\b(?:agreement|agmt|accord|treaty|protocol|declaration)\b"
        r"|\bunsigned\b|\bnot (?:yet )?(?:signed|signing|(?:a )?signator(?:y|ies))\b|\bno"
        r" signing\b|\bnon sign[ée]e?s?\b",
        "speaks of missing signatures and names nobody",
    ),
    _rule(
        "unreadable",
        r"\b(?:il|not )legible\b|\bunintelligible\b|\bunreadable\b",
        "writing that cannot be read",
    ),
)
RECORDS = (
    _rule(
        "mediation",
        r"\b(?:co-?)?m[eé]diat|\bmediador|facilit(?!y|ies)|broker|negotiated by|good"
        r" offices|intermediar",
        "a mediator or facilitator",
    ),
    _rule("witness", r"witness|testig|\bt[ée]moin|attested|certified by", "a witness"),
    _rule("guarantee", r"guarant|garant|depositar", "a guarantor or depositary"),
    _rule(
        "observation",
        r"\bobserv(?!ance)|monitor|verif(?:y|ied by|ication)|supervis|acc?ompa[nñ]",
        "an observer",
    ),
    _rule(
        "hosting",
        r"auspices|\bchair|\bhost(?:s|ed)?\b|sponsor|\bconven[eo]|organi[sz]ed by|presided",
        "a host or chair",
    ),
    _rule(
        "presence",
        r"pr[eé]sence|presencia|(?<!the )(?<!at )present\b|attend|participat",
        "someone present",
    ),
    _rule("signature", r"signator(?:y|ies)\b(?! page)|endorse", "a further signatory"),
    _rule(
        "name",
        r"\b(?!(?:an?|the|this|that|it|its|is|are|was|were|be|been|has|have|had|does|do|did|not|"
        r"no|and|or|of|to|in|on|by|"
        r"for|from|with|as|at|so|but|however|though|although|yet|therefore|any|some|all|both|two|"
        r"which|whether|there|notes?|"
        r"see|agreement|document|copy|text|version|transcript|uploaded|present|file|page|para|"
        r"art(?:icle)?|preamble|annex|"
        r"untitled|sign(?:ed|atory|atures?)|names?|date|third|part(?:y|ies)|roles?|status|"
        r"difficult|hard|impossible|"
        r"possible|determine|unclear|unknown|uncertain|unnamed|writing|handwriting|blank|missing|"
        r"indicated|listed|named|"
        r"mentioned)\b)[^\W\d_]{2}",
        "a person, organisation or place",
    ),
)
NOBODY = Rule("nobody", re.compile(""), "words about the document only")
# ends of sentences, and the words that turn from what is missing to what is there
_BREAK = re.compile(
    r"(?<=[a-z]{4}\.) |(?<=[A-Z]{2}\.) (?=[A-Z][a-z])"
    r"| (?=(?i:but|however|though|although|yet|nevertheless|while|whereas|except|besides|apart"
    r" from|other than)\b)"
)


def code_third_party(text: str | None) -> tuple[int, str]:
    """Whether PA-X's ``ThrdPart`` records that a third party took part in this agreement.

    Parameters
    ----------
    text : the field as PA-X gives it; None or blank where PA-X records nothing.

    Returns
    -------
    tuple of int and str
        1 (present) or 0 (absent), and the reason: name and meaning of the rule that decided. For 1
        that is the first of ``RECORDS`` found once every remark is struck out; for 0 the first of
        ``REMARKS`` that was struck.

    Examples
    --------
    >>> code_third_party("Witnessed by: the Lutheran World Federation")
    (1, 'witness: a witness')
    >>> code_third_party("Copy sent to the Ministry of Foreign Affairs")
    (0, 'copy: a copy is not a role')
    >>> code_third_party("Unsigned, but the talks were facilitated by Norway")
    (1, 'mediation: a mediator or facilitator')
    >>> code_third_party(None)
    (0, 'blank: the field is blank')
    """
    lines = (" ".join(line.split()) for line in (text or "").replace("’", "'").splitlines())
    left = _BREAK.sub("\n", "\n".join(line for line in lines if line))
    decided = NOBODY
    for rule in REMARKS:
        left, struck = rule.pattern.subn(" ", left)
        decided = rule if struck and decided is NOBODY else decided
    present = next((rule for rule in RECORDS if rule.pattern.search(left)), None)
    rule = present or decided
    return int(present is not None), f"{rule.name}: {rule.meaning}"
