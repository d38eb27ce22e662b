"""The length of each process's queue, for the page that Prometheus reads.

Only the process itself knows it, and any of them may be asked for the page. So each process that
has recorded an exchange tells it on a socket, NAME.PID.queue, to the process that makes the pages.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from modeltap.logs import logger

_PATIENCE_SECONDS = 0.5
"""The longest wait for one process; a stopped one is left out."""

_DIGITS = 20


def start_report(folder: Path, name: str, stats: Callable[[], Mapping[str, Any]]) -> bool:
    """Report the queue of this process from a thread, until the process ends.

    Returns False if another report of this process already does.

    Args:
        stats: returns the counters of the recorder.
    """
    path = folder / f"{name}.{os.getpid()}.queue"
    listening = socket.socket(socket.AF_UNIX)
    try:
        if not _bound(listening, path):
            listening.close()
            return False
        listening.listen()
    except OSError:
        listening.close()
        raise
    threading.Thread(
        target=_report, args=(listening, stats), name="modeltap-queue", daemon=True
    ).start()
    return True


def queue_lengths(folder: Path, name: str) -> list[int]:
    """Return the number of waiting exchanges of each process that answers."""
    lengths = []
    for path in folder.glob(f"{name}.*.queue"):
        try:
            lengths.append(_asked(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)  # the process has ended
        except (OSError, ValueError):
            continue
    return lengths


def _bound(listening: socket.socket, path: Path) -> bool:
    try:
        listening.bind(str(path))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        try:
            _asked(path)
        except ConnectionRefusedError:  # of a killed process with the same id
            path.unlink(missing_ok=True)
            listening.bind(str(path))
            return True
        except (OSError, ValueError):
            return False
        return False
    return True


def _report(listening: socket.socket, stats: Callable[[], Mapping[str, Any]]) -> None:
    try:
        while True:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.settimeout(_PATIENCE_SECONDS)
                connection.sendall(str(stats()["queued"]).encode())
    except Exception as error:
        logger.debug("modeltap: the queue is no longer reported: %r", error)
    finally:
        listening.close()


def _asked(path: Path) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PATIENCE_SECONDS)
        connection.connect(str(path))
        return int(connection.recv(_DIGITS))
