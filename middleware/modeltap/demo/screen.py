"""Standard output for the demo: lines, and on a terminal a last line that is drawn in place."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import time

from modeltap.output import draw, echo

_WIDEST = 96
"""Longer lines are hard to read, however wide the terminal is."""

_BAR = 40
_BESIDE_BAR = 40
"""Room beside the bar: a label, percent, seconds left, a date."""


class Screen:
    """Prints lines above the foot; in a pipe there is no foot, and nothing but plain lines."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._foot = ""

    def line(self, text: str, color: str | None = None) -> None:
        """Print `text`, whole, in one write: what else is on the terminal is not torn."""
        if self.terminal:
            draw(self._foot, *text.split("\n"), color=color)
        else:
            echo(*text.split("\n"), color=color)

    def foot(self, text: str) -> None:
        """Draw the last line anew, if there is a terminal; an empty one goes away."""
        if self.terminal:
            # One short of the width: a full line would wrap, and could not be drawn over.
            self._foot = text[: _columns() - 1]
            draw(self._foot)

    def keep_foot(self) -> None:
        """Let the last line stand as it is, and go on below it."""
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
        """Go one step, which is called `item`, and return the line."""
        self._done += 1
        wide = max(0, min(_BAR, _columns() - _BESIDE_BAR))
        full = wide * self._done // self._steps
        passed = time.monotonic() - self._start
        left = passed / self._done * (self._steps - self._done)
        return (
            f"{self._label}  [{'#' * full}{'-' * (wide - full)}]  "
            f"{100 * self._done // self._steps:3d} %  {item}  {left:.0f} s left"
        )


def filled(text: str, indent: str = "", later: str | None = None) -> str:
    """Break `text` into lines that fit: `indent` begins the first one, `later` the others."""
    return textwrap.fill(
        text,
        min(_WIDEST, _columns()),
        initial_indent=indent,
        subsequent_indent=indent if later is None else later,
        # Addresses and names with hyphens are copied as they are.
        break_on_hyphens=False,
        break_long_words=False,
    )


def _columns() -> int:
    # Asked each time: a window may be resized.
    return shutil.get_terminal_size().columns
