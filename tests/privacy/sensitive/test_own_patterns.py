"""An operator's own regular expressions."""

from __future__ import annotations

from modeltap.privacy.sensitive.own_patterns import OwnPatterns


def test_patterns_are_searched_without_regard_to_case_and_keep_their_classes():
    """In lower case `\\S` would become `\\s`."""
    patterns = OwnPatterns([r"^\S+_nr$"])
    assert patterns.found_in("KUNDEN_NR") and not patterns.found_in("kunden nr")
    assert not OwnPatterns([]) and not OwnPatterns([]).found_in("x")


def test_the_pattern_that_is_searched_is_known():
    patterns = OwnPatterns(["a", "b"])
    assert patterns.found_in("b") and patterns.current == "b"
    assert not patterns.found_in("c") and patterns.current == ""


def test_anchors_are_left_out_for_text():
    assert OwnPatterns(["^phone$"]).without_anchors().found_in("my phone is")
