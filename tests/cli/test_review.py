"""`modeltap review`: questions on a real terminal, answers, and a list for programs."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys

import pyte
import pytest

from command import lines, modeltap
from stores import analyze, every, put, read


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, *words):
        self._ours, theirs = pty.openpty()
        command = [sys.executable, "-m", "modeltap", "review", *map(str, words)]
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            # A run of the tests in the background ignores Ctrl-C, and its children would, too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(theirs)
        self._screen = pyte.Screen(120, 200)
        self._stream = pyte.ByteStream(self._screen)

    def text(self):
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def read_until(self, *parts):
        """Read until the screen has all of `parts`, or the command has ended; return its text."""
        while not all(part in self.text() for part in parts):
            assert select.select([self._ours], [], [], 120)[0], self.text()
            try:
                self._stream.feed(os.read(self._ours, 1 << 16))
            except OSError:  # the command has ended
                break
        return self.text()

    def type(self, keys):
        os.write(self._ours, keys.encode())

    def end(self):
        text = self.read_until("never")
        os.close(self._ours)
        return self.process.wait(60), text


@pytest.fixture
def loans(store):
    rows = [{"amount": number % 17, "note": "x\x1b[2J" * 3} for number in range(120)]
    responses = [json.dumps({"prediction": "yes" if number % 4 else "no"}) for number in range(120)]
    put(store, every(1, 120), rows, model="loans", responses=responses)
    analyze(store, {})
    return store


def test_answers_at_the_keyboard_become_labels(loans):
    """An answer of the wrong type is asked again with the reason; Ctrl-C keeps the others."""
    terminal = Terminal("--model", "loans", "--limit", 5, "--store", loans)
    first = terminal.read_until("1 of 5 (random)", "label:")
    assert "answer with no / yes; Enter skips a row, Ctrl-C ends" in first
    assert "amount" in first and "prediction" not in first
    terminal.type("yse\n")
    terminal.read_until("'yse' is none of the classes; did you mean 'yes'?")
    terminal.type("yes\n")
    terminal.read_until("2 of 5")
    terminal.type("\n")
    terminal.read_until("3 of 5")
    terminal.type("no\n")
    terminal.read_until("4 of 5")
    terminal.process.send_signal(signal.SIGINT)  # as Ctrl-C on the terminal of a shell
    code, text = terminal.end()
    assert code == 0 and "2 labels stored: 2 of rows drawn at random" in text
    assert "\x1b[2J" not in text
    labels = read(loans, "select value, source from labels order by seq")
    assert [(row["value"], row["source"]) for row in labels] == [
        ("yes", "review"),
        ("no", "review"),
    ]


def test_the_questions_are_listed_for_programs(loans):
    """Listing asks nobody: the same rows come again."""
    words = ("review", "--model", "loans", "--limit", 3, "--json", "--store", loans)
    questions = lines(modeltap(*words))
    assert [question["reason"] for question in questions] == ["random"] * 3
    assert questions[0]["features"]["amount"] >= 0 and questions[0]["probability"] == 3 / 120
    assert lines(modeltap(*words)) == questions


def test_answers_in_a_pipe(loans):
    words = ("review", "--model", "loans", "--limit", 2, "--show-prediction", "--store", loans)
    text = modeltap(*words, typed="yes\n")
    assert "1 label stored" in text and "prediction" in text


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--model", "laons"], 1, "did you mean 'loans'"),
        (["--model", "loans", "--limit", "0"], 2, "at least 1 row"),
        (["--model", "loans", "--random", "2"], 2, "not a fraction"),
        (["--model", "loans", "--since", "soon"], 2, "not a valid time"),
        (["--model", "loans", "--since", "2030-01-01"], 1, "no analysed rows"),
    ],
)
def test_mistakes_are_one_line(loans, words, code, message):
    error = modeltap("review", *words, "--store", loans, code=code)
    assert message in error and error.count("\n") == 1
