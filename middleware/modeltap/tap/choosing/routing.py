"""Routing: maps paths to models, and skips paths that are not tapped."""

from __future__ import annotations

import os
import re
from fnmatch import translate
from typing import TYPE_CHECKING

from modeltap.config.validation import bare
from modeltap.tap.choosing.probes import NO_PREDICTION, is_probe

if TYPE_CHECKING:
    from modeltap.config.settings import ModelChooser, Settings

_MAX_CACHED_PATHS = 4096
"""The size of the cache, about half a megabyte; bounded because paths may contain ids."""

_DEFAULT = "default"

_MAX_NAMES = 100
_MAX_NAME_LENGTH = 200
"""Limits of model names in paths, because clients choose the paths."""

_NAMED_IN_PATH = re.compile(r".*/(?:v1/models/([^/:]+):|v2/models/([^/]+)/)")
"""The model's name in paths of the protocols V1 and V2 (Open Inference Protocol)."""


class Router:
    """Finds the model of a path.

    If no model is configured, its name is ``MODELTAP_MODEL``, else the name in the path, else
    "default".
    """

    def __init__(self, settings: Settings, model: ModelChooser) -> None:
        self._model = (
            model if model is not None else bare(os.environ.get("MODELTAP_MODEL", "")) or None
        )
        self._include = _pattern(settings.include_paths)
        self._exclude = _pattern(settings.exclude_paths)
        self._methods = frozenset(method.upper() for method in settings.methods)
        self._known: dict[tuple[str, str], str | None] = {}
        self._named: set[str] = set()

    def model_for(self, method: str, path: str) -> str | None:
        """Return the model of a request, or None if the request is not tapped."""
        try:
            return self._known[method, path]
        except KeyError:
            if len(self._known) >= _MAX_CACHED_PATHS:
                self._known.clear()
            model = self._known[method, path] = self._choose_unless_probe(method, path)
            return model

    def _choose_unless_probe(self, method: str, path: str) -> str | None:
        is_tapped = method in self._methods if self._methods else method not in NO_PREDICTION
        if not is_tapped:
            return None
        model = self._choose(path)
        # A path in `include_paths` is tapped, even if it looks like that of a probe.
        return None if model and not self._include and is_probe(method, path) else model

    def _choose(self, path: str) -> str | None:
        if self._include and not _matches(self._include, path):
            return None
        if self._exclude and _matches(self._exclude, path):
            return None
        if isinstance(self._model, str):
            return self._model
        if self._model is None:
            return self._bounded(_named_in(path))
        if callable(self._model):
            chosen = self._model(path)
            return None if chosen is None else str(chosen) or None
        for pattern, name in self._model.items():
            if _matches(re.compile(translate(pattern)), path):
                return name
        return None

    def _bounded(self, name: str) -> str:
        """Return a name from a path, or "default" if it is too long or there are too many names."""
        if name not in self._named:
            if len(name) > _MAX_NAME_LENGTH or len(self._named) >= _MAX_NAMES:
                return _DEFAULT
            self._named.add(name)
        return name


def _named_in(path: str) -> str:
    """Return the model's name in `path`, else "default".

    >>> _named_in("/v1/models/iris:predict"), _named_in("/v2/models/iris/versions/2/infer")
    ('iris', 'iris')
    >>> _named_in("/v1/models/iris")
    'default'
    """
    match = _NAMED_IN_PATH.match(path)
    return (match[1] or match[2]) if match else _DEFAULT


def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, patterns))) if patterns else None


def _matches(pattern: re.Pattern[str], path: str) -> bool:
    """Return True if a path matches, with or without a trailing slash.

    >>> pattern = re.compile(translate("/metrics"))
    >>> _matches(pattern, "/metrics/"), _matches(pattern, "/metrics/other")
    (True, False)
    """
    return bool(pattern.match(path) or (path.endswith("/") and pattern.match(path.rstrip("/"))))
