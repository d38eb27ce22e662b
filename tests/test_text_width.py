"""The width of texts, and texts cut and wrapped to it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import wcwidth
from hypothesis import given, settings
from hypothesis import strategies as st

from modeltap.printable import escaped
from modeltap.text_width import cut, padded, width, wrapped

WIDTHS = {
    "temp": 4,
    "naïve café": 10,
    "気温": 4,
    "e\u0301": 1,
    "שלום": 4,
    "مرحبا": 5,
    "🌡": 1,
    "😀": 2,
    "👩\u200d👩\u200d👧": 2,
    "▁▅█│…": 5,
    "“quoted” – ’": 12,
    "": 0,
}

texts = st.text(max_size=200).map(escaped)


@pytest.mark.parametrize("text", WIDTHS)
def test_letters_have_the_width_that_terminals_give_them(text):
    assert width(text) == WIDTHS[text]


def test_the_widths_that_need_no_library_are_the_librarys():
    """The characters of one column, which most names consist of."""
    simple = [chr(code) for code in range(0x20, 0x2600) if len(escaped(chr(code))) == 1]
    assert [c for c in simple if width(c) != wcwidth.width(c, control_codes="ignore")] == []


def test_names_in_latin_letters_do_not_import_the_library():
    code = (
        "import sys\nfrom modeltap.text_width import cut, width, wrapped\n"
        "width('départ…'), cut('departure' * 9, 20), wrapped('█ a b' * 20, 30)\n"
        "print('wcwidth' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@settings(max_examples=60)
@given(texts, st.integers(1, 60))
def test_a_cut_text_fits_and_begins_like_the_whole(text, columns):
    short = cut(text, columns)
    assert width(short) <= columns
    assert short == text or short.endswith("…")
    assert text.startswith(short.removesuffix("…").rstrip())


@settings(max_examples=60)
@given(texts, st.integers(1, 60))
def test_a_padded_text_is_as_wide_as_its_column(text, columns):
    assert width(padded(cut(text, columns), columns)) == columns


@settings(max_examples=60)
@given(texts, st.integers(10, 80))
def test_wrapped_lines_fit_and_keep_all_letters(text, columns):
    lines = wrapped(text, columns, "- ", "  ")
    assert all(width(line) <= columns for line in lines)
    kept = "".join(line[2:] for line in lines)
    assert "".join(kept.split()) == "".join(text.split())


def test_a_word_longer_than_a_line_is_broken():
    assert wrapped("x" * 25, 10, "", "  ") == ["x" * 10, "  " + "x" * 8, "  " + "x" * 7]
    assert wrapped("", 10, "    ") == [""]


@pytest.mark.parametrize("columns", range(20, 40))
def test_percentages_and_commands_are_not_broken(columns):
    text = "missing values went from 12 % to 30 %; see `modeltap doctor`, then `a b`."
    shown = "\n".join(wrapped(text, columns, "", "  "))
    assert " ".join(shown.split()) == text
    for whole in ("12 %", "30 %;", "`modeltap doctor`,", "`a b`."):
        assert whole in shown


def test_a_command_longer_than_a_line_is_broken():
    assert wrapped("`modeltap metrics --metric mae`", 20) == ["`modeltap metrics", "--metric mae`"]
