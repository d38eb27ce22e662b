"""Proposals for a mapping: predictions are proposed, and descriptions of a response are not."""

from __future__ import annotations

import jmespath
import pytest

from modeltap.analysis.coverage.mapping_proposals import (
    in_toml,
    names_in,
    propose_prediction,
    propose_rows,
    toml_key,
)

ABOUT = ("status", "message", "code", "id", "model_version", "timestamp", "detail")
WRAPS = {
    "flat": lambda inner: {"status": "ok", **inner},
    "nested": lambda inner: {"status": "ok", "data": {"id": 7, **inner}},
    "in a list": lambda inner: {"code": 0, "items": [inner, inner]},
    "deep": lambda inner: {"a": {"b b": {"c": inner}}},
}


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("value", [0.7, 3, "low", True])
@pytest.mark.parametrize("name", ["price_keur", "risk level", "churn"])
def test_the_proposed_path_finds_the_value(wrap, value, name):
    document = WRAPS[wrap]({name: value})
    result = jmespath.search(propose_prediction(document), document)
    assert result in (value, [value, value])


@pytest.mark.parametrize("name", ABOUT)
@pytest.mark.parametrize("wrap", WRAPS)
def test_members_that_describe_a_response_are_never_proposed(wrap, name):
    assert propose_prediction(WRAPS[wrap]({name: "x"})) is None


def test_a_common_name_comes_before_others():
    assert propose_prediction({"x": 1, "inner": {"risk_score": 0.4}}) == "inner.risk_score"


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"meta": 1, "body": {"rows": [{"a": 1}]}}, "body.rows"),
        ({"input rows": [[1, 2]]}, '"input rows"'),
        ({"payload": {"a": 1}}, "payload"),
        ({"a": 1}, None),
        ([], None),
        ("text", None),
    ],
)
def test_rows_are_lists_of_objects_or_an_object(document, path):
    assert propose_rows(document) == path


def test_names_and_texts_are_ready_to_be_copied():
    assert names_in({"a": 1, "b": 2}, 1) == ["a"]
    assert in_toml('x."a b"') == "'x.\"a b\"'" and in_toml("a'b\"") == '"a\'b\\""'
    assert (toml_key("a-1"), toml_key("a.b")) == ("a-1", '"a.b"')
