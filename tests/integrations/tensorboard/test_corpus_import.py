"""220 real event files of many writers: each run holds what TensorBoard's own loaders read, and gives it all back."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal.exchange.import_report import ImportReport
from epochal.journal.reader import Journal
from epochal.journal.verify import verify
from tests.integrations.tensorboard.corpus import CORPUS, folders_of, pointers_of, repositories
from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.util.tensor_util import make_ndarray  # noqa: E402

from tests.integrations.tensorboard.raw_events import assert_the_same, contents_of  # noqa: E402

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus does not lie beside this repository")

#: Which event of a file becomes a tag's value when TensorBoard's loader migrates it to its newest form.
MIGRATED = {"graphs": "graph_def", "graph_tagged_run_metadata": "tagged_run_metadata"}


class Imported:
    """The corpus's folder of one repository, imported.

    Attributes:
        source: the folder.
        root: the runs folder.
        report: what the import told.
        runs: the runs, by the folder of their event files.
    """

    def __init__(self, repository: str, root: Path) -> None:
        self.source, self.root = CORPUS / repository, root
        self.folders = folders_of(repository)
        self.report = self.bring()
        self.runs = {run.source: epochal.get_run(run.path) for run in self.report.runs}

    def bring(self) -> ImportReport:
        """Import, again the second time."""
        return epochal.import_runs(self.source, format="tensorboard", dir=self.root, project="corpus")

    def bytes(self) -> dict[str, str]:
        """Return a hash of each file in the runs folder."""
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


@pytest.fixture(scope="module", params=repositories())
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return Imported(request.param, tmp_path_factory.mktemp("runs"))


def journals_of(run: Any) -> list[Journal]:
    return [Journal(path, settled=True) for path in sorted((run.path / "journal").glob("*.epochal"))]


def sources_of(run: Any) -> list[dict[str, Any]]:
    """Return the records of what stood in the events and is no scalar."""
    return [frame.payload for journal in journals_of(run) for frame in journal.records("source")]


def in_file_order(run: Any, tag: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return steps, times and values of a tag's points in the order of the file, hidden ones too."""
    found = []
    for journal in journals_of(run):
        if tag in journal.names:
            columns = journal.columns(tag)
            order = np.argsort(columns.seqs, kind="stable")
            found.append((columns.steps[order], columns.times[order], np.asarray(columns.values)[order]))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]


def finite_sum(values: np.ndarray) -> float:
    return math.fsum(value for value in values.tolist() if math.isfinite(value))


def test_every_folder_with_a_record_is_a_run_and_what_is_no_event_file_is_told(imported: Imported) -> None:
    assert set(imported.folders) <= set(imported.runs)
    told = {path for path, _ in imported.report.skipped}
    assert told == pointers_of(imported.source.name)
    for folder, run in imported.runs.items():
        assert run.name == (
            folder.relative_to(imported.source).as_posix() if folder != imported.source else folder.name
        )
        assert [path for path in (imported.source / run.name).glob("*tfevents*") if path.is_file()]


def test_every_scalar_equals_its_oracle(imported: Imported) -> None:
    for folder, files in imported.folders.items():
        run, expected = imported.runs[folder], Counter()
        for file in files:
            expected.update({tag: told["count"] for tag, told in file["tags"].items() if told["plugin"] == "scalars"})
        assert set(run.metrics) == set(expected), folder
        for tag, count in expected.items():
            told = [file["tags"][tag] for file in files if tag in file["tags"]]
            history = run.history(tag, duplicates=True, abandoned=True)
            assert len(history) == count, (folder, tag)
            assert history.steps.min() == min(each["min_step"] for each in told), (folder, tag)
            assert history.steps.max() == max(each["max_step"] for each in told), (folder, tag)
            assert finite_sum(history.values) == pytest.approx(sum(each["sum"] for each in told), rel=1e-9, abs=1e-12)
            steps, _, values = in_file_order(run, tag)
            assert (steps[0], steps[-1]) == (told[0]["first_step"], told[-1]["last_step"]), (folder, tag)
            assert values[-1] == told[-1]["last_value"], (folder, tag)


