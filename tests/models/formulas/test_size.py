"""A formula is bounded as a whole, not product by product."""

import time

import pytest

from peacestudy.errors import SpecError
from peacestudy.models.formulas.formula import parse


def test_many_products_are_refused_at_once():
    product = "*".join("abcdefghi")
    begin = time.process_time()
    with pytest.raises(SpecError, match=r"multiplies out to 76,650 terms"):
        parse("y ~ " + " + ".join([product] * 150))
    assert time.process_time() - begin < 2
    assert parse("y ~ " + " + ".join(f"x{n}" for n in range(900))).columns[-1] == "x899"
