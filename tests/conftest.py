"""Shared fixtures: a store, apps in real servers, and a clean environment."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from modeltap.config.reading import settings_file
from modeltap.tap.recording.recorders import recorders
from ports import free_port

PATIENCE = 240.0
"""Seconds after which a test that waits for a condition fails. An analysis runs at low priority, so
next to other tests on two cores it may take a minute."""


_LONG = ("test_demo.py", "test_worker.py", "/servers/", "test_schedule.py", "test_leader.py")
"""Files with minutes of waiting: begun last, they would be waited for by all others."""

_WAITING = ("/system/", "/jobs/", "/mounted/", "/shadowing/", "/tap/", "/writer/")
"""Folders whose tests wait for other processes."""

_WAITING_PART = 0.85
"""The part of a run in which these begin; the short files that are left end at about one time."""


def pytest_configure() -> None:
    """Limit each process to one thread, because several would spin for the same CPUs."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow`: which of the tests marked slow run."""
    parser.addoption(
        "--slow",
        default="none",
        metavar="none|all|K/N",
        help="run no slow tests (the default), all of them, or the part K of N",
    )


def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes test at once: much of what they do is to wait for servers."""
    return max(3, os.cpu_count() or 1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection() -> None:
    """Do not search for garbage while nearly all that is made stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Search seldom: each full search reads all that was collected, nearly a million objects.

    `gc.freeze` would leave them out, but also hide them from `gc.get_referrers`, which Hypothesis
    asks when it is imported.
    """
    gc.enable()
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests that `--slow` does not ask for; order the files if several run."""
    left_out = _left_out(items, config.getoption("--slow"))
    # A test that is named by its id is meant, whether it is slow or not.
    if left_out and not any("::" in argument for argument in config.args):
        config.hook.pytest_deselected(items=[item for item in items if item in left_out])
        items[:] = [item for item in items if item not in left_out]
    if hasattr(config, "workerinput"):  # a process of several, which take the files in turn
        places = _places(list(dict.fromkeys(map(_file, items))))
        items.sort(key=lambda item: (places[_file(item)], _file(item)))


def _places(files: list[str]) -> dict[str, float]:
    """Return where in a run a file begins, from 0 to 1: those that wait spread among the others.

    While one process waits, another computes. The long files are the first of those that wait.
    """
    waiting = [file for file in files if any(folder in file for folder in _WAITING)]
    waiting.sort(key=lambda file: not any(name in file for name in _LONG))
    others = [file for file in files if file not in set(waiting)]
    return {
        **{file: _WAITING_PART * place / len(waiting) for place, file in enumerate(waiting)},
        **{file: place / len(others) for place, file in enumerate(others)},
    }


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _left_out(items: list[pytest.Item], option: str) -> set[pytest.Item]:
    """Return the slow tests that do not run, given the option `--slow`."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    if option == "all":
        return set()
    if option == "none":
        return set(slow)
    part, count = _part_of(option)
    chosen = sorted({_unit(item) for item in slow})[part - 1 :: count]
    return {item for item in slow if _unit(item) not in chosen}


def _unit(item: pytest.Item) -> str:
    """Return what a part holds as a whole: a test with all its parameters."""
    return item.nodeid.partition("[")[0]


def _part_of(option: str) -> tuple[int, int]:
    """Return K and N of the option `--slow K/N`."""
    match = re.fullmatch(r"(\d+)/(\d+)", option)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise pytest.UsageError(f"--slow {option!r} is not understood; write none, all or 1/4")
    return int(match[1]), int(match[2])


_MOST_DESCRIPTORS = 200
"""Beyond these the tests' dropped connections to SQLite are closed: each is in a cycle, so that
only a search for garbage closes it."""


@pytest.fixture(autouse=True)
def clean_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test stands in its own folder, without settings, and leaves no recorder behind."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("MODELTAP_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(settings_file, "_remembered", None)
    yield
    recorders.close()
    if len(os.listdir("/dev/fd")) > _MOST_DESCRIPTORS:  # noqa: PTH208
        gc.collect()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A path for a store that is not there yet."""
    return tmp_path / "taps.db"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Async tests run on both."""
    return str(request.param)


class Served:
    """An app in a server process."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve source code as `app.py`: by uvicorn, or by any command with {port} in it."""
    running: list[Served] = []

    def start(source: str, *command: str) -> Served:
        (tmp_path / "app.py").write_text(source)
        port = free_port()
        words = command or (
            "-m",
            "uvicorn",
            "app:app",
            "--port",
            "{port}",
            "--log-level",
            "warning",
        )
        process = subprocess.Popen(
            [sys.executable, *(argument.format(port=port) for argument in words)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
        )
        served = Served(process, port)
        running.append(served)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{served.url}/health", trust_env=False, verify=False)
                return served
            except httpx.HTTPError:
                assert process.poll() is None, "the server ended at once"
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    yield start
    for served in running:
        served.stop()


def rows(store: Path, sql: str = "select * from exchanges order by seq") -> list[sqlite3.Row]:
    """Read from a store."""
    connection = sqlite3.connect(store)
    connection.row_factory = sqlite3.Row
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def wait_for(check: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Wait until `check` gives something true; what it raises meanwhile is 'not yet'."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if check():
                return True
        except (sqlite3.Error, httpx.HTTPError):
            pass
        time.sleep(0.05)
    return False


@pytest.fixture
def read_rows() -> Callable[..., list[sqlite3.Row]]:
    """`rows`, for tests: with importlib's import mode nothing imports conftest."""
    return rows


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """`wait_for`, for tests."""
    return wait_for
