"""Whether runs used the same data, as far as the recorded digests tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .rows import MISSING, Missing


@dataclass(frozen=True)
class Dataset:
    """One dataset and what each run recorded of it.

    Attributes:
        name: as given to `use_dataset`.
        facts: for each run sha256, kind, rows, bytes, method, coverage; `MISSING` where it has no such dataset.
        verdict: "same", "different", "missing" where some runs have no such dataset, "unknown" where the digests
            do not tell.
        why: what the verdict stands on.
    """

    name: str
    facts: tuple[Mapping[str, Any] | Missing, ...]
    verdict: str
    why: str

    def to_dict(self) -> dict[str, Any]:
        """Return the dataset as plain data."""
        facts = [None if isinstance(each, Missing) else dict(each) for each in self.facts]
        return {"name": self.name, "verdict": self.verdict, "why": self.why, "facts": facts}


def datasets(recorded: Sequence[Mapping[str, Any]]) -> list[Dataset]:
    """Return the datasets of runs side by side, those that are not the same first.

    Args:
        recorded: name to what `use_dataset` recorded, for each run.
    """
    found = []
    for name in dict.fromkeys(name for each in recorded for name in each):
        facts = tuple(_facts(each[name]) if name in each else MISSING for each in recorded)
        found.append(Dataset(name, facts, *judged(facts)))
    return sorted(found, key=lambda dataset: dataset.verdict == "same")


def judged(facts: Sequence[Mapping[str, Any] | Missing]) -> tuple[str, str]:
    """Return the verdict on one dataset in several runs, and what it stands on; "same" only where that is known."""
    known = [each for each in facts if not isinstance(each, Missing)]
    if len(known) < len(facts):
        return "missing", f"recorded by {len(known)} of {len(facts)} runs"
    digests = [each.get("sha256") for each in known]
    if not all(isinstance(digest, str) and digest for digest in digests):
        return "unknown", "not hashed in all runs"
    coverages = {str(each.get("coverage")) for each in known}
    if len(set(digests)) == 1:
        if coverages == {"full"}:
            return "same", "the same SHA-256 of all of it"
        part = "a sample of it" if "sampled" in coverages else "a part of it"
        return "unknown", f"the same SHA-256, of {part} only"
    if len({each.get("kind") for each in known}) > 1:
        return "unknown", "hashed as different kinds of data, so that the digests do not compare"
    for size in ("rows", "bytes"):
        if len({each.get(size) for each in known} - {None}) > 1:
            return "different", f"different numbers of {size}"
    if len(coverages) > 1:
        return "unknown", "hashed in different ways, so that the digests do not compare"
    return "different", "different SHA-256"


def _facts(recorded: Any) -> Mapping[str, Any]:
    return recorded if isinstance(recorded, Mapping) else {}
