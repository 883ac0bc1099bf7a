"""What a restart hides, by each of the three rules, compared with what TensorBoard itself shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochal.journals import Journals
from epochal.recorded import RecordedRun
from tests.needs import need

need("tensorboard")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402
from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # noqa: E402
from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: E402

from epochal_tensorboard import import_logdir  # noqa: E402

from .event_messages import of_values, version, write_events  # noqa: E402

FIRST, SECOND = "events.out.tfevents.1000.host", "events.out.tfevents.2000.host"


def loss(step: int, value: float, tag: str = "loss") -> Any:
    return of_values(step, 1000.0, Summary.Value(tag=tag, simple_value=value))


def picture(step: int, tag: str = "picture") -> Any:
    return of_values(
        step, 1000.0, Summary.Value(tag=tag, image=Summary.Image(width=1, height=1, encoded_image_string=b""))
    )


def start(step: int) -> Any:
    return Event(step=step, wall_time=1000.0, session_log=SessionLog(status=SessionLog.START))


def shown(
    folder: Path, tag: str = "loss", *, purge: str = "eventaccumulator", **options: Any
) -> list[tuple[int, float]]:
    report = import_logdir(folder, purge=purge, project=f"{folder.name}-{purge}")
    assert report.sound
    history = RecordedRun(report.runs[0].path).history(tag, **options)
    return list(zip(history.steps.tolist(), history.values.tolist(), strict=True))


def accumulated(folder: Path, tag: str = "loss") -> list[tuple[int, float]]:
    """Return what EventAccumulator shows, sorted by step as history is."""
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return sorted(((event.step, event.value) for event in found.Scalars(tag)), key=lambda point: point[0])


def test_a_session_log_hides_what_stood_at_its_step_and_behind_it_of_every_tag(tmp_path: Path) -> None:
    write_events(tmp_path / FIRST, [version(), *(loss(step, 1.0) for step in range(100)), loss(70, 1.0, "other")])
    write_events(tmp_path / SECOND, [version(), start(60), *(loss(step, 2.0) for step in range(60, 80))])
    expected = [(step, 1.0) for step in range(60)] + [(step, 2.0) for step in range(60, 80)]
    assert shown(tmp_path) == expected == accumulated(tmp_path)
    assert shown(tmp_path, "other") == []
    assert len(shown(tmp_path, abandoned=True, duplicates=True)) == 120
    assert shown(tmp_path, purge="none", duplicates=True) == sorted(
        [(step, 1.0) for step in range(100)] + [(step, 2.0) for step in range(60, 80)]
    )


def test_a_session_log_within_a_file_counts_too(tmp_path: Path) -> None:
    first, second = [loss(step, 1.0) for step in range(20)], [loss(step, 2.0) for step in range(10, 15)]
    write_events(tmp_path / FIRST, [version(), *first, start(10), *second])
    assert shown(tmp_path) == accumulated(tmp_path)
    assert shown(tmp_path)[-1] == (14, 2.0)


def test_the_start_of_a_first_session_hides_nothing_and_is_no_restart(tmp_path: Path) -> None:
    write_events(tmp_path / FIRST, [version(), start(0), *(loss(step, 1.0) for step in range(20))])
    assert len(shown(tmp_path)) == 20
    journals = Journals(import_logdir(tmp_path, project=f"{tmp_path.name}-eventaccumulator").runs[0].path)
    assert len(journals.visibility.segments) == 1


def test_steps_that_overlap_without_a_session_log_are_a_restart_that_hides_nothing(tmp_path: Path) -> None:
    write_events(tmp_path / FIRST, [version(), *(loss(step, 1.0) for step in range(100))])
    write_events(tmp_path / SECOND, [version(), *(loss(step, 2.0) for step in range(60, 120))])
    assert len(shown(tmp_path, duplicates=True)) == 160 == len(accumulated(tmp_path))
    assert shown(tmp_path)[70] == (70, 2.0), "of one step history shows the latest"
    journals = Journals(import_logdir(tmp_path, project=f"{tmp_path.name}-eventaccumulator").runs[0].path)
    assert len(journals.visibility.segments) == 2
    rustboard = shown(tmp_path, purge="rustboard", duplicates=True)
    assert rustboard == [(step, 1.0) for step in range(60)] + [(step, 2.0) for step in range(60, 120)]


def test_a_session_log_of_a_merged_sub_run_hides_what_is_of_that_sub_run(tmp_path: Path) -> None:
    write_events(tmp_path / FIRST, [version(), *(loss(step, 1.0) for step in range(10))])
    write_events(tmp_path / "eval" / FIRST, [version(), *(loss(step, 1.0) for step in range(10))])
    write_events(tmp_path / "eval" / SECOND, [version(), start(3), loss(3, 2.0)])
    (run,) = import_logdir(tmp_path, merge_subruns=True).runs
    assert len(RecordedRun(run.path).history("loss")) == 10
    assert RecordedRun(run.path).history("eval/loss").values.tolist() == [1.0, 1.0, 1.0, 2.0]
    assert len(Journals(run.path).visibility.segments) == 2, "overlapping steps of two sub-runs are no restart"


def test_media_are_hidden_with_the_points(tmp_path: Path) -> None:
    pictures = [picture(step) for step in range(20)]
    write_events(tmp_path / FIRST, [version(), *pictures, loss(19, 1.0), start(5), picture(6), loss(7, 1.0)])
    shown(tmp_path)
    assert len(shown(tmp_path, purge="none", duplicates=True)) == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.sampled_from("ab"), st.integers(-3, 12)), min_size=1, max_size=60),
    cut=st.integers(0, 60),
)
def test_rustboards_rule_leaves_each_point_that_none_of_its_tag_comes_before_later(
    tmp_path_factory: Any, steps: list[tuple[str, int]], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("logs")
    events = [loss(step, float(at), tag) for at, (tag, step) in enumerate(steps)]
    write_events(folder / FIRST, [version(), *events[:cut]])
    write_events(folder / SECOND, [version(), *events[cut:]])
    for name in {tag for tag, _ in steps}:
        ours = [(step, float(at)) for at, (tag, step) in enumerate(steps) if tag == name]
        stay = [point for at, point in enumerate(ours) if all(later > point[0] for later, _ in ours[at + 1 :])]
        assert shown(folder, name, purge="rustboard") == stay
        assert len(shown(folder, name, purge="rustboard", abandoned=True, duplicates=True)) == len(ours)
