"""A page of the documentation, followed as a reader does: files, commands and servers."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ports import free_port

PATIENCE = 240.0
"""Seconds that a server may take to answer, and a command to end."""

_BLOCK = re.compile(r"^([^\n]+)\n\n```(\w+)\n(.*?)^```$", re.M | re.S)
_FILE = re.compile(r"(Save|Add) this (?:as|to) `([\w./-]+)`")


class Block(NamedTuple):
    """A code block of a page, and the line of text before it."""

    intro: str
    language: str
    code: str

    @property
    def file(self) -> tuple[str, bool] | None:
        """The file that the reader saves, and whether the block is added to it."""
        match = _FILE.search(self.intro)
        return (match[2], match[1] == "Add") if match else None


def blocks_of(text: str) -> list[Block]:
    """Return a page's code blocks in order."""
    # Two blocks in succession have no text between them.
    return [
        Block(*match.groups())
        for match in _BLOCK.finditer(text.replace("```\n\n```", "```\n\nand\n\n```"))
    ]


class Reader:
    """Follows a page in a folder; the page's ports are replaced by free ones."""

    def __init__(self, folder: Path, *ports: str, python: Path = Path(sys.executable)) -> None:
        self.folder = folder
        self.ports = {port: str(free_port()) for port in ports}
        path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
        self._environ = {**os.environ, "PATH": path, "COLUMNS": "300", "NO_PROXY": "127.0.0.1"}
        self._running: list[subprocess.Popen[bytes]] = []

    def save(self, name: str, text: str, *, add: bool = False) -> None:
        """Write a file, or add to it."""
        with (self.folder / name).open("a" if add else "w") as file:
            file.write(self._own_ports(text))

    def run(self, script: str) -> str:
        """Run commands as a shell does; return what they print. They have to succeed."""
        done = subprocess.run(
            ["sh", "-euc", self._own_ports(script)],
            cwd=self.folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, (script, done.stdout, done.stderr)
        return done.stdout

    def start(self, command: str, port: str, output: str | None = None) -> subprocess.Popen[bytes]:
        """Start a server and wait until its port is open; `output` is a file for what it prints."""
        with (self.folder / output if output else Path(os.devnull)).open("wb") as file:
            process = subprocess.Popen(
                shlex.split(self._own_ports(command)),
                cwd=self.folder,
                env=self._environ,
                stdout=file,
                start_new_session=True,
            )
        self._running.append(process)
        self._wait(process, int(self.ports[port]))
        return process

    def stop(self, process: subprocess.Popen[bytes], how: int = signal.SIGINT) -> None:
        """Stop a server as Ctrl-C does."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.wait(PATIENCE)

    def close(self) -> None:
        """End all servers that are still running."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)

    def _own_ports(self, text: str) -> str:
        for port, free in self.ports.items():
            text = re.sub(rf"\b{port}\b", free, text)
        return text

    def _wait(self, process: subprocess.Popen[bytes], port: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert process.poll() is None, "the server ended"
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.1)
        raise AssertionError("the server did not start")
