"""Escaping: control characters become visible, JSON stays valid, letters are unchanged."""

from __future__ import annotations

import json
import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.printable import escaped, escaped_json, escaped_lines


def every():
    return map(chr, range(0x110000))


@cache
def obeyed():
    """Return all characters that a terminal obeys; it takes a second, so only if it is needed."""
    return [
        character
        for character in every()
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character)
        in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or character in "\u200e\u200f\u061c"
    ]


def test_every_control_bidi_separator_and_surrogate_is_escaped():
    assert len(obeyed()) > 2048 + 65
    for one in obeyed():
        assert escaped(f"a{one}b") == f"a{ascii(one)[1:-1]}b"
        assert json.loads(escaped_json(f'"{one}"'), strict=False) == one


@pytest.mark.parametrize(
    "name",
    [
        "grün",
        "温度",
        "درجه\u200cحرارت",
        "👩\u200d🔬",
        "a\u00a0b",
        "全\u3000角",
        "e\u0301",
        "\\x1b",
        "a b",
    ],
)
def test_letters_of_any_language_are_unchanged(name):
    assert escaped(name) == escaped_json(name) == name


@given(
    st.text(st.characters(exclude_categories=[]) | st.deferred(lambda: st.sampled_from(obeyed())))
)
def test_json_is_the_same_value_before_and_after(text):
    line = escaped_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(line) == {text: [text]}
    assert escaped(line) == line


def test_line_ends_are_kept():
    assert escaped_lines("a\n b\r\n\x1b") == "a\n b\\r\n\\x1b"


def test_no_control_is_printable():
    """`escaped` does not search a printable text."""
    controls = [character for character in every() if escaped(character) != character]
    assert len(controls) > 2000 and not any(map(str.isprintable, controls))
    assert all(escaped(f"a{character}") != f"a{character}" for character in controls)
