"""The interpreter of child processes, in apps that were started in unusual ways."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import modeltap
import modeltap_protocols
from modeltap import interpreter
from modeltap.errors import ConfigError

FOLDERS = [
    str(Path(modeltap.__file__).parents[1]),
    str(Path(modeltap_protocols.__file__).parents[1]),
    sysconfig.get_path("purelib"),
]
"""The folders that hold modeltap, its plugins, and what they need."""

APP = """
import json, logging, os, subprocess, sys
logging.basicConfig(format="%(message)s")
FOLDERS = json.loads(sys.argv[1])
{put}
import modeltap
from modeltap import interpreter
modeltap.capture(model="m", request={"x": 1}, response=2.0, store="taps.db", analyze=False)
written = modeltap.flush(float(sys.argv[2])) and modeltap.stats()["written"]
try:
    command = [*interpreter.command("modeltap", "status"), "--store", "taps.db"]
    child = subprocess.run(command, env=interpreter.environment(), capture_output=True, text=True)
    print(json.dumps([written, child.returncode, child.stdout + child.stderr]))
except modeltap.ConfigError as error:
    print(json.dumps([written, 1, str(error)]))
"""

PUTS = {
    "insert": "sys.path[:0] = FOLDERS",
    "append": "sys.path.extend(FOLDERS)",
    "relative": "sys.path[:0] = [os.path.relpath(one) for one in FOLDERS]",
    "with others": "import pathlib; sys.path[:0] = ['/no/such', pathlib.Path('/tmp'), *FOLDERS]",
    "no virtual environment in sight": "os.environ.pop('VIRTUAL_ENV', 0); sys.path += FOLDERS",
}


def bare_python():
    """Return the interpreter of this environment's base, which has no modeltap."""
    python = Path(sys.base_prefix, "bin", f"python{sysconfig.get_python_version()}")
    if sys.prefix == sys.base_prefix or not python.exists():
        pytest.skip("needs a virtual environment: python -m venv .venv")
    return python


def run(folder, put, *, folders=FOLDERS, patience=60, **environ):
    """Run an app that finds modeltap by `put` alone; return its output and its log."""
    import json

    (folder / "app.py").write_text(APP.replace("{put}", put))
    plain = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [bare_python(), "-I", "-S", "app.py", json.dumps(folders), str(patience)],
        cwd=folder,
        env={**plain, **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return *json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.mark.parametrize("put", PUTS.values(), ids=PUTS)
def test_modules_on_sys_path_are_importable(tmp_path, put):
    """As with PEX, Bazel and custom launchers."""
    written, code, output, log = run(tmp_path, put)
    assert (written, code) == (1, 0), output
    assert "m" in output
    assert "writer" not in log


@pytest.mark.parametrize("place", ["lib", "."])
def test_modules_in_a_target_folder_are_importable(tmp_path, place):
    """`pip install --target`, also into the app's own folder, whose other modules are ignored."""
    folder = tmp_path / place
    folder.mkdir(exist_ok=True)
    for source in FOLDERS:
        for entry in Path(source).iterdir():
            if not (folder / entry.name).exists():
                (folder / entry.name).symlink_to(entry)
    (tmp_path / "queue.py").write_text("print('the app is not asked')\nraise SystemExit(3)\n")
    put = f"sys.path.append(os.path.abspath({place!r}))"
    written, code, output, _ = run(tmp_path, put)
    assert (written, code) == (1, 0), output


def test_a_folder_with_a_colon_is_an_error_with_the_fix(tmp_path):
    """PYTHONPATH cannot contain a colon."""
    folder = tmp_path / "a:b"
    folder.mkdir()
    links = []
    for number, source in enumerate(FOLDERS):
        links.append(str(folder / str(number)))
        Path(links[-1]).symlink_to(source)
    put = PUTS["insert"]
    written, code, output, log = run(tmp_path, put, folders=links, patience=4)
    assert not written
    assert code == 1
    for text in (output, log):
        assert "No module named modeltap" in text.replace("'", "")
    assert log.count("the writer process failed to start") == 1
    assert "set MODELTAP_PYTHON to a Python 3." in log
    written, code, output, log = run(
        tmp_path, put, folders=links, MODELTAP_PYTHON=sys.executable, MODELTAP_STORE="taps.db"
    )
    assert (written, code) == (1, 0), output
    assert "unknown variable" not in log


@pytest.mark.parametrize("chosen", ["/no/such/python", "/", os.devnull])
def test_an_invalid_interpreter_is_logged_once(tmp_path, chosen):
    """And the app continues."""
    written, _, output, log = run(tmp_path, PUTS["insert"], patience=1, MODELTAP_PYTHON=chosen)
    assert not written
    for text in (output, log):
        assert f"MODELTAP_PYTHON is {chosen!r}, which is not an executable file" in text


@pytest.mark.parametrize("name", ["uwsgi", "httpd", "", "python-that-is-gone"])
def test_a_host_process_uses_the_python_of_its_environment(tmp_path, monkeypatch, name):
    """`sys.executable` is a server, which must not be started again."""
    program = tmp_path / name if name else ""
    if name in ("uwsgi", "httpd"):
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    python = interpreter.python()
    assert python == str(Path(sys.prefix, "bin", f"python{sysconfig.get_python_version()}"))


def test_without_a_python_the_fix_is_reported(tmp_path, monkeypatch):
    """A frozen program is not started again."""
    monkeypatch.setenv("PATH", "")
    for prefix in ("prefix", "exec_prefix", "base_prefix", "base_exec_prefix"):
        monkeypatch.setattr(sys, prefix, str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    with pytest.raises(ConfigError, match=r"'/usr/bin/uwsgi' is not a Python.*set MODELTAP_PYTHON"):
        interpreter.command("modeltap")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/python-app")
    with pytest.raises(ConfigError, match=r"a frozen program.*; set MODELTAP_PYTHON"):
        interpreter.command("modeltap")


def test_the_working_directory_is_kept_if_pythonpath_has_it(tmp_path, monkeypatch):
    """It may contain a plugin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert str(tmp_path) not in interpreter.environment()["PYTHONPATH"].split(os.pathsep)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(tmp_path)]))
    assert str(tmp_path) in interpreter.environment()["PYTHONPATH"].split(os.pathsep)
