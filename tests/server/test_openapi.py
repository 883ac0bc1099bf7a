"""What the API's description promises beyond the fuzz: problems before any handler, other formats, what is there."""

from __future__ import annotations

import importlib.util
from typing import Any

from tests.needs import need

need("starlette")
need("httpx")


def test_every_operation_tells_of_unknown_hosts_and_those_with_a_body_of_its_form(api: Any) -> None:
    document = api.get("/api/openapi.json")
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert all({"413", "421"} <= operation["responses"].keys() for operation in operations)
    assert all(("415" in operation["responses"]) == ("requestBody" in operation) for operation in operations)


def test_a_table_comes_as_json_or_csv(api: Any) -> None:
    document = api.get("/api/openapi.json")
    content = document["paths"]["/api/runs/{project}/{run}/table"]["get"]["responses"]["200"]["content"]
    assert content.keys() == {"application/json", "text/csv"}


def test_the_server_says_whether_it_grows_a_forest(api: Any) -> None:
    assert api.get("/api/server")["forest"] == (importlib.util.find_spec("sklearn") is not None)
