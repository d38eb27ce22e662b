"""Texts of bodies that fit into a page."""

from __future__ import annotations

from html import escape

import pytest

from modeltap.dashboard.pages.body_texts import cut_to, fitting, shown_body


def test_bodies_are_laid_out():
    assert shown_body('{"a":[1]}').text.count("\n") == 4
    assert shown_body("{broken").text == "{broken"
    assert shown_body("12").text == "12"
    assert shown_body(None) is None and shown_body("").text == ""
    assert shown_body(b"\x00\xff").text == "<2 bytes>\n00ff"
    assert shown_body("[" * 5000).text == "[" * 5000
    assert shown_body('"\x1b"').text == '"\\x1b"'


@pytest.mark.parametrize("text", ["a", "<", "é", "🛫", "&<é🛫x"])
@pytest.mark.parametrize("most", [0, 1, 7, 1000])
def test_a_cut_text_fits(text, most):
    shown = cut_to(text * 500, most)
    assert len(escape(shown.text).encode()) <= most
    assert len(shown.text) + shown.hidden == 500 * len(text)


def test_a_list_fits_and_its_last_row_is_shown_first():
    rows = [{"text": "<" * 100_000, "n": n} for n in range(300)]
    shown = fitting(rows, "text")
    assert sum(len(escape(row["text"])) for row in shown) < 100_000
    assert [row["n"] for row in shown] == list(range(300))
    assert shown[-1]["text"] and shown[-1]["hidden"]
    assert fitting([], "text") == []
