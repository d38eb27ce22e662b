"""The Python of child processes: which one runs them, and where it finds modeltap.

An app's process is not always a Python that a child can be started with: within uWSGI
`sys.executable` is uWSGI itself, and what PEX, Bazel or the app's own code has put on `sys.path`
is on no other process's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from modeltap.errors import ConfigError

VARIABLE = "MODELTAP_PYTHON"
"""Names a Python, or a script that runs one, which can import modeltap by itself."""


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `module` in a process of its own.

    Raises `ConfigError` where no Python is to be found.
    """
    return [python(), "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Return this process's environment, with which `command` imports what this process does."""
    environ = dict(os.environ)
    if not environ.get(VARIABLE):
        environ["PYTHONPATH"] = os.pathsep.join(_import_path())
    return environ


def python() -> str:
    """Return the interpreter that runs child processes; raises `ConfigError` without one."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        if not _is_program(chosen):
            raise ConfigError(f"{VARIABLE} is {chosen!r}, which is no program; name a Python")
        return chosen
    if getattr(sys, "frozen", False):
        raise ConfigError(f"this program is frozen ({sys.executable!r}); {_fix()}")
    for candidate in _candidates():
        if _is_program(candidate):
            return candidate
    raise ConfigError(f"{sys.executable!r} is no Python, and {sys.prefix!r} has none; {_fix()}")


def reason_of(log: str) -> str:
    """Return why a child did not start, of what it printed, with the fix where there is one.

    >>> reason_of("Traceback (most recent call last):\\nKeyError: 'a'\\n")
    "KeyError: 'a'"
    >>> print(reason_of("python3: No module named modeltap"))  # doctest: +ELLIPSIS
    python3: No module named modeltap; set MODELTAP_PYTHON to a Python 3... that can import modeltap
    """
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    reason = lines[-1] if lines else "no message"
    is_import = "No module named" in reason or "ImportError" in reason
    return f"{reason}; {_fix()}" if is_import else reason


def _fix() -> str:
    return f"set {VARIABLE} to a Python {_VERSION} that can import modeltap"


_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def _candidates() -> Iterator[str]:
    """Yield this process's own interpreter, then those of its environment, the likeliest first."""
    if sys.executable and Path(sys.executable).name.startswith(("python", "pypy")):
        yield sys.executable
    prefixes = dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    for prefix in prefixes:
        yield str(Path(prefix, "bin", f"python{_VERSION}"))
    if sys.prefix != sys.base_prefix:  # a virtual environment has one version only
        yield str(Path(sys.prefix, "bin", "python"))
    from shutil import which  # with its compressors it takes longer than all of this

    yield which(f"python{_VERSION}") or ""


def _is_program(path: str) -> bool:
    return Path(path).is_file() and os.access(path, os.X_OK)


def _import_path() -> list[str]:
    """Return the folders that this process imports from, the standard library's first.

    The script's and the working folder are left out, for a `queue.py` of the app's is not meant
    for a child; unless modeltap itself lies there, as `pip install --target .` puts it.
    """
    folders = dict.fromkeys(Path(entry).absolute() for entry in sys.path if isinstance(entry, str))
    library = Path(os.__file__).absolute().parent
    archive = library.with_name(f"python{_VERSION.replace('.', '')}.zip")
    standard = (archive, library, library / "lib-dynload")
    own = Path(__file__).absolute().parents[1]
    left_out = {*standard, *(_app_folders() - {own})}
    path = [folder for folder in standard if folder in folders]
    path += [folder for folder in folders if folder not in left_out]
    return list(map(str, path))


def _app_folders() -> set[Path]:
    """Return the script's folder and the working one."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return {Path.cwd(), *([Path(script).absolute().parent] if script else [])}
