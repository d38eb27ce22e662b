"""Custom regular expressions of an operator."""

from __future__ import annotations

from modeltap.privacy.sensitive.custom_patterns import CustomPatterns


def test_patterns_ignore_case_and_keep_their_character_classes():
    r"""In lower case `\S` would become `\s`."""
    patterns = CustomPatterns([r"^\S+_nr$"])
    assert patterns.match_any("KUNDEN_NR") and not patterns.match_any("kunden nr")
    assert not CustomPatterns([]) and not CustomPatterns([]).match_any("x")


def test_the_current_pattern_is_known():
    patterns = CustomPatterns(["a", "b"])
    assert patterns.match_any("b") and patterns.current == "b"
    assert not patterns.match_any("c") and patterns.current == ""


def test_anchors_are_removed_for_text():
    assert CustomPatterns(["^phone$"]).without_anchors().match_any("my phone is")
