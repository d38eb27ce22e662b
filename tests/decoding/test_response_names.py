"""Names of an answer's members: in any spelling, and none about the call is a prediction."""

from __future__ import annotations

import pytest

from modeltap.decoding.response_names import PREDICTIONS, candidates, named, role_of


def spellings(name):
    words = name.split("_")
    camel = words[0] + "".join(map(str.capitalize, words[1:]))
    return [name, name.upper(), camel, " ".join(map(str.capitalize, words)), "-".join(words)]


@pytest.mark.parametrize("name", PREDICTIONS)
def test_a_usual_name_is_a_predictions_in_every_spelling(name):
    """Snake, camel and title case, in capitals, with hyphens."""
    assert {role_of(one) for one in spellings(name)} == {"prediction"}


ABOUT = """status message code id request_id error detail success timestamp model_version
status_code trace_id created_at model_name"""


@pytest.mark.parametrize("name", ABOUT.split())
def test_what_is_about_the_call_is_no_candidate(name):
    """Be it the only member."""
    for one in spellings(name):
        assert role_of(one) == "about" and candidates([one]) == []


def test_what_may_be_measured_is_a_candidate_alone():
    """A model of trips answers with their duration."""
    assert candidates(["duration", "price"]) == ["price"]
    assert candidates(["duration", "model_version"]) == ["duration"]


def test_the_likeliest_name_comes_first():
    """Then those that only have a word of it."""
    names = ["predicted_risk", "label", "prediction"]
    assert named(names, "prediction") == ["prediction", "label", "predicted_risk"]
