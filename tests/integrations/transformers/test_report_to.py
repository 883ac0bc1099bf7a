"""`report_to="epochal"`: how transformers gets to know the name, and what else stands beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from epochal.testing.processes import run_python
from epochal.testing.suite import only_run
from tests.needs import need

need("transformers")

from epochal_transformers import EpochalCallback  # noqa: E402
from tests.integrations.transformers.tiny import trainer  # noqa: E402

_TABLE = "from transformers.integrations import integration_utils as table; "
_KNOWN = (
    "from epochal_transformers import EpochalCallback; "
    "assert type(table.__loader__).__name__ == 'SourceFileLoader', table.__loader__; "
    "print(table.get_reporting_integration_callbacks(['epochal']) == [EpochalCallback])"
)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "epochal-runs"


def short(folder: Path, callbacks: list[Any], **more: Any) -> None:
    trainer(folder, callbacks, max_steps=2, eval_strategy="no", save_strategy="no", **more).train()


def test_it_names_a_callback_that_the_environment_configures(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPOCHAL_DIR", str(tmp_path / "elsewhere"))
    short(tmp_path, [], report_to="epochal", run_name="named")
    run = only_run(tmp_path / "elsewhere")
    assert run.name == "named"
    assert run.history("loss").steps.tolist() == [1, 2]


@pytest.mark.parametrize("first", ["import epochal_transformers; ", "import epochal.plugins as p; p.get_manager(); "])
def test_the_package_or_the_plugins_may_come_first(first: str) -> None:
    code = f"import sys; {first}assert 'transformers' not in sys.modules; {_TABLE}{_KNOWN}"
    assert run_python("-c", code) == "True"


@pytest.mark.parametrize("second", ["import epochal_transformers; ", "import epochal.plugins as p; p.get_manager(); "])
def test_transformers_may_come_first(second: str) -> None:
    assert (
        run_python("-c", f"{_TABLE}assert 'epochal' not in table.INTEGRATION_TO_CALLBACK; {second}{_KNOWN}") == "True"
    )


def test_all_means_those_that_transformers_lists_itself() -> None:
    from transformers.integrations import integration_utils

    assert "epochal" not in integration_utils.get_available_reporting_integrations()


@pytest.mark.parametrize("arguments", [{}, {"tags": ["mine"]}], ids=["plain", "with arguments"])
def test_a_callback_beside_it_records_alone(runs: Path, tmp_path: Path, arguments: dict[str, Any]) -> None:
    callback = EpochalCallback(**arguments)
    short(tmp_path, [callback], report_to="epochal")
    run = only_run(runs)
    assert run.id == callback.run.id
    assert run.tags == tuple(arguments.get("tags", ()))
    assert len(run.history("loss", duplicates=True)) == 2


def test_two_callbacks_with_arguments_record_two_runs(tmp_path: Path) -> None:
    roots = [tmp_path / "a", tmp_path / "b"]
    short(tmp_path, [EpochalCallback(dir=root) for root in roots])
    assert [only_run(root).history("loss").steps.tolist() for root in roots] == [[1, 2], [1, 2]]
