"""Standard output of the demo: lines and, on a terminal, a status line drawn in place."""

from __future__ import annotations

import shutil
import textwrap
import time

from modeltap.output import can_redraw, draw, echo

_WIDEST = 96
"""Longer lines are hard to read, even in a wider terminal."""

_BAR = 40
_BAR_TEXT = 40
"""Columns next to the bar: a label, percent, seconds left, a date."""


class Screen:
    """Prints lines above a status line, the foot; a pipe gets plain lines only."""

    def __init__(self) -> None:
        self.terminal = can_redraw()
        self._foot = ""

    def line(self, text: str, color: str | None = None) -> None:
        """Print `text` in a single write, so that output of other threads cannot split it."""
        if self.terminal:
            draw(self._foot, *text.split("\n"), color=color)
        else:
            echo(*text.split("\n"), color=color)

    def foot(self, text: str) -> None:
        """Redraw the status line on a terminal; an empty `text` removes it."""
        if self.terminal:
            # One column short of the width: a full line would wrap and could not be redrawn.
            self._foot = text[: _columns() - 1]
            draw(self._foot)

    def keep_foot(self) -> None:
        """Keep the status line as it is, and continue below it."""
        if self._foot:
            echo("")
        self._foot = ""


class ProgressBar:
    """A progress bar on one line."""

    def __init__(self, label: str, steps: int) -> None:
        self._label = label
        self._steps = steps
        self._done = 0
        self._start = time.monotonic()

    def step(self, item: str) -> str:
        """Advance by one step, named `item`, and return the line."""
        self._done += 1
        wide = max(0, min(_BAR, _columns() - _BAR_TEXT))
        full = wide * self._done // self._steps
        elapsed = time.monotonic() - self._start
        left = elapsed / self._done * (self._steps - self._done)
        return (
            f"{self._label}  [{'#' * full}{'-' * (wide - full)}]  "
            f"{100 * self._done // self._steps:3d} %  {item}  {left:.0f} s left"
        )


def filled(text: str, indent: str = "", later: str | None = None) -> str:
    """Wrap `text` to the terminal; `indent` precedes the first line, `later` the others."""
    return textwrap.fill(
        text,
        min(_WIDEST, _columns()),
        initial_indent=indent,
        subsequent_indent=indent if later is None else later,
        # Addresses and names with hyphens stay intact, so that they can be copied.
        break_on_hyphens=False,
        break_long_words=False,
    )


def _columns() -> int:
    # Read on each call, because a window may be resized.
    return shutil.get_terminal_size().columns
