"""The Python interpreter of child processes, and its import path.

`sys.executable` cannot always start a child: in uWSGI it is uWSGI itself. Folders that PEX, Bazel
or the app have added to `sys.path` are not on the path of a child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from modeltap.errors import ConfigError

VARIABLE = "MODELTAP_PYTHON"
"""Environment variable with the path of a Python, or of a script, that can import modeltap."""


def command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs `module` in a child process.

    Raises `ConfigError` if no Python is found.
    """
    return [python(), "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """Return the environment for `command`, with the import path of this process."""
    environ = dict(os.environ)
    if not environ.get(VARIABLE):
        environ["PYTHONPATH"] = os.pathsep.join(_import_path())
    return environ


def python() -> str:
    """Return the interpreter for child processes; raise `ConfigError` if there is none."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        if not _is_program(chosen):
            raise ConfigError(
                f"{VARIABLE} is {chosen!r}, which is not an executable file; set it to the path "
                "of a Python"
            )
        return chosen
    if getattr(sys, "frozen", False):
        raise ConfigError(f"{sys.executable!r} is a frozen program, not a Python; {_fix()}")
    for candidate in _candidates():
        if _is_program(candidate):
            return candidate
    raise ConfigError(
        f"{sys.executable!r} is not a Python, and there is none in {sys.prefix!r}; {_fix()}"
    )


def reason_of(log: str) -> str:
    """Return the reason of a child's failure from its log, with the fix if known.

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
    """Yield candidate interpreters in order of preference, this process's own first."""
    if sys.executable and Path(sys.executable).name.startswith(("python", "pypy")):
        yield sys.executable
    prefixes = dict.fromkeys((sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix))
    for prefix in prefixes:
        yield str(Path(prefix, "bin", f"python{_VERSION}"))
    if sys.prefix != sys.base_prefix:  # a virtual environment has one version only
        yield str(Path(sys.prefix, "bin", "python"))
    from shutil import which  # slow to import, because it imports compression modules

    yield which(f"python{_VERSION}") or ""


def _is_program(path: str) -> bool:
    return Path(path).is_file() and os.access(path, os.X_OK)


def _import_path() -> list[str]:
    """Return the import path of this process, the standard library first.

    The folder of the script and the working directory are excluded, because a file such as the
    app's `queue.py` must not shadow a module in a child. They are kept if PYTHONPATH contains
    them, or if modeltap is installed there (`pip install --target .`).
    """
    folders = dict.fromkeys(Path(entry).absolute() for entry in sys.path if isinstance(entry, str))
    library = Path(os.__file__).absolute().parent
    archive = library.with_name(f"python{_VERSION.replace('.', '')}.zip")
    standard = (archive, library, library / "lib-dynload")
    own = Path(__file__).absolute().parents[1]
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    kept = {own, *(Path(entry).absolute() for entry in named if entry)}
    excluded = {*standard, *(_app_folders() - kept)}
    path = [folder for folder in standard if folder in folders]
    path += [folder for folder in folders if folder not in excluded]
    return list(map(str, path))


def _app_folders() -> set[Path]:
    """Return the script's folder and the working directory."""
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    return {Path.cwd(), *([Path(script).absolute().parent] if script else [])}
