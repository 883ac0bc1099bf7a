"""Media are logged like numbers: at steps, in lists, by any process and thread, and given back by step."""

from __future__ import annotations

import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import epochal
from epochal import Histogram, Image, Text
from epochal.errors import BadValueError
from epochal.media import LoggedMedia

PIXELS = np.arange(90, dtype=np.uint8).reshape(6, 5, 3)


def files(run: Any) -> list[str]:
    return sorted(path.name for path in Path(run.folder, "files", "media").rglob("*") if path.is_file())


def entries(run: Any, key: str, **options: Any) -> list[LoggedMedia]:
    return epochal.get_run(run.folder).media(key, **options)


def notices(run: Any) -> list[str]:
    return [notice.text for notice in epochal.get_run(run.folder).notices]


def test_one_call_records_numbers_and_media_at_the_same_step() -> None:
    with epochal.init("p") as run:
        run.log({"loss": 0.5, "sample": Image(PIXELS, caption="first")}, step=7)
        run.log({"sample": Image(PIXELS[::-1])})
    recorded = epochal.get_run(run.id)
    assert list(recorded.history("loss").steps) == [7]
    assert recorded.metrics == ["loss"]
    assert recorded.media_keys == ["sample"]
    first, second = recorded.media("sample")
    assert (first.step, second.step) == (7, 8)
    assert first.time == recorded.history("loss").times[0]
    [image] = first.items
    assert isinstance(image, Image)
    assert image.caption == "first"
    np.testing.assert_array_equal(image.array, PIXELS)
    np.testing.assert_array_equal(second.items[0].array, PIXELS[::-1])  # type: ignore[attr-defined]
    assert image.path is not None
    assert image.path.read_bytes() == image.bytes


def test_a_list_is_one_entry_with_several_items_of_any_kind() -> None:
    with epochal.init("p") as run:
        run.log({"both": [Image(PIXELS), Text("words")], "one": (Text("a"),)}, step=0)
    [entry] = entries(run, "both")
    assert [item.kind for item in entry.items] == ["image", "text"]
    assert [item.text for item in entries(run, "one")[0].items] == ["a"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "junk",
    [
        [Image(PIXELS), 3.0],
        [Image(PIXELS), None],
        [Image(PIXELS), [Image(PIXELS)]],
        [1.0, Image(PIXELS)],
        [object()],
        [],
    ],
    ids=["number", "none", "nested", "number first", "object", "empty"],
)
def test_a_list_of_something_else_costs_its_name_and_one_warning(junk: list[Any]) -> None:
    with epochal.init("p") as run:
        for step in range(3):
            run.log({"junk": junk, "loss": 1.0}, step=step)
    recorded = epochal.get_run(run.id)
    assert len(recorded.history("loss")) == 3
    assert recorded.media_keys == []
    assert len([text for text in notices(run) if "'junk'" in text]) == 1


def test_a_list_that_holds_itself_is_left_out() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with epochal.init("p") as run:
        run.log({"endless": endless, "loss": 1.0})
    assert epochal.get_run(run.id).metrics == ["loss"]


def test_an_item_that_cannot_be_encoded_costs_itself() -> None:
    with epochal.init("p") as run:
        run.log({"x": [Image(PIXELS), Image(np.zeros((0, 4, 3))), Image(b"no picture")], "loss": 1.0})
        run.log({"y": Image("/nowhere.png"), "loss": 1.0})
    assert len(entries(run, "x")[0].items) == 1
    recorded = epochal.get_run(run.id)
    assert recorded.media_keys == ["x"]
    assert len(recorded.history("loss")) == 2
    assert any("item 1" in text and "no pixels" in text for text in notices(run))
    assert any("/nowhere.png" in text for text in notices(run))


def test_the_same_content_is_one_file_however_often_it_is_logged() -> None:
    with epochal.init("p") as run:
        before = len(os.listdir(run.folder))
        for step in range(500):
            run.log({"same": Image(PIXELS[:2, :2, 0]), f"other/{step % 3}": Image(PIXELS[:2, :2, 0])}, step=step)
    assert len(files(run)) == 1
    assert len(entries(run, "same")) == 500
    assert len(os.listdir(run.folder)) == before + 1  # `files` alone


