"""Paths in options mean what they mean when `watch` is called, whatever folder comes later.

Most frameworks build a middleware at the first request, and an app may change its folder before
that; analyses run in other processes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from modeltap.config import sources
from modeltap.config.reference_settings import parse_reference


def with_absolute_paths(options: Mapping[str, object]) -> dict[str, object]:
    """Return `options` with the store that counts now, and absolute paths.

    Raises `ConfigError` as `watch` does.
    """
    plain = {name: value for name, value in options.items() if name != "mask_body"}
    settings = sources.load(plain)
    sources.remember_file()
    resolved = {**options, "store": absolute(settings.store)}
    if "reference" in options:
        resolved["reference"] = absolute_reference(settings.reference)
    models: Any = options.get("models")
    if models:
        resolved["models"] = {name: _with_reference(table) for name, table in models.items()}
    return resolved


def _with_reference(table: Any) -> Any:
    if not isinstance(table, Mapping) or "reference" not in table:
        return table
    return {**table, "reference": absolute_reference(table["reference"])}


def absolute(path: str) -> str:
    """Return `path` from the root on.

    >>> absolute("/data/../taps.db"), absolute("taps.db") == str(Path.cwd() / "taps.db")
    ('/data/../taps.db', True)
    """
    return str(Path(path).expanduser().absolute())


def absolute_reference(text: str) -> str:
    """Return the option `reference`, with an absolute path where it is a file.

    >>> absolute_reference("first 7d"), absolute_reference("/data/january.csv")
    ('first 7d', '/data/january.csv')
    """
    reference = parse_reference(text)
    return absolute(reference.path) if reference.kind == "file" else text
