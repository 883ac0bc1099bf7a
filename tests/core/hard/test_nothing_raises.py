"""After `init` nothing comes up from tracking into the training, whatever stands around it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.core.hard.soundness import assert_sound
from tests.core.hard.trainings import Training, points, value

pytestmark = pytest.mark.usefixtures("no_companion")


@pytest.fixture(autouse=True)
def as_users_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_STRICT", "0")


def test_nonsense_for_every_verb_raises_nothing(tmp_path: Path) -> None:
    script = """
    class Hostile:
        def __getattribute__(self, name): raise RuntimeError(name)
    class Unequal(dict):
        calls = 0
        def values(self):
            Unequal.calls += 1
            if Unequal.calls % 2: return super().values()
            raise RuntimeError("values")
    class Endless:
        def __float__(self): return float(self)
    class Unhashable(dict):
        def __iter__(self): return iter([[1], [2]])
    nonsense = [None, object(), Hostile(), [], "", b"", 1j, float("nan"), Endless(), lambda: 1, type, {}, {1, 2},
                {"a": Hostile()}, {"a": Endless()}, {Hostile: 1}, {None: 1.0}, {("t",): 1.0}, {float("nan"): 1.0}]
    run = epochal.init("nothing", id="it")
    for n in range(20):
        run.log({"a": 1.0}, step=n)
    for odd in nonsense:
        for again in range(4):
            run.log(odd)
            run.log({"a": odd})
            run.log({"b": 1.0}, step=odd)
            run.log({"b": 1.0}, time=odd)
            run.log(Unequal(a=1.0))
            run.log(Unhashable(a=1.0))
            run.extend(odd, steps=odd)
            run.extend({"a": odd}, steps=[1])
            run.extend({"a": [1.0]}, steps=odd)
            run.extend({"a": [1.0]}, steps=[1], times=odd)
            run.use_dataset("d", odd)
            run.rewind(odd)
            run.notice("code", "text", odd=odd)
            run.config["odd"] = odd
            run.summary["odd"] = odd
        run.rewind(1000)
    run.log({"last": 1.0}, step=5000)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert run.state == "finished"
    assert points(run, "last") == [(5000, 1.0)]
    assert_sound(run.path)


def test_a_logging_handler_that_raises_is_kept_off(tmp_path: Path) -> None:
    script = """
    import logging
    class Raises(logging.Handler):
        def handle(self, record):
            raise RuntimeError("a handler fell over")
    class Logs(logging.Handler):
        def emit(self, record):
            run.log({"warnings": 1.0, "bad": object()})
    run = None
    logging.getLogger().addHandler(Logs())
    run = epochal.init("nothing", id="it")
    logging.getLogger("epochal").addHandler(Raises())
    for n in range(10):
        run.log({"a": value(n), "bad": object(), f"bad-{n}": []}, step=n)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    assert points(run, "a") == [(n, value(n)) for n in range(10)]


def test_a_training_with_every_warning_an_error_sees_none(tmp_path: Path) -> None:
    script = """
    import gc
    for number in range(3):
        with epochal.init("nothing", id=f"it-{number}", config={"a": 1}) as run:
            for n in range(100):
                run.log({"a": value(n), "text": "text"}, step=n)
            run.extend({"b": [1.0, 2.0]}, steps=[1, 2])
            dict(run.summary)
        del run
        gc.collect()
    epochal.init("nothing", id="open").log({"a": 1.0})
    """
    with Training(tmp_path, script, interpreter=[sys.executable, "-X", "dev", "-W", "error", "-bb"]) as training:
        training.succeed()
    assert "Warning" not in training.errors, training.errors
    assert "Error" not in training.errors, training.errors
    assert len(training.run_folders()) == 4


def test_a_stack_that_is_nearly_used_up_costs_a_row_at_most(tmp_path: Path) -> None:
    script = """
    run = epochal.init("nothing", id="it")
    for n in range(10):
        run.log({"a": value(n)}, step=n)
    reached = 0
    def deeper(n):
        global reached
        reached = n
        run.log({"a": value(n)}, step=n)
        run.log({f"once-{n}": 1.0}, step=n)
        deeper(n + 1)
    try:
        deeper(10)
    except RecursionError:
        pass
    run.log({"last": 1.0}, step=-1)
    run.finish()
    """
    with Training(tmp_path, script) as training:
        run = training.succeed().recorded()
    recorded = points(run, "a")
    assert recorded[:500] == [(n, value(n)) for n in range(500)]
    assert points(run, "last") == [(-1, 1.0)]
    assert_sound(run.path)


def test_files_respect_the_umask(tmp_path: Path) -> None:
    script = """
    os.umask(int(sys.argv[1], 8))
    run = epochal.init("nothing", id="it")
    run.log({"a": 1.0})
    if os.fork() == 0:
        run.log({"b": 1.0})
        os._exit(0)
    os.wait()
    run.finish()
    """
    for umask, allowed in (("077", 0o700), ("027", 0o750), ("002", 0o775)):
        folder = tmp_path / umask
        with Training(folder, script, umask) as training:
            training.succeed()
        made = [training.root, *training.root.rglob("*")]
        assert len(made) > 5
        for path in made:
            mode = path.stat().st_mode & 0o777
            assert not mode & ~allowed, (path, oct(mode))
            assert mode & 0o600 == 0o600


def test_no_process_of_a_run_leaves_files_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name, place in (("HOME", home), ("TMPDIR", home / "tmp"), ("XDG_CACHE_HOME", home / "cache")):
        monkeypatch.setenv(name, str(place))
    script = """
    run = epochal.init("nothing", id="it")
    run.log({"a": 1.0})
    run.finish()
    """
    with Training(tmp_path / "work", script) as training:
        before = sorted(path.name for path in training.folder.iterdir())
        training.succeed()
    assert sorted(path.name for path in training.folder.iterdir()) == sorted({*before, "epochal-runs"})
    assert list(home.rglob("*")) == []
