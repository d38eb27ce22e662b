"""Printed rows: short in tables, complete in JSON."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import termios

import pytest

from modeltap import output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (12346.4, "12346"),
        (0.000123456, "0.0001235"),
        (7, "7"),
        (b"abc", "<3 bytes>"),
        ("2024-01-01T00:00:00.000Z", "2024-01-01"),
        ("24 letters that end in Z", "24 letters that end in Z"),
    ],
)
def test_cells_are_short(value, text):
    """Large numbers keep their digits; times lose zero parts."""
    assert output.cell(value) == text


def test_a_table_has_a_header_or_is_one_line(capsys):
    """Underscores in names become spaces; text that looks like a number is unchanged."""
    output.emit_table([{"row_id": "007", "x": 1.0}], ["row_id", "x"], "nothing yet")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["row", "id", "x"] and lines[1].split() == ["007", "1"]
    output.emit_table([], ["x"], "nothing yet")
    assert capsys.readouterr().out == "nothing yet\n"


def test_columns_are_as_wide_as_the_escaped_text(capsys):
    """Control characters and line ends in names do not break the layout."""
    rows = [{"name": name, "x": "end"} for name in ("a\x1b[2J\nb", "\u202e", "plain", "\t")]
    output.emit_table(rows, ["name", "x"], "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and {line.rindex("end") for line in lines[1:]} == {lines[0].index("x")}


def test_a_line_is_escaped_to_one_line(capsys):
    output.echo("a\nb", "c\td", err=True)
    assert capsys.readouterr().err == "a\\nb\nc\\td\n"


def test_json_lines_are_complete(capsys):
    """Bytes as base64, letters unchanged."""
    output.emit([{"body": b"\xff\x00", "name": "grün"}, {"n": None}], [], as_json=True, empty="-")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert base64.b64decode(first["body"]) == b"\xff\x00" and first["name"] == "grün"
    assert second == {"n": None}


def on_screen(columns, encoding="utf-8"):
    """Return a standard output on a terminal of this width, and a function for what it got."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST  # line ends as they are written
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    return ours, io.TextIOWrapper(io.FileIO(theirs, "w"), encoding=encoding, write_through=True)


@pytest.fixture
def screen(monkeypatch):
    """Print on a terminal with a function, and return the text that it shows."""
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)

    def shown(function, columns=60, encoding="utf-8"):
        ours, stream = on_screen(columns, encoding)
        monkeypatch.setattr("sys.stdout", stream)
        function()
        stream.close()
        text = b""
        with contextlib.suppress(OSError):  # the terminal has left
            while data := os.read(ours, 1 << 16):
                text += data
        os.close(ours)
        return text.decode(encoding)

    return shown


ROW = {"id": "alert_1", "verdict": "alert", "explanation": "temp: median went from 37 to 71"}


def test_a_terminal_gets_colours_and_sentences_below_rows(screen):
    text = screen(lambda: output.emit_table([ROW], list(ROW), "-"), 40)
    assert "\x1b[31malert\x1b[0m" in text
    assert "\n    temp: median went from 37 to 71\n" in text


def test_a_cut_name_is_reported(screen):
    row = {"feature": "x" * 300, "value": 1.0}
    text = screen(lambda: output.emit_table([row], list(row), "-"), 40)
    assert "x…" in text and "cut in 40 columns; a pipe or --json has" in text


def test_colours_of_a_pipe_are_those_it_asks_for(capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    output.emit_table([ROW], list(ROW), "-")
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    output.emit_table([ROW], list(ROW), "-")
    assert "\x1b[31malert\x1b[0m    temp: median" in capsys.readouterr().out


def test_an_encoding_without_drawings_has_dots(screen):
    row = {"feature": "x" * 300}
    text = screen(lambda: output.emit_table([row], list(row), "-"), 40, "ascii")
    assert "x...\n" in text


def test_paragraphs_wrap_on_a_terminal_only(screen, capsys):
    words = "one two three four five six seven"

    def paragraph():
        output.echo_paragraph(words, first="* ", later="  ")

    assert screen(paragraph, 20) == "* one two three four\n  five six seven\n"


def test_paragraphs_in_a_pipe_are_one_line(capsys):
    output.echo_paragraph("one two " * 60 + "a\nb", first="* ", later="  ")
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.startswith("* one two ") and out.endswith("a\\nb\n")
