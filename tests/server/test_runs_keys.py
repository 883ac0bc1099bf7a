"""The runs table, asked for some runs by their keys: those that a person has ticked or brushed."""

from __future__ import annotations

from pathlib import Path

from tests.core.make_runs import make_runs
from tests.server.api_client import Api, key


def test_runs_are_asked_for_by_their_keys_and_everything_else_still_holds(root: Path, api: Api) -> None:
    keys = [key(folder) for folder in make_runs(root, 5)]
    some = [keys[3], keys[1], "no/such", keys[1]]
    assert api.query(keys=some)["keys"] == [keys[1], keys[3]]
    assert api.query(keys=some, offset=1)["keys"] == [keys[3]]
    assert api.query(keys=some, group=["state"])["groups"][0]["count"] == 2
    assert api.query(keys=some, where="False")["keys"] == []
    assert api.query(keys=[])["matched"] == 0
    assert api.query()["matched"] == 5


def test_keys_that_are_no_list_of_texts_are_refused(api: Api) -> None:
    for wrong in ("no/list", [1], ["x" * 2000], ["a/b"] * 10_001):
        api.refused("/api/runs/query", {"keys": wrong})
