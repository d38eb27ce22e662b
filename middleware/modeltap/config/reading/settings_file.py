"""The settings file: ``modeltap.toml``, or a table of pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from modeltap.errors import ConfigError


def remember_file() -> None:
    """Remember this directory's settings file for the rest of the process.

    An app may change its working directory before its framework builds the middleware.
    """
    global _remembered
    file = _default_file()
    _remembered = file.absolute() if file else _remembered


_remembered: Path | None = None


def read_settings_file(path: str | Path | None) -> dict[str, object]:
    """Read the settings file. The default files are optional, a named file must exist."""
    if path is not None:
        return _read_toml(Path(path))
    file = _default_file() or _remembered
    if file is None or not file.is_file():
        return {}
    if file.name == "modeltap.toml":
        return _read_toml(file)
    table: Any = _read_toml(file).get("tool")
    return dict(table["modeltap"])


def _default_file() -> Path | None:
    """Return the settings file of the working directory, if any."""
    if Path("modeltap.toml").is_file():
        return Path("modeltap.toml")
    project = Path("pyproject.toml")
    # A pyproject.toml without our table is not parsed: its errors concern other tools.
    has_table = project.is_file() and "[tool.modeltap" in project.read_text(errors="replace")
    return project if has_table else None


def _read_toml(path: Path) -> dict[str, object]:
    import tomllib  # only if there is such a file

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read configuration {str(path)!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = _without_quotes(str(error))
        raise ConfigError(f"configuration {str(path)!r} is not valid TOML: {reason}") from None


def _without_quotes(reason: str) -> str:
    """Return a parser's message without quoted keys, which may be misplaced secrets.

    >>> _without_quotes("Cannot declare ('hooks', 'T0KEN') twice (at line 3, column 4)")
    'at line 3, column 4'
    >>> _without_quotes("Expected '=' after a key in a key/value pair (at line 3, column 4)")
    "Expected '=' after a key in a key/value pair (at line 3, column 4)"
    """
    message, _, location = reason.rpartition(" (at ")
    quotes = re.search(r"""(['"]).{4,}\1|\(""", message)
    return f"at {location.rstrip(')')}" if quotes else reason
