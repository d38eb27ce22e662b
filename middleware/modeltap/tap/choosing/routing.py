"""Routing: the model that a path belongs to, and the paths that are left alone."""

from __future__ import annotations

import os
import re
from fnmatch import translate
from typing import TYPE_CHECKING

from modeltap.config.validation import bare
from modeltap.tap.choosing.probes import NO_PREDICTION, is_probe

if TYPE_CHECKING:
    from modeltap.config.settings import ModelChooser, Settings

_REMEMBERED_PATHS = 4096
"""Paths may hold ids, so the memory of them is bounded: about half a megabyte."""

_DEFAULT = "default"

_NAMES_IN_PATHS = 100
_LONGEST_NAME_IN_PATH = 200
"""Clients write the paths: how many models they may name, and how long a name may be."""

_NAMED_IN_PATH = re.compile(r".*/(?:v1/models/([^/:]+):|v2/models/([^/]+)/)")
"""The model's name in paths of the protocols V1 and V2 (Open Inference Protocol)."""


class Router:
    """Finds the model that a path belongs to.

    Where no model is named, ``MODELTAP_MODEL`` names it, else the path, else it is "default".
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
        """Return the model that a request is for, or None when it is not tapped."""
        try:
            return self._known[method, path]
        except KeyError:
            if len(self._known) >= _REMEMBERED_PATHS:
                self._known.clear()
            model = self._known[method, path] = self._choose_unless_probe(method, path)
            return model

    def _choose_unless_probe(self, method: str, path: str) -> str | None:
        taken = method in self._methods if self._methods else method not in NO_PREDICTION
        if not taken:
            return None
        model = self._choose(path)
        # A path that `include_paths` names is tapped, even if it looks like a probe's.
        return None if model and not self._include and is_probe(method, path) else model

    def _choose(self, path: str) -> str | None:
        if self._include and not _fits(self._include, path):
            return None
        if self._exclude and _fits(self._exclude, path):
            return None
        if isinstance(self._model, str):
            return self._model
        if self._model is None:
            return self._bounded(_named_in(path))
        if callable(self._model):
            return self._model(path)
        for pattern, name in self._model.items():
            if _fits(re.compile(translate(pattern)), path):
                return name
        return None

    def _bounded(self, name: str) -> str:
        """Return a name from a path, or "default" for what is too long, or one too many."""
        if name not in self._named:
            if len(name) > _LONGEST_NAME_IN_PATH or len(self._named) >= _NAMES_IN_PATHS:
                return _DEFAULT
            self._named.add(name)
        return name


def _named_in(path: str) -> str:
    """Return the model's name that `path` holds, else "default".

    >>> _named_in("/v1/models/iris:predict"), _named_in("/v2/models/iris/versions/2/infer")
    ('iris', 'iris')
    >>> _named_in("/v1/models/iris")
    'default'
    """
    match = _NAMED_IN_PATH.match(path)
    return (match[1] or match[2]) if match else _DEFAULT


def _pattern(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(translate, patterns))) if patterns else None


def _fits(pattern: re.Pattern[str], path: str) -> bool:
    """Return True if a path fits, with or without the slash at its end.

    >>> fitting = re.compile(translate("/metrics"))
    >>> _fits(fitting, "/metrics/"), _fits(fitting, "/metrics/other")
    (True, False)
    """
    return bool(pattern.match(path) or (path.endswith("/") and pattern.match(path.rstrip("/"))))
