"""Builders: one module a study, from public files to the study's own
tables. ``BUILDERS`` is a list one can read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from peacestudy.core.schema import Schema
from peacestudy.study.builders import (
    accord_implementation,
    double_coding,
    onset,
    peace_agreements,
    signing_dyads,
    third_party_role,
)
from peacestudy.study.builders.releases import Releases


@dataclass(frozen=True, eq=False)
class Builder:
    """How a study is built.

    Attributes
    ----------
    rule : dataclass of the values under [cases] in study.toml.
    build : (folder of source files, rule, codebook, study folder, releases) to tables by name.
    schemas : schema of every table it gives.
    sources : ids of the sources it reads.
    """

    rule: type[Any]
    build: Callable[[Path, Any, Any, Path, Releases], dict[str, pd.DataFrame]]
    schemas: Mapping[str, Schema]
    sources: tuple[str, ...]


BUILDERS: dict[str, Builder] = {
    "accord_implementation": Builder(
        accord_implementation.AccordRule,
        accord_implementation.build,
        accord_implementation.TABLES,
        accord_implementation.NEEDED,
    ),
    "double_coding": Builder(
        double_coding.RatedRule, double_coding.build, double_coding.TABLES, double_coding.NEEDED
    ),
    "onset": Builder(onset.OnsetCaseRule, onset.build, onset.TABLES, onset.NEEDED),
    "peace_agreements": Builder(
        peace_agreements.CaseRule,
        peace_agreements.build,
        peace_agreements.TABLES,
        peace_agreements.NEEDED,
    ),
    "signing_dyads": Builder(
        signing_dyads.SigningRule, signing_dyads.build, signing_dyads.TABLES, signing_dyads.NEEDED
    ),
    "third_party_role": Builder(
        third_party_role.RoleRule,
        third_party_role.build,
        third_party_role.TABLES,
        third_party_role.NEEDED,
    ),
}
