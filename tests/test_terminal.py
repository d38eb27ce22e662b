"""An output's width, colours and drawings, by its file, its environment and its encoding."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios

import pytest

from modeltap import terminal

VARIABLES = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM")


@pytest.fixture
def screen():
    """A terminal of 132 columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 132, 0, 0))
    with open(theirs, "w") as stream:  # noqa: PTH123
        yield stream
    os.close(ours)


@pytest.fixture
def pipe():
    """A pipe."""
    read, write = os.pipe()
    with os.fdopen(write, "w") as stream:
        yield stream
    os.close(read)


@pytest.fixture(autouse=True)
def without_variables(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("stated", "width"),
    [
        *((stated, 132) for stated in ("", "0", "abc", "-5", "80.5", " ", "٠")),
        ("20", 20),
        ("5", terminal.NARROWEST),
        ("100", 100),
        ("9" * 30, int("9" * 30)),
    ],
)
def test_the_width_is_the_stated_one_or_the_terminals_own(screen, monkeypatch, stated, width):
    monkeypatch.setenv("COLUMNS", stated)
    assert terminal.columns(screen) == width


def test_without_a_terminal_the_width_is_the_usual_one(pipe):
    assert terminal.columns(pipe) == terminal.columns(io.StringIO()) == 80


def test_a_terminal_that_reports_no_width_has_the_usual_one(screen):
    fcntl.ioctl(screen.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 0, 0, 0, 0))
    assert terminal.columns(screen) == 80


@pytest.mark.parametrize(
    ("variables", "on_screen", "in_pipe"),
    [
        ({}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "false", "TERM": "dumb"}, False, False),
        ({"NO_COLOR": "0", "FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours_are_for_terminals_unless_variables_say_otherwise(
    screen, pipe, monkeypatch, variables, on_screen, in_pipe
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert terminal.shows_colours(screen) == on_screen
    assert terminal.shows_colours(pipe) == in_pipe


def test_a_closed_output_is_no_terminal():
    stream = io.StringIO()
    stream.close()
    assert not terminal.is_terminal(stream) and not terminal.can_redraw(stream)
    assert terminal.columns(stream) == 80


@pytest.mark.parametrize(
    ("encoding", "drawn"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False)]
)
def test_drawings_need_an_encoding_that_has_them(encoding, drawn):
    assert terminal.shows_drawings(io.TextIOWrapper(io.BytesIO(), encoding=encoding)) == drawn
