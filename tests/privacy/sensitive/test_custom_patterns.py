"""An operator's own regular expressions."""

from __future__ import annotations

from modeltap.privacy.sensitive.custom_patterns import CustomPatterns


def test_patterns_are_searched_without_regard_to_case_and_keep_their_classes():
    """In lower case `\\S` would become `\\s`."""
    patterns = CustomPatterns([r"^\S+_nr$"])
    assert patterns.found_in("KUNDEN_NR") and not patterns.found_in("kunden nr")
    assert not CustomPatterns([]) and not CustomPatterns([]).found_in("x")


def test_the_pattern_that_is_searched_is_known():
    patterns = CustomPatterns(["a", "b"])
    assert patterns.found_in("b") and patterns.current == "b"
    assert not patterns.found_in("c") and patterns.current == ""


def test_anchors_are_left_out_for_text():
    assert CustomPatterns(["^phone$"]).without_anchors().found_in("my phone is")
