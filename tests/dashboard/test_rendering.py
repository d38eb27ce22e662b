"""How values look on a page."""

from __future__ import annotations

import re

import pytest

from modeltap.dashboard.rendering import environment


def shown(template, **values):
    return environment().from_string(template).render(**values)


@pytest.mark.parametrize("text", ["<b>", '"><script>', "\x1b[2J", "\u202e", "a\x00b"])
def test_a_text_is_only_text(text):
    for name in ("clean", "lines", "cell", "value_of"):
        out = shown("{{ value | " + name + " }}", value=text)
        assert "<" not in out and not set(out) & set("\x00\x1b\u202e")


def test_times_are_utc_and_machine_readable():
    out = shown("{{ value | when }}", value="2024-05-01T10:00:00.000Z")
    assert out == '<time datetime="2024-05-01T10:00:00.000Z">2024-05-01 10:00 UTC</time>'
    assert shown("{{ value | when }}", value=None) == "–"


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        ("2024-05-01T10:00:00.000Z", "window_start", "2024-05-01 10:00 UTC"),
        ("2024-05-01T10:00:00.000X", "window_start", "2024-05-01T10:00:00.000X"),
        (1, "request_truncated", "yes"),
        (0, "aborted", "no"),
        (1, "prediction", "1"),
        (None, "aborted", ""),
        ("x" * 2000, "note", "x" * 999 + "…"),
        (b"\x00", "request_body", "&lt;1 bytes&gt;"),
    ],
)
def test_values_look_as_their_column_means_them(value, column, text):
    out = shown("{{ value | value_of(column) }}", value=value, column=column)
    assert re.sub("<[^>]+>", "", out) == text
    assert ("<time" in out) == text.endswith("UTC")
