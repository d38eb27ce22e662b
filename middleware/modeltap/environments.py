"""Analysed versions: a model's version combined with its environment, such as ``2@staging``.

References, windows and incidents are stored by model and version. Rows of different environments
are analysed separately, so the analysed version includes the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SEPARATOR = "@"
"""Not allowed in environments, so the last occurrence is the separator."""


def with_environment(version: str, environment: str | None) -> str:
    """Return the analysed version of rows of a version and an environment.

    >>> with_environment("2", "staging"), with_environment("", "staging"), with_environment("2", "")
    ('2@staging', '@staging', '2')
    >>> with_environment("team@2", None)
    'team@2@'
    """
    if not environment and SEPARATOR not in version:
        return version
    return f"{version}{SEPARATOR}{environment or ''}"


def version_of(analyzed: str) -> str:
    """Return the model's version without the environment.

    >>> version_of("2@staging"), version_of("2"), version_of("team@2@")
    ('2', '2', 'team@2')
    """
    return analyzed.rpartition(SEPARATOR)[0] if SEPARATOR in analyzed else analyzed


def environment_of(analyzed: str) -> str | None:
    """Return the environment of an analysed version, or None.

    >>> environment_of("2@staging"), environment_of("2"), environment_of("team@2@")
    ('staging', None, None)
    """
    return (analyzed.rpartition(SEPARATOR)[2] or None) if SEPARATOR in analyzed else None


def named(model: str, analyzed: str) -> str:
    """Return a model and its environment as text.

    >>> named("flights", "2@staging"), named("flights", "2"), named("", "@staging")
    ('flights in staging', 'flights', 'all models in staging')
    """
    environment = environment_of(analyzed)
    return f"{model or 'all models'}{f' in {environment}' if environment else ''}"


def reported(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for output, with the analysed version split into version and environment.

    >>> reported({"model": "flights", "version": "2@staging", "rows": 9})
    {'model': 'flights', 'version': '2', 'environment': 'staging', 'rows': 9}
    """
    shown: dict[str, Any] = {}
    for name, value in row.items():
        shown[name] = value if name != "version" else version_of(value)
        if name == "version":
            shown["environment"] = environment_of(value)
    return shown
