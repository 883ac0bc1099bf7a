"""What a training prints is in its run's folder: at once, without secrets, bounded, never at the training's cost."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

import epochal
from epochal.console.log_file import ConsoleFile
from tests.core.cli_call import call
from tests.core.hard.trainings import Training

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [|!#][ +~].*")


@pytest.fixture(autouse=True)
def no_companion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_COMPANION", "off")


def written(run: epochal.Run) -> list[str]:
    """Return the lines of a run's console files, without their times."""
    lines = []
    for path in sorted((run.folder / "console").glob("*")):
        for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
            assert LINE.fullmatch(line), line
            lines.append(line[25:])
    return lines


def test_lines_of_both_streams_stand_in_one_file_at_once() -> None:
    with epochal.init("console") as run:
        print("out")
        assert written(run) == ["| out"]
        print("err", file=sys.stderr)
        print("\x1b[31mred\x1b[0m", end="")
        assert written(run) == ["| out", "! err"]
    print("after")
    assert written(run) == ["| out", "! err", "| \x1b[31mred\x1b[0m"]
    assert [path.name for path in (run.folder / "console").iterdir()] == [f"{run._writer.hex}.log"]


def test_nothing_printed_makes_no_file_and_the_streams_are_given_back() -> None:
    before = sys.stdout, sys.stderr
    with epochal.init("console") as run:
        assert (sys.stdout, sys.stderr) != before
    assert (sys.stdout, sys.stderr) == before
    assert not (run.folder / "console").exists()


def test_secrets_are_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with epochal.init("console") as run:
        print("api_key=" + "a1b2" * 8)
        for part in ("pass", "word: hun", "ter2hunter2\n"):
            sys.stdout.write(part)
        print("-----BEGIN RSA PRIVATE KEY-----\nMIIEsecret\nmoresecret\n-----END RSA PRIVATE KEY-----\nend")
    text = "\n".join(written(run))
    assert "a1b2a1b2" not in text
    assert "hunter2" not in text
    assert "secret" not in text
    assert text.endswith("| end")


@pytest.mark.parametrize("place", ["variable", "folder", "user"])
def test_it_can_be_switched_off(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if place == "variable":
        monkeypatch.setenv("EPOCHAL_CONSOLE", "off")
    elif place == "folder":
        (tmp_path / ".epochal.toml").write_text("console = false\n")
    else:
        (tmp_path / "settings" / "epochal").mkdir(parents=True)
        (tmp_path / "settings" / "epochal" / "config.toml").write_text('console = "off"\n')
    before = sys.stdout
    with epochal.init("console") as run:
        assert sys.stdout is before
        print("not kept")
    assert not (run.folder / "console").exists()
    assert "is not kept, because of" in call("status").out
    assert call("status", "--json").json["console"] is False


def test_a_setting_that_is_neither_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_CONSOLE", "perhaps")
    with pytest.raises(epochal.BadValueError, match="EPOCHAL_CONSOLE is 'perhaps': take"):
        epochal.init("console")
    assert "EPOCHAL_CONSOLE" in call("status", "--json").json["problem"]


def test_each_open_run_gets_what_is_printed_while_it_is_open() -> None:
    with epochal.init("console") as outer:
        print("one")
        with epochal.init("console") as inner:
            print("two")
            print("begun, ", end="")
        print("ended")
    assert written(outer) == ["| one", "| two", "| begun, ended"]
    assert written(inner) == ["| two", "| begun, "]


def test_a_stream_that_was_put_over_ours_is_copied_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    with epochal.init("console") as outer:
        ours = sys.stdout

        class Theirs(io.StringIO):
            def write(self, text: str) -> int:
                return ours.write(text)

        sys.stdout = Theirs()
        with epochal.init("console"):
            print("once")
        assert isinstance(sys.stdout, Theirs)
    assert written(outer) == ["| once"]


def test_streams_that_are_missing_or_closed_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    with epochal.init("console"):
        print("to nobody")
    assert sys.stdout is None
    assert sys.stderr is closed


def test_threads_lose_no_line() -> None:
    def work(number: int) -> None:
        for n in range(300):
            sys.stdout.write(f"{number} {n}\n")

    with epochal.init("console") as run:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(written(run)) == sorted(f"| {number} {n}" for number in range(4) for n in range(300))


def test_a_signal_handler_may_print_while_a_line_is_printed() -> None:
    def handler(*_: object) -> None:
        sys.stderr.write("handled\n")

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0005)
    try:
        with epochal.init("console") as run:
            for n in range(2000):
                sys.stdout.write(f"{n}\n")
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    lines = written(run)
    assert [line for line in lines if line.startswith("|")] == [f"| {n}" for n in range(2000)]
    assert "! handled" in lines


def test_a_bar_costs_no_write_for_each_of_its_states(monkeypatch: pytest.MonkeyPatch) -> None:
    with epochal.init("console") as run:
        sizes = set()
        for n in range(1000):
            sys.stderr.write(f"\r{n / 10:.0f}%")
            sizes.add(sum(path.stat().st_size for path in (run.folder / "console").glob("*")))
        assert sizes == {0}
        sys.stderr.write("\n")
        assert written(run) == ["! 100%"]


