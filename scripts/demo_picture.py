"""Draw the end of the demo's output as a terminal shows it.

python scripts/demo_picture.py docs/pictures/demo.svg

Needs modeltap[test]. The picture is SVG with text, so that it stays sharp, small and searchable.
"""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
from html import escape
from itertools import groupby
from pathlib import Path

import pyte

COLUMNS, LINES = 100, 200
CHARACTER, LINE = 7.8, 18
"""Pixels of a character of 13 px, and of a line."""

FIRST = "ALERT performance"
"""The picture begins with the alert about the performance, and ends with the output."""

COLOURS = {
    "default": "#d8dee9",
    "red": "#ff7b72",
    "green": "#7ee787",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
    "white": "#d8dee9",
    "black": "#8b949e",
}


def played(folder: str) -> pyte.Screen:
    """Run the demo in a terminal of its own; return the screen that it leaves."""
    screen = pyte.Screen(COLUMNS, LINES)
    stream = pyte.ByteStream(screen)
    terminal, child_end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    command = [sys.executable, "-m", "modeltap", "demo"]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=child_end, stderr=child_end):
        os.close(child_end)
        while text := _read(terminal):
            stream.feed(text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return screen


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other end is closed
        return b""


def drawn(screen: pyte.Screen) -> str:
    """Return the screen's last lines as SVG."""
    lines = [line.rstrip() for line in screen.display]
    first = next(number for number, line in enumerate(lines) if line.startswith(FIRST))
    last = max(number for number, line in enumerate(lines) if line)
    shown = range(first, last + 1)
    width, height = round(COLUMNS * CHARACTER + 32), (len(shown) + 1) * LINE + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The end of the output of modeltap demo</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#161b22"/>',
        *(
            f'<circle cx="{x}" cy="18" r="5" fill="{colour}"/>'
            for x, colour in ((18, "#ff5f57"), (36, "#febc2e"), (54, "#28c840"))
        ),
        '<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" '
        'font-size="13">',
        _text(0, [("$ modeltap demo", "default", True)]),
    ]
    for row, number in enumerate(shown, start=1):
        parts.append(_text(row, _runs(screen.buffer[number])))
    return "\n".join([*parts, "</g>", "</svg>\n"])


def _runs(line: dict[int, pyte.screens.Char]) -> list[tuple[str, str, bool]]:
    """Return a line as pieces of one colour: text, colour, and whether it is bold."""
    characters = [line[column] for column in range(COLUMNS)]
    return [
        ("".join(character.data for character in group), colour, bold)
        for (colour, bold), group in groupby(characters, lambda c: (c.fg, c.bold))
    ]


def _text(row: int, runs: list[tuple[str, str, bool]]) -> str:
    spans, column = [], 0
    for text, colour, bold in runs:
        shown = text.rstrip() if text.strip() else ""
        if shown:
            indent = len(shown) - len(shown.lstrip())
            weight = ' font-weight="bold"' if bold else ""
            fill = COLOURS.get(colour.removeprefix("bright"), COLOURS["default"])
            x = 16 + (column + indent) * CHARACTER
            length = round(len(shown.lstrip()) * CHARACTER, 1)
            spans.append(
                f'<tspan x="{x:.1f}" textLength="{length}" fill="{fill}"{weight}>'
                f"{_unbroken(shown.lstrip())}</tspan>"
            )
        column += len(text)
    return f'<text y="{44 + row * LINE}">{"".join(spans)}</text>'


def _unbroken(text: str) -> str:
    """Escape a text; browsers would collapse successive spaces."""
    return escape(text, quote=False).replace("  ", "\u00a0\u00a0")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        picture = drawn(played(folder))
    Path(sys.argv[1]).write_text(picture, encoding="utf-8")
