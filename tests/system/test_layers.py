"""The house: layers point one way, and the capture path is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "scipy", "sklearn", "httpx", "sqlite_utils", "apscheduler", "click", "pandas")


def test_layers_point_one_way():
    """import-linter's contracts in pyproject.toml hold."""
    pytest.importorskip("importlinter", reason='pip install "modeltap[test]"')
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--config",
            str(ROOT / "pyproject.toml"),
            "--no-cache",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_modeltap_loads_nothing_heavy():
    """The capture path is a part of the standard library, msgspec and pluggy."""
    late = (*HEAVY, "sqlite3", "tomllib", "zoneinfo", "modeltap.config.options")
    code = f"import modeltap.api, sys; print([m for m in {late!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_serving_a_request_loads_no_numpy(tmp_path):
    """Nor does capturing: analysis lives in a child process."""
    code = (
        "import asyncio, modeltap, sys\n"
        "async def app(scope, receive, send):\n"
        "    await send({'type': 'http.response.start', 'status': 200})\n"
        "    await send({'type': 'http.response.body', 'body': b'1'})\n"
        "async def send(m): pass\n"
        "tapped = modeltap.watch(app, model='m')\n"
        "scope = {'type': 'http', 'path': '/', 'method': 'GET', 'headers': []}\n"
        "asyncio.run(tapped(scope, None, send))\n"
        "assert modeltap.flush(20)\n"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'httpx') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_starting_an_analysis_loads_only_what_every_pass_needs():
    """The slowest imports wait for a window to evaluate, or a message to send."""
    late = ("scipy.special", "scipy.stats", "sklearn", "httpx", "wcwidth", "modeltap.tap")
    code = (
        "import modeltap.cli.analyze, modeltap.jobs.pipeline, sys; "
        f"print([m for m in {late!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def runs_sql(file: Path) -> bool:
    """Whether a module calls `execute`, `executemany` or `executescript` of anything."""
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    names = {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)}
    return not names.isdisjoint({"execute", "executemany", "executescript"})


def test_only_the_store_speaks_sql():
    """Every statement is a function of the store, with a name that says what it returns."""
    package = ROOT / "middleware/modeltap"
    files = {str(file.relative_to(package)) for file in package.rglob("*.py") if runs_sql(file)}
    elsewhere = {file for file in files if not file.startswith("store/")}
    assert elsewhere == set()
    assert len(files) > len(elsewhere)  # the store itself does


def test_middleware_and_plugins_are_source_roots():
    """An __init__.py in them would make every class exist twice."""
    assert not (ROOT / "middleware/__init__.py").exists()
    assert not (ROOT / "plugins/__init__.py").exists()
