"""Paths in options: made absolute, because an app may change its folder later, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modeltap.config import sources
from modeltap.config.reading.settings_file import remember_file
from modeltap.config.reference_settings import parse_reference
from modeltap.config.settings import ModelSettings, Settings
from modeltap.errors import ConfigError, StoreError
from modeltap.logs import logger
from modeltap.store.path_checks import absolute_path, check_path, check_writable
from modeltap.tap.app_options.custom_version import plain_options


def resolved_settings(settings: Settings) -> Settings:
    """Return `settings` with absolute paths, which are valid in every process and folder."""
    return msgspec.structs.replace(
        settings,
        store=absolute(settings.store),
        reference=absolute_reference(settings.reference),
        models={name: _with_own_reference(own) for name, own in settings.models.items()},
    )


def _with_own_reference(own: ModelSettings) -> ModelSettings:
    if own.reference is None:
        return own
    return msgspec.structs.replace(own, reference=absolute_reference(own.reference))


def check_files(settings: Settings) -> None:
    """Raise `StoreError` or `ConfigError` if the store or a reference's file cannot be used.

    A store that is not writable now is only logged, because it may be later.
    """
    _check_store(settings.store)
    _check_reference(settings)


def _check_store(store: str) -> None:
    """Raise `StoreError` for an invalid path; only log it if the store is not writable now."""
    path = check_path(store)
    try:
        check_writable(path)
    except StoreError as error:
        logger.error("modeltap: nothing is recorded, but the app keeps serving: %s", error)


def _check_reference(settings: Settings) -> None:
    """Raise `ConfigError` if a reference's file is missing, instead of when it is first used."""
    for model in (settings, *map(settings.for_model, settings.models)):
        reference = parse_reference(model.reference)
        if reference.kind == "file" and not Path(reference.path).is_file():
            raise ConfigError(
                f"reference {model.reference!r}: the file does not exist; name an existing file "
                "or write 'first 7d, 2000 rows'"
            )


def with_absolute_paths(options: Mapping[str, object]) -> dict[str, object]:
    """Return `options` with the currently configured store, and with absolute paths.

    Raises `ConfigError` as `watch` does.
    """
    settings = sources.load(plain_options(options))
    remember_file()
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
    """Return `path` as an absolute path.

    >>> absolute("/data/../taps.db"), absolute("taps.db") == str(Path.cwd() / "taps.db")
    ('/data/../taps.db', True)
    """
    return str(absolute_path(path))


def absolute_reference(text: str) -> str:
    """Return the option `reference`, with an absolute path if it is a file.

    >>> absolute_reference("first 7d"), absolute_reference("/data/january.csv")
    ('first 7d', '/data/january.csv')
    """
    reference = parse_reference(text)
    return absolute(reference.path) if reference.kind == "file" else text
