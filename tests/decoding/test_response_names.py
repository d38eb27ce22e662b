"""Roles of a response's fields by their names, in any spelling."""

from __future__ import annotations

import pytest

from modeltap.decoding.response_names import PREDICTIONS, candidates, named, role_of


def spellings(name):
    words = name.split("_")
    camel = words[0] + "".join(map(str.capitalize, words[1:]))
    return [name, name.upper(), camel, " ".join(map(str.capitalize, words)), "-".join(words)]


@pytest.mark.parametrize("name", PREDICTIONS)
def test_common_names_of_predictions_are_known_in_every_spelling(name):
    """Snake, camel and title case, in capitals, with hyphens."""
    assert {role_of(spelling) for spelling in spellings(name)} == {"prediction"}


ABOUT = """status message code id request_id error detail success timestamp model_version
status_code trace_id created_at model_name"""


@pytest.mark.parametrize("name", ABOUT.split())
def test_details_of_the_call_are_not_candidates(name):
    """Not even as the only field."""
    for spelling in spellings(name):
        assert role_of(spelling) == "about" and candidates([spelling]) == []


def test_a_measured_field_is_a_candidate_if_it_is_the_only_one():
    """A model of trips may predict their duration."""
    assert candidates(["duration", "price"]) == ["price"]
    assert candidates(["duration", "model_version"]) == ["duration"]


def test_the_likeliest_name_comes_first():
    """Names that only contain its word follow."""
    names = ["predicted_risk", "label", "prediction"]
    assert named(names, "prediction") == ["prediction", "label", "predicted_risk"]
