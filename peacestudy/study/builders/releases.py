"""Which release of every source a build reads, and the decisions
that hold for what is found in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from peacestudy.core.problems import Note
from peacestudy.outcomes import SOURCES, OutcomeTable, read_source
from peacestudy.study.builders.decisions import NAME, Decision, Finding, decide, read_decisions


@dataclass(frozen=True, eq=False)
class Releases:
    """The releases that a build reads: those that the study names, or others in their place.

    Decisions are made on what stands in a release. A decision of ``decisions.tsv`` holds in another
    one where the same is found at the same place; what is found there alone, or otherwise, is
    decided in a file of its own beside it, such as ``decisions_pax_v9.tsv``, and stops the build
    until it is.

    Attributes
    ----------
    instead : from the id of a source that the study names to the id
        of the release that is read in its place.
    notes : what a build with other releases has to tell; filled while it runs.
    """

    instead: Mapping[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    @property
    def file(self) -> str:
        """Name of the file that has the decisions on these releases."""
        return f"decisions_{'_'.join(sorted(self.instead.values()))}.tsv" if self.instead else NAME

    def read(self, ids: Iterable[str], raw: Path) -> dict[str, OutcomeTable]:
        """The sources, each under the id that the study names, from a folder of source files;
        SourceError as ``read_source``.
        """
        return {i: read_source(SOURCES[self.instead.get(i, i)], raw) for i in ids}

    def rows(self, folder: Path) -> pd.DataFrame:
        """Every decision as written; where a place and problem is decided
        in both files, the row on these releases.
        """
        if not self.instead:
            return read_decisions(folder)
        both = pd.concat([read_decisions(folder, self.file), read_decisions(folder)])
        return both[~both.duplicated(["place", "problem"])]

    def decide(
        self, findings: Iterable[Finding], folder: Path
    ) -> Mapping[tuple[str, str], Decision]:
        """The decision on every finding, see ``decisions.decide``; of other releases what became of
        the study's own is noted.

        Raises
        ------
        SourceError
            A finding has no decision that was made on it; the rows to add are told.
        """
        base = read_decisions(folder)
        if not self.instead:
            return decide(findings, base)
        own = read_decisions(folder, self.file)
        found = {(f.place, f.problem): f for f in findings}
        decided_here = set(own[["place", "problem"]].itertuples(index=False, name=None))
        holds = [
            (p, q) not in decided_here and (p, q) in found and found[p, q].found == said
            for p, q, said in base[["place", "problem", "found"]].itertuples(index=False, name=None)
        ]
        kept = set(base.loc[holds, ["place", "problem"]].itertuples(index=False, name=None))
        out = {
            **decide([f for at, f in found.items() if at in kept], base[holds]),
            **decide([f for at, f in found.items() if at not in kept], own, self.file),
        }
        unmet = [
            f"{p}, {q}"
            for p, q in base[["place", "problem"]].itertuples(index=False)
            if (p, q) not in found
        ]
        text = f"Of what is found {len(kept)} are decided in {NAME} and {len(own)} in {self.file}"
        text += f"; not found there: {'; '.join(unmet)}." if unmet else "."
        self.notes.append(Note("decisions", text))
        return out


AS_NAMED = Releases()
