"""Count the modules of modeltap that one request passes on its way to a drift alert.

A FastAPI app, served by uvicorn and tapped by one line, gets a request that completes a second
window of drifted rows. From that request until its webhook arrives every function call is watched,
in the app, its writer process, the scheduler and its children, and the modules called are printed
in the order in which they are met: those that handle the request, its window and its alert, and
those of other duties that the same processes see to meanwhile (settings, other detectors,
retention).
Imports do not count, nor do the app's start and its end.

    python scripts/request_path.py [--limit N]

exits with 1 if there are more than N modules.
"""

from __future__ import annotations

import argparse
import mmap
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

MODEL = "flights"
REFERENCE_ROWS = 300
WINDOW_ROWS = 200
PATIENCE_SECONDS = 120.0

_FUNCTION = 0x2  # CO_NEWLOCALS: a function's code has it, a module's or a class body's has not


class Tracer:
    """Notes each module of the package whose functions are called while the flag is up.

    All processes share the flag, one byte of a file. Each writes the modules that it calls to a
    file of its own, in the order of their first call, with the time.
    """

    def __init__(self, folder: Path, package: Path) -> None:
        self._package = f"{package}{os.sep}"
        self._output = folder / f"calls-{os.getpid()}"
        with (folder / "flag").open("r+b") as file:
            self._flag = mmap.mmap(file.fileno(), 1)
        self._known: dict[CodeType, str | None] = {}
        self._seen: set[str] = set()

    def install(self) -> None:
        """Watch this thread, and those that start later."""
        threading.setprofile(self._called)
        sys.setprofile(self._called)

    def take_notes(self, on: bool) -> None:
        """Begin to take notes in all processes, or end it."""
        self._flag[0] = on

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not self._flag[0]:
            return
        code = frame.f_code
        if code not in self._known:
            self._known[code] = self._module_of(code)
        module = self._known[code]
        if module is None or module in self._seen or _is_importing(frame):
            return
        self._seen.add(module)
        with self._output.open("a") as output:
            output.write(f"{time.time()} {module}\n")

    def _module_of(self, code: CodeType) -> str | None:
        name = code.co_filename
        if not (code.co_flags & _FUNCTION and name.startswith(self._package)):
            return None
        return name.removeprefix(self._package).removesuffix(".py").replace(os.sep, ".")


def _is_importing(frame: FrameType | None) -> bool:
    """Say whether a frame belongs to a module's own body, which an import runs."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def serve(folder: Path) -> None:
    """Run the app, send it the last requests of a window, and wait for the webhook."""
    import httpx
    import uvicorn
    from fastapi import FastAPI

    import modeltap
    from modeltap.testing import WebhookReceiver

    tracer = Tracer(folder, Path(modeltap.__file__).parent)
    tracer.install()
    app = FastAPI()

    @app.post("/predict")
    async def predict(body: dict[str, float]) -> dict[str, float]:
        return {"prediction": 20 + body["distance"] / 8}

    with WebhookReceiver() as receiver:
        webhook = modeltap.WebhookSettings(url=receiver.url, allow_private=True)
        modeltap.watch(
            app,
            model=MODEL,
            webhooks=(webhook,),
            reference=f"first {REFERENCE_ROWS} rows",
            window=f"{WINDOW_ROWS} rows",
            analyze_interval_seconds=1,
        )
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
        threading.Thread(target=server.run, daemon=True).start()
        _wait(lambda: server.started, "the server did not start")
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            # A reference of one block has a second window confirm what the first one shows.
            drifted = range(10_000, 10_000 + 2 * WINDOW_ROWS)
            rows = [*range(REFERENCE_ROWS), *drifted]
            for distance in rows[:-1]:
                client.post("/predict", json={"distance": distance}).raise_for_status()
            _wait(lambda: _analyzed() == len(rows) - 1, "the first requests were not analyzed")
            tracer.take_notes(True)
            client.post("/predict", json={"distance": rows[-1]}).raise_for_status()
            _wait(lambda: receiver.received, "no webhook came")
            tracer.take_notes(False)
        rules = [received.event["data"].get("rule") for received in receiver.received]
        if rules[0] not in ("data_drift", "prediction_drift"):
            raise SystemExit(f"the first message is about {rules[0]}, not about drift")
        sys.setprofile(None)
        server.should_exit = True


def _analyzed() -> int:
    """Return how many rows were analyzed by children that have ended."""
    import sqlite3

    with sqlite3.connect("modeltap.db") as store:
        references, predictions, ended = store.execute(
            'select (select count(*) from "references"), (select count(*) from predictions), '
            "(select max(finished_at) from child_runs) >= "
            "(select finished_at from job_times where job = 'analyze')"
        ).fetchone()
    return int(predictions) if references and ended else 0


def _wait(condition: Callable[[], object], message: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit(message)


def modules() -> list[str]:
    """Return the modules on the way, in the order in which the request meets them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "flag").write_bytes(b"\0")
        (folder / "sitecustomize.py").write_text(
            "import os, sys\n"
            f"sys.path.append({str(Path(__file__).parent)!r})\n"
            "from pathlib import Path\n"
            "from request_path import Tracer, package\n"
            "if 'REQUEST_PATH_TRACE' in os.environ:\n"
            "    Tracer(Path(os.environ['REQUEST_PATH_TRACE']), package()).install()\n"
        )
        subprocess.run(
            [sys.executable, __file__, "--serve", name],
            cwd=name,
            env={**os.environ, "PYTHONPATH": name, "REQUEST_PATH_TRACE": name},
            check=True,
        )
        calls = [line.split() for file in folder.glob("calls-*") for line in file.open()]
    calls.sort(key=lambda call: float(call[0]))
    return list(dict.fromkeys(module for _, module in calls if module != "testing"))


def package() -> Path:
    """Return the folder of the installed package, without importing it."""
    from importlib.util import find_spec

    spec = find_spec("modeltap")
    assert spec is not None and spec.origin is not None, "pip install modeltap[demo]"
    return Path(spec.origin).parent


def main() -> None:
    """Print the modules, by package, and their number."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--limit", type=int)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve)
        return
    found = modules()
    for number, module in enumerate(found, 1):
        print(f"{number:3} {module}")
    print(f"{len(found)} modules from the request to the webhook")
    if arguments.limit is not None and len(found) > arguments.limit:
        raise SystemExit(f"more than {arguments.limit}")


if __name__ == "__main__":
    main()
