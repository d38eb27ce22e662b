"""Addresses of pages, and the model that an address names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from starlette.requests import Request

from modeltap import clock
from modeltap.environments import environment_of, version_of
from modeltap.errors import InputError
from modeltap.store.models import ModelVersion, check_model, counted_models
from modeltap.store.predictions import newest_version

_FULL_MINUTE = ":00.000Z"
"""The end of the stored text of a full minute; addresses leave it out."""


class OtherPage(Exception):
    """Raised by a page whose content is at another address."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class Pages:
    """The addresses of the pages, below the path at which the dashboard is mounted."""

    def __init__(self, root: str = "") -> None:
        self._root = root.rstrip("/")

    @classmethod
    def of(cls, request: Request) -> Pages:
        """Return the addresses as a request's server has them."""
        return cls(str(request.scope.get("root_path") or ""))

    def path(self, *parts: str, **query: object) -> str:
        """Return the address of a page; empty values of the query are left out."""
        pairs = {name: value for name, value in query.items() if value not in (None, "", False)}
        asked = f"?{urlencode(pairs)}" if pairs else ""
        return f"{self._root}/{'/'.join(quote(part, safe='') for part in parts)}{asked}"

    def model(self, of: ModelVersion, **query: object) -> str:
        """Return the page of a model's version.

        A browser would take a model named ``..`` for the page above.
        """
        name = of.model if of.model in (".", "..") else None
        return self.path("models", "" if name else of.model, name=name, version=of.version, **query)

    def feature(self, of: ModelVersion, feature: str, start: str = "", **query: object) -> str:
        """Return the page of a feature, in a window or in the last one."""
        window = start.removesuffix(_FULL_MINUTE)
        return self.model(of, feature=feature, window=window, **query) + "#feature"

    def own(self, of: ModelVersion, **query: object) -> str:
        """Return the page of a model's version for links of this page itself, which are shorter."""
        return "?" + self.model(of, **query).partition("?")[2]

    def static(self, name: str) -> str:
        """Return the address of a file of the dashboard."""
        return self.path("static", name)


def window_text(start: str) -> str:
    """Return the start of a window as it stands in addresses; `window_meant` reads it.

    >>> window_text("2026-05-01T08:00:00.000Z"), window_text("2026-05-01T08:00:12.500Z")
    ('2026-05-01T08:00', '2026-05-01T08:00:12.500Z')
    """
    return quote(start.removesuffix(_FULL_MINUTE), safe=":")


def window_meant(text: str | None) -> str | None:
    """Return the start of a window as the store has it, from a time in any form.

    >>> window_meant("2026-05-01T08:00"), window_meant("2026-05-01 10:00+02:00")
    ('2026-05-01T08:00:00.000Z', '2026-05-01T08:00:00.000Z')
    >>> window_meant("soon"), window_meant(None)
    ('soon', None)
    """
    seconds = clock.parse(text)
    return text if seconds is None else clock.iso(seconds)


def name_meant(text: str, names: Iterable[str]) -> str:
    r"""Return the name that a form's value means: browsers write each line end as CR LF.

    >>> name_meant("a\r\nb", ["a", "a\nb"]), name_meant("c", ["a"])
    ('a\nb', 'c')
    """
    known = list(names)
    if text in known:
        return text
    lines = text.splitlines(keepends=False)
    return next((name for name in known if name.splitlines() == lines), text)


def model_asked(connection: sqlite3.Connection, request: Request) -> ModelVersion:
    """Return the model and version of an address.

    Without a version, the one with the newest rows is meant.

    Raises:
        InputError: if the store has no such model.
    """
    model = request.path_params["model"] or request.query_params.get("name", "")
    check_model(connection, model)
    versions = [known for known in counted_models(connection) if known.model == model]
    version = request.query_params.get("version")
    if version is None:
        return newest_version(connection, versions) or ModelVersion(model, "")
    asked = ModelVersion(model, version)
    if asked not in versions:
        names = ", ".join(named_version(known.version) for known in versions) or "none"
        raise InputError(f"model {model!r} has no version {version!r}; it has: {names}")
    return asked


def named_version(version: str) -> str:
    """Return an analysed version as text.

    >>> named_version("2@staging"), named_version(""), named_version("2")
    ('2 in staging', 'no version', '2')
    """
    environment = environment_of(version)
    name = version_of(version) or "no version"
    return f"{name} in {environment}" if environment else name
