"""A command on a terminal of its own."""

from __future__ import annotations

import os
import pty
import subprocess
import sys


def on_a_terminal(*words, stdout=None):
    """Run the command with its standard error on a terminal; return the exit code and the text."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "modeltap", *map(str, words)],
        stdin=theirs,
        stderr=theirs,
        stdout=theirs if stdout is None else stdout,
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            data = os.read(ours, 1 << 16)
        except OSError:  # the last one on the terminal has left
            break
        text += data
    os.close(ours)
    return process.wait(60), text.decode()
