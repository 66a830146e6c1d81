"""The declaration hash: SHA-256 of the scientific content of study.toml."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from peacestudy.study.config.alternatives import Variant
from peacestudy.study.config.declared import Specification, Step
from peacestudy.study.config.politics import Context

# values of study.toml that declare nothing: names, wording, and the declaration itself
UNDECLARED = ("id", "title", "question", "unit", "declared", "display")
# roles, labels and reasons: they may be reworded without a new declaration
WORDING: Mapping[type, tuple[str, ...]] = {
    Specification: ("role",),
    Step: ("step", "reason"),
    Variant: ("label", "group", "reason"),
    Context: ("label", "names"),
}


def declared_content(config: object) -> dict[str, object]:
    """The scientific content of study.toml as plain data.

    It holds samples, models, hypotheses with their claims, the decision rule and every setting of
    a computation. It leaves out roles, labels and reasons, and every value that equals its
    default, so that a new key leaves older declarations unchanged.

    Parameters
    ----------
    config : Config
        The values of study.toml.

    Returns
    -------
    dict
        Plain values, lists and mappings.
    """
    content = _plain(config)
    assert isinstance(content, dict)
    return {name: value for name, value in content.items() if name not in UNDECLARED}


def declaration_hash(config: object) -> str:
    """SHA-256 of the declared content as JSON with sorted keys."""
    text = json.dumps(declared_content(config), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    """A value as plain data, without wording and without defaults."""
    if is_dataclass(value) and not isinstance(value, type):
        wording = WORDING.get(type(value), ())
        content = {}
        for field in fields(value):
            part = getattr(value, field.name)
            if field.name not in wording and not _is_default(field, part):
                content[field.name] = _plain(part)
        return content
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    return value


def _is_default(field: "Field[Any]", value: object) -> bool:
    if field.default is not MISSING:
        return bool(value == field.default)
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return False
