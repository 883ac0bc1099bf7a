"""Filters while they are typed: where they are wrong, and what may stand at the cursor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import epochal
from epochal.errors import WhereError
from tests.core.make_runs import make_run
from tests.server.api_client import Api

CHECK, COMPLETE = "/api/where/check", "/api/where/complete"


@pytest.fixture
def asked(root: Path, api: Api) -> Api:
    """Return a server with runs whose settings have names of every kind."""
    config = {"lr": 0.1, "model": {"name": "vit", "depth": 2}, "3d": {"my key": 1}, "gelöst": True, "optimizer": "adam"}
    make_run(root, 0, config=config, meta={"tags": ["base", 'say "hi"']})
    make_run(
        root, 1, config={**config, "optimizer": "sgd", "lr": 0.2}, finish="failed", project="other", meta={"tags": []}
    )
    return api


def test_a_filter_that_can_be_understood_is_all_right(asked: Api) -> None:
    for text in ("", "config.lr > 0.1", 'state == "finished" and not tags', 'summary["val/acc"] > .5'):
        if text:
            assert asked.post(CHECK, {"where": text}) == {"ok": True, "hints": []}


def test_a_filter_that_cannot_says_why_and_where(asked: Api) -> None:
    for text, at, length in (
        ("config.lr > ", 12, 0), ("config.lr => 1", 10, 1), ("status == 3", 0, 6), ("name == 'x", 8, 1),
        ("config.lr > 1 &&", 14, 2), ("nam(e)", 0, 3), ("config.lr >> 1", 11, 1), ('"😀😀" == 2 or sumary', 15, 6),
        ("", 0, 0), ("(state", 6, 0), ("ago('soon')", 0, 3),
    ):  # fmt: skip
        found = asked.post(CHECK, {"where": text})
        with pytest.raises(WhereError) as error:
            epochal.runs(where=text)
        assert found == {"ok": False, "message": str(error.value).split("\n")[0], "at": at, "length": length}, text


def test_what_no_run_has_is_hinted_at(asked: Api) -> None:
    assert asked.post(CHECK, {"where": "config.model.dept > 1 and config.lr > 0"})["hints"] == [
        "no run has model.dept in its config: did you mean model.depth?"
    ]
    assert asked.post(CHECK, {"where": "config.model"})["hints"] == []


def proposed(api: Api, text: str, **more: Any) -> list[str]:
    """Return what the filter would be with each proposal taken; `|` is the cursor."""
    at = text.index("|") if "|" in text else len(text)
    plain = text.replace("|", "")
    found = api.post(COMPLETE, {"where": plain, "at": at, **more})
    return [plain[: found["from"]] + item["text"] + plain[found["to"] :] for item in found["items"]]


def test_fields_functions_settings_and_results_are_proposed_where_a_value_is_wanted(asked: Api) -> None:
    assert {"state", "config.", "summary.", "not", "len("} <= set(proposed(asked, ""))
    assert proposed(asked, "sta")[0] == "state"
    assert proposed(asked, "not st")[0] == "not state"
    assert "config.lr > 1 and config.model.depth" in proposed(asked, "config.lr > 1 and dep")
    assert 'summary["val/acc"]' in proposed(asked, "acc")
    assert proposed(asked, "len(ta")[0] == "len(tags"


def test_settings_are_proposed_as_they_must_be_written(asked: Api) -> None:
    assert proposed(asked, "config.model.") == ["config.model.depth", "config.model.name"]
    assert proposed(asked, "config.mod| > 1") == ["config.model.depth > 1", "config.model.name > 1"]
    assert proposed(asked, "config.mo|del.depth > 1")[0].startswith("config.model.depth")
    assert proposed(asked, "config.3") == []  # no name can begin so
    assert proposed(asked, 'config["3') == ['config["3d"]["my key"]']
    assert proposed(asked, "config.gel") == ["config.gelöst"]
    assert proposed(asked, 'summary["val/a') == ['summary["val/acc"]']
    assert proposed(asked, 'summary["val/a|cc"] > 1') == ['summary["val/acc"] > 1']
    assert proposed(asked, "summary.val") == [
        f'summary["val/{name}"]' for name in ("acc", "f1", "grad_norm", "loss", "lr_now")
    ]
    assert "summary.best" in proposed(asked, "summary.b")


def test_settings_whose_names_have_dots_are_written_so_that_they_are_found(root: Path, api: Api) -> None:
    make_run(root, 0, config={"a.b": {"c": 1, "d.e": 2}, "a": {"x": 3}})
    found = proposed(api, "config.")
    assert found == ['config["a.b"].c', 'config["a.b"]["d.e"]', "config.a.x"]
    for text in found:
        assert len(api.names(where=f"{text} > 0")) == 1


def test_values_are_proposed_beside_what_they_are_compared_with(asked: Api) -> None:
    assert proposed(asked, "config.optimizer == ") == ['config.optimizer == "adam"', 'config.optimizer == "sgd"']
    assert proposed(asked, 'config.optimizer == "s') == ['config.optimizer == "sgd"']
    assert proposed(asked, 'config.optimizer == "s|gd" and tags') == ['config.optimizer == "sgd" and tags']
    assert proposed(asked, "config.lr > ") == ["config.lr > 0.1", "config.lr > 0.2"]
    assert 'state in ["failed", "killed"' in proposed(asked, 'state in ["failed", "k')
    assert proposed(asked, "project == ") == ['project == "digits"', 'project == "other"']
    assert proposed(asked, "contains(tags, ") == ['contains(tags, "base"', 'contains(tags, "say \\"hi\\""']
    assert proposed(asked, 'config["3d"]["my key"] == ') == ['config["3d"]["my key"] == 1']
    assert proposed(asked, "config.optimizer == ", project="other") == ['config.optimizer == "sgd"']


def test_what_is_proposed_can_be_understood(asked: Api) -> None:
    for text in ("", "config.", "summary.", "config.optimizer == ", "state == ", "not "):
        for found in proposed(asked, text):
            if not found.endswith(("(", ".")) and not found.endswith("not"):
                assert asked.post(CHECK, {"where": found})["ok"], found


def test_operators_follow_a_value_and_functions_a_dot(asked: Api) -> None:
    assert proposed(asked, "state ")[:2] == ["state ==", "state !="]
    assert proposed(asked, "config.lr > 1 a") == ["config.lr > 1 and"]
    assert proposed(asked, 'name == "x" ')[-2:] == ['name == "x" and', 'name == "x" or']
    assert proposed(asked, "name.start") == ["name.startswith("]


def test_any_text_with_any_cursor_is_answered(asked: Api) -> None:
    texts = ['config["3d"]["my key"] >= -.5e3 or (not (name.lower() in ["a", \'b\'])) and "😀\\" == x',
             "]]])))...[[[", '"', "'\"'", "config[[", "1.5.config..", "\n\t ünï == 'ö"]  # fmt: skip
    for text in texts:
        for at in range(len(text) + 4):
            found = asked.post(COMPLETE, {"where": text, "at": at})
            assert 0 <= found["from"] <= found["to"]
    assert asked.refused(COMPLETE, {"where": "x", "at": -1})["input"] == "at"
    assert asked.refused(COMPLETE, {"where": "x" * 10_001})["input"] == "where"
    assert asked.refused(CHECK, {"where": "x", "when": 1})["input"] == "when"
