"""Properties of an output: its width, and whether it shows colours and drawings."""

from __future__ import annotations

import os
from typing import TextIO

NARROWEST = 20
"""A narrower terminal gets lines of this width, which it wraps itself."""

_USUAL_COLUMNS = 80
"""The width of a terminal that does not report one."""

_DRAWN = "▁▂▃▄▅▆▇█│…"
"""The characters of bars, sparklines and cut texts."""


def is_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal; a closed one is not."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def can_redraw(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that can erase its last line."""
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def shows_colours(stream: TextIO) -> bool:
    """Return whether to colour a stream.

    ``NO_COLOR`` says no, then ``FORCE_COLOR`` says yes; otherwise terminals have colours, except
    dumb ones. This is the order of Python's own tracebacks.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "").lower() not in ("", "0", "false"):
        return True
    return can_redraw(stream)


def columns(stream: TextIO) -> int:
    """Return the width of a terminal: ``COLUMNS``, if it is a positive number, or its own."""
    stated = os.environ.get("COLUMNS", "")
    width = int(stated) if stated.isdecimal() else 0
    if width == 0:
        try:
            width = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError):  # not a terminal, or closed
            width = 0
    return max(NARROWEST, width or _USUAL_COLUMNS)


def shows_drawings(stream: TextIO) -> bool:
    """Return whether a stream's encoding has the characters of bars and sparklines."""
    try:
        _DRAWN.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
