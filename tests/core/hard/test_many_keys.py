"""Many names, odd names, changing names, large configs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import epochal
from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


def test_several_key_sets_interleaved_at_every_step_are_each_whole() -> None:
    with epochal.init("keys") as run:
        for n in range(1000):
            run.log({"a": value(n)}, step=n)
            run.log({"b": value(n), "a2": n}, step=n)
            run.log({"a2": n, "b": value(n)}, step=n)
            run.log({"c": True, "d": value(n), "e": n}, step=n)
            if n % 2:
                run.log({"a": value(n), "b": n}, step=n)
    recorded = epochal.get_run(run.folder)
    assert recorded.history("a").values.tolist() == [value(n) for n in range(1000)]
    assert len(points(recorded, "a")) == 1500
    assert len(points(recorded, "b")) == 2500
    assert len(points(recorded, "a2")) == 2000
    assert points(recorded, "c") == [(n, True) for n in range(1000)]
    assert points(recorded, "e") == [(n, n) for n in range(1000)]
    assert_sound(run.folder)


def test_a_thousand_key_sets_are_each_whole() -> None:
    chance = random.Random(5)
    sets = [tuple(chance.sample(range(300), chance.randrange(1, 12))) for _ in range(1000)]
    wanted: dict[int, list[tuple[int, float]]] = {}
    with epochal.init("keys") as run:
        for n in range(6000):
            names = sets[n % 1000] if n < 3000 else chance.choice(sets)
            run.log({f"m{k}": value(n + k) for k in names}, step=n)
            for k in names:
                wanted.setdefault(k, []).append((n, value(n + k)))
    recorded = epochal.get_run(run.folder)
    assert len(recorded.metrics) == len(wanted)
    for k in chance.sample(sorted(wanted), 60):
        assert points(recorded, f"m{k}") == wanted[k]
    assert_sound(run.folder)


def test_ten_thousand_metrics_in_one_call_are_all_there() -> None:
    with epochal.init("keys") as run:
        for n in range(5):
            run.log({f"layer/{k}/weight": value(n * 10_000 + k) for k in range(10_000)}, step=n)
    recorded = epochal.get_run(run.folder)
    assert len(recorded.metrics) == 10_000
    for k in random.sample(range(10_000), 40):
        assert points(recorded, f"layer/{k}/weight") == [(n, value(n * 10_000 + k)) for n in range(5)]
    assert_sound(run.folder)


def test_a_config_of_ten_megabytes_comes_back_whole() -> None:
    config = {
        "large": {f"key-{k}": "x" * 900 + str(k) for k in range(10_000)},
        "list": list(range(100_000)),
        "deep": {"a": {"b": {"c": {"d": [1, {"e": None}]}}}},
        "big": 2**200,
        "small": -(2**70),
    }
    with epochal.init("keys", config=config) as run:
        run.config["more"] = "y" * 2_000_000
        run.log({"x": 1.0})
    recorded = epochal.get_run(run.folder)
    for name, expected in config.items():
        assert recorded.config[name] == expected, name
    assert recorded.config["more"] == "y" * 2_000_000
    assert points(recorded, "x") == [(0, 1.0)]
    assert_sound(run.folder)


NAMES = [
    "loss", "Loss", "LOSS", "train/loss", "train.loss", "train loss", "train//loss", "/loss", "loss/", "a\nb", "a\tb",
    "", " ", "\0", "'", '"', "`", "\\", "*", "?", "ünïcödé", "日本語", "🚀", "e\u0301", "é", "\u202e", "\ud800",
    "step", "time", "seq", "metric:step", "x" * 100_000, "ä" * 50_000, ".", "..", "../../etc/passwd", "%2F", "None",
    "nan",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:20])
def test_any_text_is_a_name(name: str) -> None:
    with epochal.init("keys") as run:
        for n in range(5):
            run.log({name: value(n), "beside": n}, step=n)
            run.log({"x": {name: n}}, step=n)
    recorded = epochal.get_run(run.folder)
    stored = name.encode("utf-8", "backslashreplace").decode()
    assert sorted(recorded.metrics) == sorted({stored, "beside", f"x/{stored}"})
    asked = f"metric:{name}" if name in ("step", "time") else stored
    if name != "metric:step":
        assert points(recorded, asked) == [(n, value(n)) for n in range(5)]
    assert points(recorded, "beside") == [(n, n) for n in range(5)]
    assert points(recorded, f"x/{stored}") == [(n, n) for n in range(5)]
    assert_sound(run.folder)


def test_all_these_names_at_once_are_names_of_their_own() -> None:
    with epochal.init("keys") as run:
        for n in range(5):
            run.log({name: value(n + k) for k, name in enumerate(NAMES)}, step=n)
    recorded = epochal.get_run(run.folder)
    assert len(recorded.metrics) == len(NAMES)
    for k, name in enumerate(NAMES):
        if name not in ("step", "time", "metric:step", "\ud800"):
            assert points(recorded, name) == [(n, value(n + k)) for n in range(5)]


TEXTS = ["", "\0", "\ud800 lone", "🚀" * 1000, "x" * 1_000_000, "a\nb\r\nc", "\u202etxet"]


def test_any_text_is_a_value_a_config_and_a_summary() -> None:
    with epochal.init("keys", notes="\ud800", tags=["\ud800", "🚀"], name="\udfff 🚀") as run:
        for k, text in enumerate(TEXTS):
            run.log({"text": text, "k": k})
            run.config[f"c{k}"] = text
            run.config[text[:50] or "empty"] = k
            run.summary[f"s{k}"] = text
    recorded = epochal.get_run(run.folder)
    for k, text in enumerate(TEXTS):
        stored = text.encode("utf-8", "backslashreplace").decode()
        assert recorded.config[f"c{k}"] == stored
        assert recorded.summary[f"s{k}"] == stored
    assert recorded.state == "finished"
    assert len(points(recorded, "k")) == len(TEXTS)


@pytest.mark.parametrize(
    "project", ["a/b", "../up", ".hidden", "日本語", "a b", "%41", "a\nb", "COM1", "x" * 80, "\0", "~"]
)
def test_any_text_is_a_project(project: str) -> None:
    with epochal.init(project) as run:
        run.log({"x": 1.0})
    assert run.folder.parents[1] == epochal.runs().root
    recorded = epochal.get_run(run.folder)
    assert recorded.project == project
    assert [found.id for found in epochal.runs(project=project)] == [run.id]


def test_a_key_set_that_changes_at_every_step_costs_a_bounded_memory(tmp_path: Path) -> None:
    script = """
    def resident():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
    run = epochal.init("keys", id="changing")
    def log(start, stop):
        for n in range(start, stop):
            run.log({f"step-{n}/{k}": value(n + k) for k in range(10)}, step=n)
    log(0, 11_000)
    before = resident()
    log(11_000, 31_000)
    print(resident() - before)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    grown = int(training.output)
    # 200,000 names were new: kept, they would take 18 MB and more
    assert grown < 6_000, f"{grown} KiB more after 20,000 more key sets"
    for n in (0, 30_999):
        assert points(run, f"step-{n}/9") == [(n, value(n + 9))]


def test_many_tables_cost_a_bounded_memory_too(tmp_path: Path) -> None:
    """Each key set is seen a few times, so that it has a table of its own."""
    script = """
    def resident():
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))
    run = epochal.init("keys", id="changing")
    before = resident()
    for n in range(800):
        for repeat in range(4):
            run.log({f"step-{n}/{k}": value(n + k) for k in range(100)}, step=4 * n + repeat)
    print(resident() - before)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert int(training.output) < 40_000
    assert points(run, "step-799/99") == [(4 * 799 + repeat, value(799 + 99)) for repeat in range(4)]