def test_states_are_written_now_and_then_and_read_as_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("epochal.console.capture._STATES_S", 0.0)
    monkeypatch.setattr("epochal.console.capture._GATHERED", 1)
    with epochal.init("console") as run:
        for n in range(5):
            sys.stderr.write(f"\r{n}0%")
            time.sleep(0.002)  # states of the same millisecond belong together
        assert written(run) == ["!~10%", "!~20%", "!~30%", "!~40%"]
        recorded = epochal.get_run(run.folder)
        assert [(line.text, line.final) for line in recorded.console()] == [("40%", False)]
        sys.stderr.write("\r100%\n")
    assert [(line.text, line.final) for line in recorded.console()] == [("100%", True)]


def test_what_was_printed_survives_a_kill(tmp_path: Path) -> None:
    script = """
    import logging
    logging.basicConfig(level="INFO")
    run = epochal.init("console", id="it")
    for n in range(200):
        print("line", n)
        logging.info("log %d", n)
    sys.stdout.write("unfinished")
    ack(200)
    time.sleep(60)
    """
    with Training(tmp_path, script) as training:
        training.hear(60, until=lambda: training.acknowledged() == [200])
        training.kill()
    recorded = training.recorded()
    lines = recorded.console()
    assert [line.text for line in lines if line.stream == "stdout"] == [f"line {n}" for n in range(200)]
    assert [line.text for line in lines if line.stream == "stderr"] == [f"INFO:root:log {n}" for n in range(200)]


def test_a_forked_child_writes_a_file_of_its_own(tmp_path: Path) -> None:
    script = """
    run = epochal.init("console", id="it")
    print("parent before")
    sys.stdout.write("begun by the parent, ")
    child = os.fork()
    if child == 0:
        print("child")
        run.log({"a": 1.0})
        print("child again")
        os._exit(0)
    os.waitpid(child, 0)
    time.sleep(0.005)  # lines of several processes stand by their time, which is told in milliseconds
    print("ended by the parent")
    run.finish()
    print(sys.stdout.__class__.__name__)
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    folder = training.recorded().path / "console"
    assert len(list(folder.iterdir())) == 2
    texts = [line.text for line in training.recorded().console()]
    assert texts == ["parent before", "child", "child again", "begun by the parent, ended by the parent"]


def test_a_limit_of_the_file_system_ends_the_copy_with_one_warning(tmp_path: Path) -> None:
    script = """
    import resource
    sys.stdout = open(os.devnull, "w")  # the limit is on every file
    run = epochal.init("console", id="it")
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    for n in range(5000):
        sys.stdout.write("y" * 99 + "\\n")
    run.log({"a": 1.0})
    run.finish()
    """
    with Training(tmp_path, script) as training:
        training.succeed()
    recorded = training.recorded()
    assert recorded.state == "finished"
    notices = [notice for notice in recorded.notices if notice.code == "console"]
    assert len(notices) == 2
    kept = len([line for line in recorded.console() if len(line.text) == 99])
    assert kept + notices[1].data["lines"] == 5001  # the warning is a line too
    assert training.errors.count("console output is not kept any more") == 1


def test_a_folder_that_is_taken_away_is_passed_over_quietly() -> None:
    import shutil

    with epochal.init("console") as run:
        print("one")
        shutil.rmtree(run.folder / "console")
        print("two")
    assert not [notice for notice in epochal.get_run(run.folder).notices if notice.code == "console"]


def test_a_folder_that_cannot_be_written_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    with epochal.init("console") as run:
        (run.folder / "console").write_text("in the way")
        for n in range(10):
            print(n)
    assert caplog.text.count("console output is not kept any more") == 1
    (notice,) = [notice for notice in epochal.get_run(run.folder).notices if "lines" in notice.data]
    assert notice.data == {"lines": 10}


def test_the_beginning_and_the_end_are_kept_and_what_lies_between_is_told(tmp_path: Path) -> None:
    faults: list[str] = []
    file = ConsoleFile(
        tmp_path, "0" * 32, remark=lambda text: f"# {text}\n".encode(), fault=faults.append, part_bytes=1000, parts=2
    )
    for n in range(1000):
        file.write(f"line {n:4}\n".encode(), 1)
    file.close()
    # `<writer>.log`, `<writer>.2.log`, …: their time stamps may be equal
    paths = sorted(
        (tmp_path / "console").iterdir(), key=lambda path: int((path.suffixes[0] if path.suffixes[1:] else ".1")[1:])
    )
    assert len(paths) == 3
    assert sum(path.stat().st_size for path in paths) <= 3100
    text = "".join(path.read_text() for path in paths)
    assert text.startswith("line    0\n")
    assert text.endswith("line  999\n")
    told = re.findall(r"# left out between parts 1 and \d+: (\d+) lines, (\d+) bytes", text)[-1]
    assert text.count("line ") + int(told[0]) - (text.count("#") - 1) in range(990, 1012)
    assert not faults


def test_odd_text_is_kept_as_utf8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8", errors="surrogatepass"))
    with epochal.init("console") as run:
        print("nul \0 lone \ud800 bidi \u202e 你好 \x85 \u2028 end")
        sys.stdout.buffer.write(os.urandom(0) + bytes(range(128, 256)) + b"\n")
    recorded = epochal.get_run(run.folder)
    assert recorded.console()[0].text == "nul \0 lone \\ud800 bidi \u202e 你好 \x85 \u2028 end"
    assert recorded.console()[1].text.startswith("\\x80\\x81")
