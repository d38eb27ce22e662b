"""One name for each class in both sides' spelling, if that is one to one."""

from __future__ import annotations

import itertools

import pytest

from modeltap.analysis.performance.class_names import ClassNames, boolean_of
from modeltap.analysis.statistics.confusion import class_name

FORMS = [
    (True, False),
    ("true", "false"),
    ("True", "False"),
    ("TRUE", "FALSE"),
    (1, 0),
    (1.0, 0.0),
    ("1", "0"),
    ("1.0", "0.0"),
    (" 1", "0 "),
    ("yes", "no"),
    ("Yes", "No"),
    ("Y", "N"),
    ("t", "f"),
    ("on", "off"),
]
"""Ways to write yes and no."""


@pytest.mark.parametrize(("predicted", "true"), [*itertools.product(FORMS, FORMS)], ids=repr)
def test_yes_and_no_are_the_same_classes_in_all_forms(predicted, true):
    names = ClassNames(map(class_name, true), map(class_name, predicted))
    for spelling, other in zip(predicted, true, strict=True):
        assert names(class_name(spelling)) == names(class_name(other)) == class_name(other)


def test_one_feed_may_have_json_booleans_and_digits():
    names = ClassNames({"true", "1", "0"}, {"yes", "no"})
    assert names("true") == names("1") == names("yes") != names("no")


@pytest.mark.parametrize(
    "side", [{"yes", "true", "no"}, {"no", "n", "yes"}, {"1", "0", "2"}, {"yes", "no", "maybe"}]
)
def test_words_are_separate_classes_if_a_side_has_two_for_one(side):
    names = ClassNames({"1", "0"}, side)
    assert {names(name) for name in side} == side


def test_letter_case_is_ignored_unless_a_side_distinguishes_by_it():
    assert ClassNames({"Cat", "dog"}, {"CAT", "Dog"})("CAT") == "Cat"
    assert ClassNames({"A", "a"}, {"A"})("a") == "a"


def test_the_reference_has_its_own_spelling():
    names = ClassNames({"yes", "no"}, {"1", "0"}, {"true", "false"}, {"1", "0"})
    assert names("true") == names("1") == "yes"


def test_an_unknown_class_keeps_its_name():
    assert ClassNames({"a"}, {"b"})("c") == "c"
    assert boolean_of("2") is None