def test_the_counts_of_every_other_plugin_equal_their_oracle(imported: Imported) -> None:
    for folder, files in imported.folders.items():
        values: Counter[str] = Counter()
        events: Counter[str] = Counter()
        for source in sources_of(imported.runs[folder]):
            values.update([source["tag"]] if source["what"] == "value" else [])
            events.update([source["field"]] if source["what"] == "event" else [])
        expected: Counter[str] = Counter()
        kinds: Counter[str] = Counter()
        for file in files:
            kinds.update(file["event_kinds"])
            for tag, told in file["tags"].items():
                if told["plugin"] != "scalars" and told["plugin"] not in MIGRATED:
                    expected[tag] += told["count"]
        raw = contents_of(file["path"] for file in files)
        kinds.update({"source_metadata": raw.writers, "unknown": raw.bare})  # which the oracle does not count
        assert values == expected, folder
        assert +events == +kinds, folder


def test_no_value_of_any_kind_is_left_out(imported: Imported) -> None:
    for folder, files in imported.folders.items():
        run = imported.runs[folder]
        points = sum(len(run.history(tag, duplicates=True, abandoned=True)) for tag in run.metrics)
        others = sum(source["what"] == "value" for source in sources_of(run))
        assert points + others == sum(sum(file["raw_value_kinds"].values()) for file in files), folder


def test_what_the_event_accumulator_shows_is_shown(imported: Imported) -> None:
    """Each point, to the bit, and no other; of what is no scalar as many of each tag."""
    everything = dict.fromkeys(("scalars", "tensors", "histograms", "images", "audio"), 0)
    for folder in imported.folders:
        run, theirs = imported.runs[folder], EventAccumulator(str(folder), size_guidance=everything)
        theirs.Reload()
        tags = theirs.Tags()
        found: dict[str, list[tuple[int, float, float]]] = {}
        others: dict[str, int] = {}
        for tag in tags["scalars"]:
            found[tag] = [(event.step, event.wall_time, event.value) for event in theirs.Scalars(tag)]
        for tag in tags["tensors"]:
            if tag in theirs.summary_metadata and theirs.SummaryMetadata(tag).plugin_data.plugin_name == "scalars":
                found[tag] = [
                    (event.step, event.wall_time, make_ndarray(event.tensor_proto).item())
                    for event in theirs.Tensors(tag)
                ]
            else:
                others[tag] = len(theirs.Tensors(tag))
        for kind, read in (("images", theirs.Images), ("histograms", theirs.Histograms), ("audio", theirs.Audio)):
            others |= {tag: len(read(tag)) for tag in tags[kind]}
        assert set(found) == set(run.metrics), folder
        for tag, points in found.items():
            points.sort(key=lambda point: point[0])
            history = run.history(tag, duplicates=True)
            ours = zip(history.steps.tolist(), history.times.tolist(), history.values.tolist(), strict=True)
            assert repr(list(ours)) == repr(points), (folder, tag)  # NaN equals itself in this way
        counts = Counter(source["tag"] for source in sources_of(run) if source["what"] == "value")
        assert {tag: counts[tag] for tag in others} == others, folder


def test_importing_again_changes_nothing(imported: Imported) -> None:
    before = imported.bytes()
    again = imported.bring()
    assert {run.outcome for run in again.runs} <= {"unchanged"}
    assert sum(run.added for run in again.runs) == 0
    assert [run.path for run in again.runs] == [run.path for run in imported.report.runs]
    assert imported.bytes() == before


def test_what_is_exported_equals_the_source_event_by_event(imported: Imported, tmp_path: Path) -> None:
    for at, (folder, files) in enumerate(imported.folders.items()):
        out = tmp_path / str(at)
        epochal.export_runs(imported.runs[folder].path, out, format="tensorboard")
        exported = sorted(path for path in out.rglob("*tfevents*") if path.is_file())
        assert {path.parent for path in exported} == {exported[0].parent}, folder
        assert_the_same(contents_of(file["path"] for file in files), contents_of(exported))


def test_every_journal_is_sound(imported: Imported) -> None:
    for run in imported.runs.values():
        report = verify(run.path)
        assert report.sound, [file for file in report.files if file.findings]
