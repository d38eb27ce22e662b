"""The demo's API in its own process: start uvicorn, wait until it is up, stop it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType

from modeltap.errors import InputError, ModeltapError

_START_SECONDS = 60.0

_IDLE_SECONDS = "3600"
"""At a low speed, a day without requests takes longer than uvicorn's default of 5 seconds."""


class Server:
    """`uvicorn modeltap.demo.app:app`, started in `folder`."""

    def __init__(self, folder: Path, port: int, environ: dict[str, str]) -> None:
        self.port = port or free_port()
        self._folder = folder
        self._environ = environ

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Server:
        command = [
            sys.executable,
            "-P",
            "-m",
            "uvicorn",
            "modeltap.demo.app:app",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--log-level",
            "warning",
            "--no-access-log",
            "--timeout-keep-alive",
            _IDLE_SECONDS,
        ]
        self._log = (self._folder / "server.log").open("w+")
        environ = {k: v for k, v in os.environ.items() if not k.startswith("MODELTAP_")}
        # Predicting one row at a time needs one thread; more OpenMP threads would only wait.
        environ.update(self._environ, OMP_NUM_THREADS="1")
        self._process = subprocess.Popen(
            command, cwd=self._folder, env=environ, stdout=self._log, stderr=self._log
        )
        try:
            self._wait_until_up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                # After the time limit, or on a second Ctrl-C.
                self._process.kill()
                self._process.wait()
        self._log.close()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                self._log.seek(0)
                lines = self._log.read().strip().splitlines() or ["no message"]
                raise ModeltapError(f"the demo's API failed to start: {lines[-1]}")
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=1)) as connection:
                try:
                    connection.request("GET", "/openapi.json")
                    connection.getresponse().read()
                    return
                except (OSError, HTTPException):
                    time.sleep(0.1)
        raise ModeltapError(f"the demo's API did not start within {_START_SECONDS:.0f} s")


def check_free(port: int) -> None:
    """Raise `InputError` unless the API can listen on `port`.

    Another server on that port would be taken for the API and get its requests.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            reason = error.strerror or "in use"
            raise InputError(f"--port {port} is not available ({reason}); choose another") from None


def free_port() -> int:
    """Return an unused port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
