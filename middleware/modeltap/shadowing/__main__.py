"""``python -m modeltap.shadowing STORE DESCRIPTOR``: the process that sends shadow traffic.

It reads frames from standard input, writes messages for the app's log to standard output, and
counts in shared memory. It has a low priority, and ends by itself a few seconds after its input.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from modeltap.shadowing.sending_loop import SendingLoop
from modeltap.writer.process import TERMINATION_SIGNALS
from modeltap.writer.protocol import Counters

_NICENESS = 10
"""The app, and the process that writes its exchanges, come first."""


def _send(descriptor: int, message: str) -> None:
    with suppress(OSError):  # the writer process reads too slowly or has ended
        os.write(descriptor, message.replace("\n", " ").encode() + b"\n")


def main(store: str, memory: int) -> None:
    """Send the requests from standard input; count in the memory of descriptor `memory`."""
    for number in TERMINATION_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TERMINATION_SIGNALS)
    os.nice(_NICENESS)
    messages = os.dup(1)
    os.set_blocking(messages, False)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    loop = SendingLoop(Path(store), Counters(memory), 0, lambda text: _send(messages, text))
    asyncio.run(loop.run())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