@pytest.mark.parametrize("key", ["val/samples/0", "Ωmega", "a b\n", "..", "../../x", "x" * 3000, "", "\ud800"])
def test_any_name_will_do_and_none_becomes_a_path(key: str) -> None:
    with epochal.init("p") as run:
        run.log({key: Image(PIXELS)}, step=1)
    [found] = epochal.get_run(run.id).media_keys
    assert found == key.encode("utf-8", "backslashreplace").decode()
    assert len(entries(run, found)) == 1
    assert len(files(run)) == 1


def test_nested_mappings_are_joined() -> None:
    with epochal.init("p") as run:
        run.log({"val": {"loss": 1.0, "sample": Image(PIXELS)}})
    assert epochal.get_run(run.id).media_keys == ["val/sample"]


@pytest.mark.parametrize("caption", ["Größe ✓ 字", "", "x" * 100_000, "\ud800 alone", "two\nlines"])
def test_a_caption_may_be_any_text(caption: str) -> None:
    with epochal.init("p") as run:
        run.log({"x": Image(PIXELS, caption=caption)})
    [entry] = entries(run, "x")
    kept = entry.items[0].caption
    assert kept is not None
    assert kept[:4000] == caption.encode("utf-8", "backslashreplace").decode()[:4000]
    assert len(kept) <= 4100


def test_a_secret_in_a_caption_or_a_text_is_taken_out() -> None:
    secret = "ghp_" + "a1B2" * 9
    with epochal.init("p") as run:
        run.log({"x": Image(PIXELS, caption=f"by {secret}"), "t": Text(f"key {secret} " + "x" * 5000)})
    assert secret not in str(entries(run, "x")[0].items[0].caption)
    assert secret not in entries(run, "t")[0].items[0].text  # type: ignore[attr-defined]
    everything = b"".join(path.read_bytes() for path in Path(run.folder).rglob("*") if path.is_file())
    assert secret.encode() not in everything


def test_of_one_step_the_latest_counts_and_the_others_are_kept() -> None:
    with epochal.init("p") as run:
        run.log({"t": Text("first")}, step=3)
        run.log({"t": Text("second")}, step=3)
        run.log({"t": Text("earlier step, logged later")}, step=-1)
    assert [entry.step for entry in entries(run, "t")] == [-1, 3]
    assert entries(run, "t")[1].items[0].text == "second"  # type: ignore[attr-defined]
    assert [entry.step for entry in entries(run, "t", duplicates=True)] == [-1, 3, 3]


def test_a_rewind_and_a_resume_abandon_media_as_they_do_rows() -> None:
    with epochal.init("p") as run:
        for step in range(4):
            run.log({"t": Text(str(step))}, step=step)
        run.rewind(2)
        position = run.position()
        run.log({"t": Text("again")}, step=2)
    with epochal.init("p", id=run.id, resume="must", position=position) as again:
        again.log({"t": Text("after resume")}, step=2)
    assert [entry.items[0].text for entry in entries(run, "t")] == ["0", "1", "after resume"]  # type: ignore[attr-defined]
    everything = entries(run, "t", abandoned=True, duplicates=True)
    assert [(entry.step, entry.abandoned) for entry in everything] == [
        (0, False), (1, False), (2, True), (2, True), (2, False), (3, True)
    ]  # fmt: skip


def test_a_resumed_run_that_logs_nothing_but_media_goes_on_at_the_next_step() -> None:
    with epochal.init("p") as run:
        run.log({"t": Text("0")})
        run.log({"t": Text("1")})
    with epochal.init("p", id=run.id, resume="must") as again:
        again.log({"t": Text("2")})
    assert [(entry.step, entry.items[0].bytes) for entry in entries(run, "t")] == [(0, b"0"), (1, b"1"), (2, b"2")]


def test_a_name_that_is_not_there_is_an_error_with_the_nearest() -> None:
    with epochal.init("p") as run:
        run.log({"samples": Text("x")})
    with pytest.raises(BadValueError, match="samples"):
        epochal.get_run(run.id).media("sample")
    with pytest.raises(BadValueError, match="no media were logged under 'x'"):
        epochal.get_run(run.id).media("x")


def test_a_run_that_is_going_on_shows_its_media() -> None:
    with epochal.init("p") as run:
        run.log({"x": Image(PIXELS)}, step=0)
        recorded = epochal.get_run(run.id)
        assert len(recorded.media("x")) == 1
        run.log({"x": Image(PIXELS)}, step=1)
        assert len(recorded.media("x")) == 2


