r"""Escaping of control characters, bidirectional controls and lone surrogates for terminals.

Models, features, paths and messages come from clients. Unescaped, an escape sequence could move
the cursor or set the window's title, a line end could forge a line of a table or a log, and a
bidirectional control could reverse the surrounding text.
"""

from __future__ import annotations

import re

_CONTROLS = (
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: line ends, tabs, escape sequences
    "\u00ad\u200b\u2060-\u2064\ufeff\ufff9-\ufffb"  # invisible; would make two names look alike
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidi marks, embeddings, overrides, isolates
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff"  # lone surrogates, which no encoding can write
    "\U000e0000-\U000e007f"  # tags, which are hidden text
    "]"
)
"""Joiners (U+200C, U+200D) and special spaces are kept, because languages need them."""


def escaped(text: str) -> str:
    r"""Return `text` on one line, with control characters as Python escapes.

    >>> print(escaped("a\x1b[31m\tb\nc\u202e"))
    a\x1b[31m\tb\nc\u202e
    """
    # No control is printable. A page has thousands of texts, and a search takes ten times as long.
    return text if text.isprintable() else re.sub(_CONTROLS, _python_escape, text)


def _python_escape(match: re.Match[str]) -> str:
    return ascii(match[0])[1:-1]


def escaped_lines(text: str) -> str:
    r"""Return a text with line ends kept and other control characters escaped.

    >>> escaped_lines("first\nsecond\x1b[2J")
    'first\nsecond\\x1b[2J'
    """
    return "\n".join(map(escaped, text.split("\n")))


def escaped_json(text: str) -> str:
    r"""Return one line of JSON with control characters as JSON escapes.

    >>> escaped_json('{"a": "\x9b2J\u202e"}')
    '{"a": "\\u009b2J\\u202e"}'
    """
    return re.sub(_CONTROLS, _json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
