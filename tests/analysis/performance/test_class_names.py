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


@pytest.mark.parametrize("side", [{"yes", "true", "no"}, {"NO", "n", "Yes"}, {"True", "on", "0"}])
def test_a_feed_may_mix_words_for_yes_and_no(side):
    names = ClassNames({"1", "0"}, side)
    assert {names(name) for name in side} == {"1", "0"}


@pytest.mark.parametrize("side", [{"t", "f", "y", "n"}, {"1", "0", "2"}, {"yes", "no", "maybe"}])
def test_letters_and_words_of_other_classes_are_separate(side):
    names = ClassNames({"1", "0"}, side)
    assert {names(name) for name in side} == side


SAME = [
    ("\u00e9t\u00e9", "e\u0301te\u0301"),
    ("on time", "on\u00a0time"),
    ("on time", " On  Time "),
    ("A", "\uff21"),
    ("late", "\ufefflate"),
    ("la\u200bte", "late"),
    ("stra\u00dfe", "STRASSE"),
    ("\u4e2d\u6587", "\u4e2d\u6587\u200e"),
]


@pytest.mark.parametrize(("predicted", "true"), SAME, ids=repr)
def test_forms_that_look_alike_are_one_class(predicted, true):
    """Accents, spaces and signs without a width, as other systems write them."""
    names = ClassNames({true, "b"}, {predicted, "b"})
    assert names(predicted) == names(true) == true


@pytest.mark.parametrize(("predicted", "true"), SAME, ids=repr)
def test_a_side_that_has_both_forms_distinguishes_them(predicted, true):
    names = ClassNames({true, "b"}, {predicted, true})
    assert names(predicted) == predicted


def test_letter_case_is_ignored_unless_a_side_distinguishes_by_it():
    assert ClassNames({"Cat", "dog"}, {"CAT", "Dog"})("CAT") == "Cat"
    assert ClassNames({"A", "a"}, {"A"})("a") == "a"


def test_the_reference_has_its_own_spelling():
    names = ClassNames({"yes", "no"}, {"1", "0"}, {"true", "false"}, {"1", "0"})
    assert names("true") == names("1") == "yes"


def test_an_unknown_class_keeps_its_name():
    assert ClassNames({"a"}, {"b"})("c") == "c"
    assert boolean_of("2") is None