def test_disabled_looks_at_nothing() -> None:
    class Untouchable:
        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            raise AssertionError("looked at")

    run = epochal.init("p", mode="disabled")
    run.log({"x": Image(Untouchable()), "y": [Histogram(Untouchable())]})
    assert not run.folder.exists()


def test_what_a_foreign_array_raises_costs_its_name() -> None:
    class Broken:
        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            raise RuntimeError("the device is gone")

    class Stops:
        def __array__(self, *args: Any, **kwargs: Any) -> Any:
            raise KeyboardInterrupt

    with epochal.init("p") as run:
        run.log({"x": Image(Broken()), "loss": 1.0})
        with pytest.raises(KeyboardInterrupt):
            run.log({"x": Image(Stops()), "loss": 2.0})
        run.log({"loss": 3.0})
    assert list(epochal.get_run(run.id).history("loss").values) == [1.0, 2.0, 3.0]
    assert any("the device is gone" in text for text in notices(run))


def test_data_that_logs_while_it_is_encoded_does_no_harm() -> None:
    with epochal.init("p") as run:

        class Logs:
            def __array__(self, *args: Any, **kwargs: Any) -> Any:
                run.log({"inner": Text("from within"), "loss": 1.0}, step=5)
                return PIXELS

        run.log({"outer": Image(Logs())}, step=4)
    assert [entries(run, key)[0].step for key in ("outer", "inner")] == [4, 5]


def test_threads_log_the_same_and_different_pictures_at_once() -> None:
    with epochal.init("p") as run:

        def work(number: int) -> None:
            for step in range(20):
                run.log(
                    {f"t/{number}": [Image(PIXELS), Image(np.full((3, 3), number * 20 + step, np.uint8))]}, step=step
                )

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(files(run)) == 81
    for number in range(4):
        found = entries(run, f"t/{number}")
        assert [int(entry.items[1].array[0, 0]) for entry in found] == [number * 20 + step for step in range(20)]  # type: ignore[attr-defined]


def test_a_forked_child_logs_media_into_the_run() -> None:
    with epochal.init("p") as run:
        run.log({"x": Text("parent")}, step=0)
        child = os.fork()
        if not child:
            run.log({"x": Text("child"), "y": Image(PIXELS)}, step=1)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    assert [entry.items[0].text for entry in entries(run, "x")] == ["parent", "child"]  # type: ignore[attr-defined]
    assert len(entries(run, "y")) == 1


class _Frame:
    """Stands for a type of a library; its qualified name is what a converter names."""


def test_a_spawned_worker_logs_media_into_the_run() -> None:
    with epochal.init("p") as run:
        worker = multiprocessing.get_context("spawn").Process(target=_log_elsewhere, args=(run, PIXELS))
        worker.start()
        worker.join()
    np.testing.assert_array_equal(entries(run, "x")[0].items[0].array, PIXELS)  # type: ignore[attr-defined]


def _log_elsewhere(run: epochal.Run, data: Any) -> None:
    run.log({"x": Image(data)}, step=1)


def test_a_converter_may_give_media() -> None:
    from epochal.hookspecs import Converter
    from epochal.values import Converters, plain_metrics

    converters = Converters()
    converters.ask_later(lambda: [Converter(f"{__name__}._Frame", lambda _: Image(PIXELS))])
    found = plain_metrics({"one": _Frame(), "two": [_Frame(), _Frame()], "loss": 1.0}, converters)
    assert found.values == {"loss": 1.0}
    assert {name: len(media) for name, media in found.media.items()} == {"one": 1, "two": 2}
    assert found.problems == []


def test_what_was_read_back_can_be_logged_again() -> None:
    with epochal.init("p") as run:
        run.log({"x": Image(PIXELS, caption="c", masks={"m": epochal.Mask(np.ones((6, 5), int), {1: "one"})})})
    original = entries(run, "x")[0].items[0]
    with epochal.init("q") as other:
        other.log({"copy": original})
    [copy] = entries(other, "copy")[0].items
    assert isinstance(copy, Image)
    assert (copy.caption, copy.bytes) == ("c", original.bytes)
    np.testing.assert_array_equal(copy.masks["m"].array, np.ones((6, 5)))
    assert copy.path is not None
    assert copy.path.is_relative_to(other.folder)
