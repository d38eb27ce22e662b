"""From kept bodies to rows and predictions, by asking the protocol plugins.

Runs in the analyzer, never in a request; what it makes is not stored, so that it can be made
again when a mapping changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, cast

from modeltap.plugins import hooks
from modeltap.tap.mask import inflate

_MAX_INFLATED_BYTES = 8 * 1024 * 1024
"""How much a compressed body may become; more is not decoded."""


_MAX_DEPTH = 8


@dataclass(slots=True)
class Payload:
    """What a protocol plugin sees of an exchange."""

    path: str
    query: str | None
    status: int | None
    request: str | bytes | None
    response: str | bytes | None
    request_type: str | None = None
    response_type: str | None = None


@dataclass(slots=True)
class Decoded:
    """What a protocol plugin found: N rows and, where the counts agree, N predictions.

    `note` gives the reason where something is missing; without rows nothing was decoded.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    scores: list[float | None] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    note: str | None = None


Decoder = Callable[[Payload], Decoded | None]


class Decoders:
    """Asks the plugins in turn, and first the one that knew the last exchange of its kind.

    Going through the hook costs more than decoding a small body, so the plugin that answered
    for a path and content type is remembered and called directly.
    """

    def __init__(self) -> None:
        implementations = hooks().decode.get_hookimpls()
        # The order of the hook: what was registered last is asked first.
        self._all = [cast(Decoder, one.function) for one in reversed(implementations)]
        self._known: dict[tuple[str, str | None], Decoder] = {}

    def decode(self, payload: Payload) -> Decoded:
        """Return what was found; never raises for what a body holds."""
        key = (payload.path, payload.request_type)
        known = self._known.get(key)
        if known is not None and (found := _asked(known, payload)) is not None:
            return found
        for decoder in self._all:
            found = _asked(decoder, payload)
            if found is not None:
                if len(self._known) < 4096:
                    self._known[key] = decoder
                return found
        return Decoded(note="no decoder knows this body")


def plain(body: str | bytes | None, encoding: str | None) -> str | bytes | None:
    """Undo the Content-Encoding of a kept body; text was never compressed, or is masked."""
    if not isinstance(body, bytes) or not encoding or encoding == "identity":
        return body
    return inflate(body, encoding, _MAX_INFLATED_BYTES)


def columns(rows: Iterable[dict[str, Any]], depth: int = _MAX_DEPTH) -> dict[str, list[Any]]:
    """Turn N rows into columns of length N; None where a row lacks a field.

    Nested objects become dotted names, `depth` levels deep; what is deeper stays an object.

    >>> columns([{"a": 1, "b": {"c": 2}}, {"a": 3}])
    {'a': [1, 3], 'b.c': [2, None]}
    """
    listed = list(rows)
    names: dict[str, None] = {}
    for row in listed:
        if row.keys() - names.keys():
            names.update(dict.fromkeys(row))
    found: dict[str, list[Any]] = {}
    for name, column in zip(names, _transposed(listed, tuple(names)), strict=True):
        if depth and dict in set(map(type, column)):
            inner = columns((value if type(value) is dict else {} for value in column), depth - 1)
            found.update({f"{name}.{part}": values for part, values in inner.items()})
        else:
            found[name] = column
    return found


def _transposed(rows: list[dict[str, Any]], names: tuple[str, ...]) -> list[list[Any]]:
    """Return a list for each name; one pass in C where no row lacks a field."""
    if len(names) > 1:
        try:
            return list(map(list, zip(*map(itemgetter(*names), rows), strict=True)))
        except KeyError:
            pass
    return [[row.get(name) for row in rows] for name in names]


def _asked(decoder: Decoder, payload: Payload) -> Decoded | None:
    try:
        return decoder(payload)
    except Exception as error:  # a plugin's fault costs this body its rows, and nothing else
        return Decoded(note=f"decoding failed: {type(error).__name__}")
