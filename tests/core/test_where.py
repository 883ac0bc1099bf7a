"""Filter expressions: what they compute, what they refuse, and where their errors point."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochal.errors import BadValueError, WhereError
from epochal.where import FIELDS, parse, parse_list, parse_sort, sort_rows


def row(**changes: Any) -> Any:
    fields: dict[str, Any] = {
        "id": "a1",
        "name": "brave-otter-1",
        "project": "digits",
        "state": "finished",
        "started": 1_000_000_000.0,
        "finished": 1_000_000_060.0,
        "duration": 60.0,
        "group": None,
        "job_type": "train",
        "tags": ["baseline", "paper"],
        "notes": None,
        "host": "box",
        "ranks": 2,
        "metrics": ["loss", "val/acc"],
        "config": {
            "lr": 0.01,
            "optimizer": {"name": "adam", "lambda": 3},
            "layers": [64, 32],
            "learning-rate": 1,
            "größe": 7,
            "flag": True,
            "nothing": None,
            "3d": {"a.b": 5},
        },
        "summary": {"loss": math.nan, "val/acc": 0.95, "best": {"value": 1, "step": 9}, "big": 2**60 + 1},
    }
    assert fields.keys() == set(FIELDS)
    return SimpleNamespace(**{**fields, **changes})


@pytest.mark.parametrize(
    "expression",
    [
        'config.lr > 1e-3 and summary["val/acc"] >= .9 and state == "finished"',
        "0 < config.lr <= .01",
        "1 < 2 < 3 and not 1 < 3 < 2",
        "config.optimizer.lambda == 3",
        "config['optimizer']['name'] == \"adam\"",
        'config["3d"]["a.b"] == 5',
        "config.größe == 7",
        "config.layers == [64, 32,]",
        "config.layers[0] / config.layers[1] == 2",
        "config.layers[-1] == 32",
        "config.flag and config.flag == 1",
        "summary.best.step > 5",
        "summary.big == 1152921504606846977",
        '"paper" in tags and "draft" not in tags',
        '"otter" in name',
        'contains(tags, "paper")',
        'name.startswith("brave") and endswith(name, "-1") and not startswith(name, "x")',
        'matches(name, "*otter-?")',
        'name.lower() == "brave-otter-1"',
        "len(tags) == 2 and ranks == len(metrics)",
        "abs(-3) == 3 and -config.lr < 0",
        "config.lr in [.01, .1]",
        "(1 + 2) * 3 - 4 / 2 == 7",
        "2 + 2 * 2 == 6 and 10 - 3 - 2 == 5",
        'started > date("2001-01-01") and started < ago("1w")',
        "finished - started == duration",
        "true and not false and null is None and None == null or True",
        "config.lr == .01 or config.nope.deep.deeper > 3",
        'not state == "running"',
        "1_000 == 1e3",
        r'"a\"b\\\n" == "a\"b\\\n"',
        "group is None and config.lr is not None",
        '"lr" in config and "loss" in metrics',
    ],
)
def test_a_true_expression_is_true(expression: str) -> None:
    assert parse(expression).matches(row()) is True


@pytest.mark.parametrize(
    "expression",
    ["config.nope {} 1", "1 {} config.nope", "config.nothing {} 1", 'config.lr {} "text"', "config.layers {} 3"],
)
@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "in"])
def test_what_is_missing_or_does_not_compare_is_false(expression: str, sign: str) -> None:
    assert parse(expression.format(sign)).matches(row()) is False


def test_missing_values_can_be_asked_for() -> None:
    assert parse("config.nope == None").matches(row())
    assert parse("config.nope != 3").matches(row())
    assert not parse("config.lr == None").matches(row())
    assert not parse('config.nope not in ["adam"]').matches(row())
    assert parse("not config.nope > 3").matches(row())


def test_nan_compares_false_and_is_found_by_isnan() -> None:
    assert parse("isnan(summary.loss)").matches(row())
    assert parse("summary.loss != summary.loss").matches(row())
    for expression in ("summary.loss == nan", "summary.loss < 1", "summary.loss >= 1", "summary.loss", "not not nan"):
        assert not parse(expression).matches(row()), expression
    assert not parse("isnan(config.nope) or isnan(name)").matches(row())


def test_arithmetic_that_has_no_result_is_none() -> None:
    for expression in (
        "config.lr / 0", "config.nope + 1", "name * 3", "-name", f"{10**400} / {1.5}", "[1] + [2]",
    ):  # fmt: skip
        assert parse(expression).value(row()) is None, expression


def test_functions_of_a_wrong_type_are_none_but_a_constant_one_is_refused() -> None:
    assert parse("lower(config.lr)").value(row()) is None
    assert parse("date(name)").value(row()) is None
    with pytest.raises(WhereError, match="len\\(\\) takes a text, a list or a mapping"):
        parse("len(3) > 1")


def test_ago_counts_back_from_now() -> None:
    now = time.time()
    assert parse('ago("2h")').value(row()) == pytest.approx(now - 7200, abs=5)
    assert parse('ago("1.5d")').value(row()) == pytest.approx(now - 1.5 * 86400, abs=5)


@pytest.mark.parametrize(
    ("expression", "place", "message"),
    [
        ("config.lr = 1", 10, "compare with =="),
        ("config.lr >", 11, "the expression ends here"),
        ("", 0, "the expression ends here"),
        ("state == 'x' && config.a", 13, "write and"),
        ("!config.a", 0, "write not"),
        ("statu == 'x'", 0, "did you mean state?"),
        ("status == 'x'", 0, "did you mean state?"),
        ("lr > 1", 0, "did you mean config.lr or summary.lr?"),
        ("config.a and\n  lr > 1", 15, "did you mean config.lr"),
        ("config.learning-rate > 1", 16, 'did you mean config["learning-rate"]?'),
        ("summary.val/acc/top-1 > 1", 12, 'did you mean summary["val/acc/top-1"]?'),
        ("(config.lr", 10, "closes the ( at character 1"),
        ("config.lr)", 9, "found )"),
        ("name.starts('x')", 5, "did you mean startswith()?"),
        ("eval('1')", 0, "there is no function eval()"),
        ("__import__('os')", 0, "there is no function __import__()"),
        ("startswith(name)", 0, "takes 2 values, not 1"),
        ("started > date('July')", 10, 'write "2026-07-31"'),
        ("started > ago('soon')", 10, '"2h"'),
        ("name == 'abc", 8, "no closing '"),
        ("3d", 0, "3d is not a number"),
        ("1.2.3", 3, "found .3"),
        ("config.", 7, "a name must follow the dot"),
        ("config[name]", 6, "a text or a number"),
        ("a@b", 1, "'@' means nothing here"),
        ("config.a config.b", 9, "found config"),
        ("lambda: 1", 6, "means nothing here"),
        ("[" * 1000, 64, "brackets within each other"),
        ("9" * 5000, 0, "is not a number"),
    ],
)
def test_errors_point_at_the_place_and_say_what_was_meant(expression: str, place: int, message: str) -> None:
    with pytest.raises(WhereError) as caught:
        parse(expression)
    assert message in str(caught.value)
    assert caught.value.position == place
    assert str(caught.value).splitlines()[-1] == "  " + " " * place + "^"


def test_a_filter_that_is_no_text_is_refused() -> None:
    with pytest.raises(BadValueError, match="a filter is a text, not a dict"):
        parse({"state": "finished"})  # type: ignore[arg-type]


def test_attributes_of_python_objects_cannot_be_reached() -> None:
    for expression in ("config.__class__", "name.__class__", "tags.append", "state.__len__", "config.lr.real"):
        assert parse(expression).value(row()) is None


def test_paths_name_the_places_in_config_and_summary() -> None:
    assert parse('config.a.b > summary["val/acc"] + config["c"]').paths == (
        ("config", "a", "b"),
        ("summary", "val/acc"),
        ("config", "c"),
    )


def test_lists_of_expressions_keep_their_texts() -> None:
    keys = parse_sort("-summary['val/acc'], name ,started")
    assert [(key.text, key.descending) for key in keys] == [
        ("summary['val/acc']", True),
        ("name", False),
        ("started", False),
    ]
    assert [column.text for column in parse_list(["name", "config.lr * 2, state"])] == [
        "name",
        "config.lr * 2",
        "state",
    ]
    with pytest.raises(WhereError):
        parse_sort("name desc")


def test_sorting_puts_missing_values_last_in_either_direction() -> None:
    values: list[Any] = [3, None, "b", 1.5, math.nan, True, "a", math.inf, [2]]
    rows = [row(config={"x": value}) for value in values]
    rising = [r.config["x"] for r in sort_rows(rows, parse_sort("config.x"))]
    falling = [r.config["x"] for r in sort_rows(rows, parse_sort("-config.x"))]
    assert rising[:7] == [True, 1.5, 3, math.inf, "a", "b", [2]]
    assert falling[:7] == [[2], "b", "a", math.inf, 3, 1.5, True]
    assert [repr(value) for value in rising[7:]] == [repr(value) for value in falling[7:]] == ["None", "nan"]


def test_sorting_by_several_keys_is_stable() -> None:
    rows = [row(name=name, ranks=ranks) for name, ranks in [("a", 2), ("b", 1), ("c", 2), ("d", 1)]]
    assert [r.name for r in sort_rows(rows, parse_sort("-ranks"))] == ["a", "c", "b", "d"]
    assert [r.name for r in sort_rows(rows, parse_sort("ranks,-name"))] == ["d", "b", "c", "a"]


@given(st.text())
def test_any_text_is_either_parsed_or_refused_with_a_place(text: str) -> None:
    try:
        expression = parse(text)
    except WhereError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - both outcomes are right
    else:
        expression.matches(row())


_words = st.sampled_from(
    [
        *FIELDS,
        "and",
        "or",
        "not",
        "in",
        "is",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "==",
        "<",
        "-",
        "/",
        "1",
        "'a'",
        "nan",
        "len",
        "lr",
    ]
)


@given(st.lists(_words, max_size=12).map(" ".join))
def test_any_order_of_known_words_is_parsed_or_refused(text: str) -> None:
    try:
        parse(text).matches(row())
    except WhereError as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - both outcomes are right
