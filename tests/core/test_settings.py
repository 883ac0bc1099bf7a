"""The mode that holds and where it comes from; the files that say so; nothing else is read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from epochal import settings
from epochal.errors import BadValueError, StorageError
from epochal.settings import ModeChoice, describe, effective_mode, set_folder_mode


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project" / "deep"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def write_user_file(text: str) -> Path:
    path = settings.user_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_without_any_setting_runs_are_local() -> None:
    assert effective_mode() == ModeChoice("offline", "default")


def test_each_place_gives_way_to_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = write_user_file('mode = "online"')
    assert effective_mode() == ModeChoice("online", str(user))
    folder_file = set_folder_mode(tmp_path / "project", "disabled")
    assert effective_mode() == ModeChoice("disabled", str(folder_file))
    monkeypatch.setenv("EPOCHAL_MODE", "offline")
    assert effective_mode() == ModeChoice("offline", "EPOCHAL_MODE")
    assert effective_mode("online") == ModeChoice("online", "argument")


def test_the_nearest_folder_file_that_says_something_holds(tmp_path: Path) -> None:
    set_folder_mode(tmp_path, "disabled")
    near = set_folder_mode(tmp_path / "project", "online")
    assert effective_mode().source == str(near)
    assert effective_mode(folder=tmp_path).mode == "disabled"


def test_a_folder_file_without_a_mode_leaves_it_to_the_user(tmp_path: Path) -> None:
    (tmp_path / "project" / ".epochal.toml").write_text("other = 1\n")
    write_user_file('mode = "disabled"')
    assert effective_mode().mode == "disabled"


def test_wandbs_variable_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    assert effective_mode().mode == "offline"


def test_an_unknown_mode_names_value_place_and_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadValueError, match=r"argument mode is 'dryrun': take \"online\", \"offline\" or \"disabled\""):
        effective_mode("dryrun")
    monkeypatch.setenv("EPOCHAL_MODE", "off")
    with pytest.raises(BadValueError, match="EPOCHAL_MODE is 'off'"):
        effective_mode()
    monkeypatch.delenv("EPOCHAL_MODE")
    path = tmp_path / ".epochal.toml"
    path.write_text("mode = 3\n")
    with pytest.raises(BadValueError, match=f"mode in {path} is 3"):
        effective_mode()


@pytest.mark.parametrize("content", [b"mode = ", b"\xff\xfe"])
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / ".epochal.toml"
    path.write_bytes(content)
    with pytest.raises(BadValueError, match=str(path)):
        effective_mode()


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    (tmp_path / ".epochal.toml").mkdir()
    assert effective_mode().source == "default"


def test_a_working_folder_that_is_gone_has_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert effective_mode().source == "default"


def test_setting_the_mode_keeps_what_else_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / ".epochal.toml"
    path.write_text('# ours\nproject = "digits"\nmode = "online" # for now\n\n[ui]\nmode = "dark"')
    set_folder_mode(tmp_path, "disabled")
    assert path.read_text() == '# ours\nproject = "digits"\n\nmode = "disabled"\n[ui]\nmode = "dark"'
    set_folder_mode(tmp_path, None)
    assert "disabled" not in path.read_text()
    assert 'mode = "dark"' in path.read_text()


def test_a_file_that_cannot_be_changed_safely_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".epochal.toml"
    text = "list = [\n  [1],\n]\n"
    path.write_text(text)
    with pytest.raises(BadValueError, match="by hand"):
        set_folder_mode(tmp_path, "disabled")
    assert path.read_text() == text


def test_an_unknown_mode_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(BadValueError, match="'on'"):
        set_folder_mode(tmp_path, "on")
    assert not (tmp_path / ".epochal.toml").exists()


def test_a_folder_that_does_not_exist_cannot_be_set(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=str(tmp_path / "none")):
        set_folder_mode(tmp_path / "none", "disabled")


def test_status_shows_mode_files_and_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = set_folder_mode(tmp_path, "disabled")
    shown = describe()
    assert (shown["mode"], shown["source"], shown["folder_file"]) == ("disabled", str(path), str(path))
    assert shown["environment"]["EPOCHAL_STRICT"] == "1"
    assert shown["cache_dir"] == str(tmp_path / "cache")
    monkeypatch.setenv("EPOCHAL_MODE", "nonsense")
    assert describe()["mode"] is None
    assert "nonsense" in describe()["problem"]


def test_folders_of_the_user_follow_the_xdg_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EPOCHAL_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert settings.cache_dir() == tmp_path / "xdg" / "epochal"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/is/ignored")
    assert settings.cache_dir() == tmp_path / ".cache" / "epochal"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert settings.user_file() == tmp_path / ".config" / "epochal" / "config.toml"


@pytest.mark.parametrize(("value", "on"), [("1", True), ("true", True), ("0", False), ("", False), ("off", False)])
def test_switches_are_on_unless_they_say_no(value: str, on: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EPOCHAL_STRICT", value)
    assert settings.is_strict() is on


def test_every_variable_that_the_code_reads_is_described() -> None:
    read = {
        name
        for path in Path(settings.__file__).parent.rglob("*.py")
        for name in re.findall(r"\bEPOCHAL_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))
    }
    # from the trainer to its companion
    internal = {"EPOCHAL_COMPANION_PATH", "EPOCHAL_COMPANION_ASSIGNMENT", "EPOCHAL_COMPANION_TOLD"}
    assert read - internal - set(settings.ENVIRONMENT) == set()


def test_without_a_file_no_toml_parser_is_loaded(tmp_path: Path) -> None:
    code = "import sys; from epochal.settings import effective_mode; effective_mode(); print('tomllib' in sys.modules)"
    variables = {"PYTHONPATH": str(Path(settings.__file__).parents[1]), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
