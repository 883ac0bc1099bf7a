"""While nothing is written, following looks at sizes and time stamps: it opens and lists nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.exchange.import_job import ImportJob
from tests.needs import need

need("tensorboard")

from epochal_tensorboard import _folders, _follow, _importing, _reading  # noqa: E402

from .log_folders import write  # noqa: E402

RUNS = 5


def test_while_nothing_is_written_no_file_is_opened_and_no_folder_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(RUNS):
        write(tmp_path / "logs" / str(at) / f"events.out.tfevents.{at}.host", "loss")
    follower = _follow._Follower(ImportJob("tensorboard", [tmp_path / "logs"], tmp_path / "runs", project="p"))
    follower.look()
    follower.look()
    done: list[str] = []

    def told(word: str, do: Any) -> Any:
        return lambda *given, **named: done.append(word) or do(*given, **named)

    monkeypatch.setattr(_reading.EventFile, "chunks", told("read", _reading.EventFile.chunks))
    monkeypatch.setattr(_folders.os, "scandir", told("listed", _folders.os.scandir))
    monkeypatch.setattr(_importing, "find_runs", told("searched", _importing.find_runs))
    follower._all_at = float(
        "inf"
    )  # everything is looked at now and then all the same, the more seldom the longer it takes
    for _ in range(10):
        follower._folders_at = 0.0
        assert follower.look() >= _follow._FILES_S
    assert done == []
    write(tmp_path / "logs" / "0" / "events.out.tfevents.0.host", "loss", "loss")
    follower.look()
    assert done == ["read"], "one file has grown: it alone is read"
    follower.end()
    assert sum(run.points or 0 for run in follower._job.report.runs) == RUNS + 1
