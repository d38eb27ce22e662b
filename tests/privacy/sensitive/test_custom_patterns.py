"""Custom regular expressions of an operator."""

from __future__ import annotations

from modeltap.privacy.sensitive.custom_patterns import CustomPatterns


def test_patterns_ignore_case_and_keep_their_character_classes():
    r"""In lower case `\S` would become `\s`."""
    patterns = CustomPatterns([r"^\S+_nr$"])
    assert patterns.found_in("KUNDEN_NR") and not patterns.found_in("kunden nr")
    assert not CustomPatterns([]) and not CustomPatterns([]).found_in("x")


def test_the_current_pattern_is_known():
    patterns = CustomPatterns(["a", "b"])
    assert patterns.found_in("b") and patterns.current == "b"
    assert not patterns.found_in("c") and patterns.current == ""


def test_anchors_are_removed_for_text():
    assert CustomPatterns(["^phone$"]).without_anchors().found_in("my phone is")
