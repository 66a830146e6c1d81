"""Print pip constraints that pin each dependency to the lowest version that pyproject.toml allows.

`make test-lowest` installs with them. Only the packages that the library itself imports are
pinned: test tools and notebooks are not part of what users install.
"""

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
EXTRAS = ("fast", "scale", "files")
REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[.*\])?>=(?P<lowest>[0-9.]+)(,<[0-9.]+)?")


def lowest_versions(project: dict) -> dict[str, str]:
    """Return the lowest allowed version of each package, by name.

    Raises
    ------
    ValueError
        A requirement has no lowest version.
    """
    requirements = list(project["dependencies"])
    for extra in EXTRAS:
        requirements.extend(project["optional-dependencies"][extra])
    lowest = {}
    for requirement in requirements:
        parts = REQUIREMENT.fullmatch(requirement)
        if parts is None:
            raise ValueError(
                f"pyproject.toml: {requirement!r} has no lowest version. Write name>=version."
            )
        lowest[parts["name"]] = parts["lowest"]
    return lowest


if __name__ == "__main__":
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    for name, version in lowest_versions(project).items():
        print(f"{name}=={version}")
