"""Conditions as text: quotes where they are needed, and around every value in a sentence."""

from __future__ import annotations

from modeltap.analysis.slices.slice_conditions import Condition, joined, joined_quoted


def test_a_value_that_could_be_misread_is_quoted():
    conditions = [Condition("city", "", "a and b"), Condition("x", ">= 2 and < 5")]
    assert joined(conditions) == "city = 'a and b' and x >= 2 and < 5"


def test_a_sentence_quotes_every_value():
    """Messages then replace it, unless the webhook asks for values."""
    assert joined_quoted([Condition("carrier", "", "EV")]) == "carrier = 'EV'"
    assert joined_quoted([Condition("carrier", "is missing")]) == "carrier is missing"
