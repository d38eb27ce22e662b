"""How values look on a page."""

from __future__ import annotations

import pytest

from modeltap.dashboard.rendering import environment


def shown(template, **values):
    return environment().from_string(template).render(**values)


@pytest.mark.parametrize("text", ["<b>", '"><script>', "\x1b[2J", "\u202e", "a\x00b"])
def test_a_text_is_only_text(text):
    for name in ("clean", "lines", "cell"):
        out = shown("{{ value | " + name + " }}", value=text)
        assert "<" not in out and not set(out) & set("\x00\x1b\u202e")


def test_times_are_utc_and_machine_readable():
    out = shown("{{ value | when }}", value="2024-05-01T10:00:00.000Z")
    assert out == '<time datetime="2024-05-01T10:00:00.000Z">2024-05-01 10:00 UTC</time>'
    assert shown("{{ value | when }}", value=None) == "–"
