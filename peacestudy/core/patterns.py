"""Regular expressions that come with data: matched in time
linear in the text, whatever the expression.

Python's own matcher can take hours on an expression of twenty characters (``(a+)+!``), and an
expression in a file is written by whoever wrote the file. RE2, which comes with pyarrow, has no
such expressions; it has no lookaround and no references to groups either, and those are refused.
"""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MAX_LENGTH = 1_000  # characters of an expression
# an escape, the beginning of a set of characters, or a character
_PIECE = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)
# what Python's escapes mean, in the words of RE2, whose own know ASCII alone
_SETS = {"w": r"\p{L}\p{N}_", "d": r"\p{Nd}", "s": r"\t\n\f\r\x0b\x1c-\x20\x85\p{Z}"}


def full_matches(pattern: str, texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts an expression matches from beginning to end.

    Raises
    ------
    ValueError
        It is no expression, is too long, or needs what a matcher in linear time cannot do.

    Examples
    --------
    >>> full_matches(r"[a-z]+-\\d{4}", ["pko-1999", "pko-99", "PKO-1999"]).tolist()
    [True, False, False]
    """
    import pyarrow as pa
    from pyarrow import compute

    if len(pattern) > MAX_LENGTH:
        raise ValueError(
            f"it has {len(pattern):,} characters, and no more than {MAX_LENGTH:,} are read"
        )
    own = _translated(pattern)
    try:
        # by itself first: an expression that closes the brackets below is none
        compute.match_substring_regex(pa.array([""]), pattern=own)
        found = compute.match_substring_regex(
            pa.array([*texts], pa.string()), pattern=rf"\A(?:{own})\z"
        )
    except (pa.ArrowException, UnicodeError) as err:
        raise ValueError(str(err).splitlines()[0]) from err
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def _translated(pattern: str) -> str:
    r"""The expression with ``\w``, ``\d`` and ``\s`` as Python means them."""
    out: list[str] = []
    inside, at = False, 0
    pattern = unicodedata.normalize("NFC", pattern)
    while found := _PIECE.match(pattern, at):
        piece = found[0][0] if inside and found[0].startswith("[") else found[0]
        at += len(piece)
        out.append(_piece(piece, inside))
        inside = piece != "]" and (inside or piece.startswith("["))
    return "".join(out)


def _piece(piece: str, inside: bool) -> str:
    if inside and piece == "[":
        return r"\["
    body = _SETS.get(piece[1:].lower(), "") if piece.startswith("\\") else ""
    if not body:
        return piece
    if piece[1].isupper() and inside:
        raise ValueError(f"{piece} stands inside brackets")
    return body if inside else f"[{'^' if piece[1].isupper() else ''}{body}]"
