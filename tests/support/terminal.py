"""A command on a terminal of its own."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import termios

from command import started

_VARIABLES = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TERM")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def on_a_terminal(*words, stdout=None, columns=0, **variables):
    """Run the command with its standard error on a terminal; return the exit code and the text.

    Args:
        columns: the terminal's width; 0 if it does not report one.
        variables: of the environment, which otherwise has none that changes the layout.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
    process = started(
        *words,
        streams=(theirs, theirs if stdout is None else stdout, theirs),
        env={**environment, "TERM": "xterm", **variables},
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


def shown_on_a_terminal(*words, columns=80, **variables):
    """Return the lines that a command shows on a terminal, without colours; it must succeed."""
    code, text = on_a_terminal(*words, columns=columns, **variables)
    assert code == 0 and "Traceback" not in text, text
    return _COLOUR.sub("", text).replace("\r\n", "\n").splitlines()
