"""Pairs of names and values, and paths to fields."""

from __future__ import annotations

import json

import pytest

from modeltap.privacy.marks import Marks
from modeltap.privacy.masker import Masker
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.object_plans import ObjectPlans
from modeltap.privacy.texts.pairs import PairMasker

NAMES = SensitiveNames()
SECRET = "qz7f3a"


@pytest.fixture
def pairs():
    return PairMasker(NAMES, Marks(), ObjectPlans(NAMES))


@pytest.mark.parametrize("name_key", ["name", "Key", "fieldName", "fieldname", "slot", "entity"])
@pytest.mark.parametrize("value_key", ["value", "string_value", "newValue", "from", "to", "$"])
def test_only_the_value_of_a_pair_is_masked(pairs, name_key, value_key):
    fields = {name_key: "user_password", value_key: SECRET, "kind": "text"}
    assert pairs.mask(fields)
    assert fields == {name_key: "user_password", value_key: "[masked]", "kind": "text"}


@pytest.mark.parametrize(
    "way",
    [
        ["body", "password"],
        ["body", "password", "str"],
        ["body", "passwords", 0],
        ["body", "password", "function-after[check()]"],
        ["cookie", "sid"],
        ["body", "card", "number"],
        "body.password",
        "/user/password",
        "#/card/number",
    ],
)
def test_each_step_of_a_path_may_be_the_name(pairs, way):
    """Everything below a sensitive name is masked, even if validators extend the path."""
    error = {"loc": way, "input": SECRET, "ctx": {"given": SECRET}, "msg": f"'{SECRET}' is bad"}
    assert pairs.mask(error)
    assert SECRET not in json.dumps(error) and error["loc"] == way
    assert error["msg"] == "[masked] is bad"


@pytest.mark.parametrize(
    "fields",
    [
        {"loc": ["body", "age"], "input": "x", "msg": "'x' is no number", "ctx": {"given": "x"}},
        {"path": "/v1/sessions/predict", "data": "x"},
        {"path": "/token/predict", "value": 7},
        {"name": "age", "value": 7},
        {"name": "session_duration", "value": 35},
        {"role": "user", "name": "token", "content": "hello"},
        {"id": "password", "text": "a heading"},
    ],
)
def test_harmless_pairs_are_kept(pairs, fields):
    """Features, other paths, and chat messages."""
    before = json.dumps(fields)
    assert not pairs.mask(fields) and json.dumps(fields) == before


def test_an_apostrophe_does_not_start_a_quote():
    """A quote after it is found."""
    error = {"loc": ["password"], "msg": f"can't be '{SECRET}' or \"{SECRET}\""}
    text, _ = Masker().body(json.dumps(error).encode(), "")
    assert SECRET not in text and "can't be " in text
