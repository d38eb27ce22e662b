"""From kept bodies to rows and predictions, by asking the protocol plugins.

Runs in the analyzer, never in a request; what it makes is not stored, so that it can be made
again when a mapping changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from modeltap.payload import Body, Decoded, DecodedMany, Payload
from modeltap.plugins import hooks
from modeltap.privacy.bodies.compression import inflate

_MAX_INFLATED_BYTES = 8 * 1024 * 1024
"""The largest size of a decompressed body; a larger one is not decoded."""

_REMEMBERED = 4096
"""Paths may hold ids, so what is remembered about them is bounded."""


Bodies = Sequence[Body]
Decoder = Callable[[Payload], Decoded | None]
ManyDecoder = Callable[[Bodies, Bodies], DecodedMany | None]


class Decoders:
    """Asks the plugins in turn, and first the one that knew the last exchange of its kind.

    Going through the hook costs more than decoding a small body, so the plugin that answered
    for a path and content type is remembered and called directly, after those that want to be
    first; but what the last resort took may be another's the next time.
    """

    def __init__(self) -> None:
        hook = hooks("protocols")
        implementations = hook.decode.get_hookimpls()
        # The order of the hook: what was registered last is asked first.
        self._all = [cast(Decoder, one.function) for one in reversed(implementations)]
        self._always_first = [
            cast(Decoder, one.function) for one in reversed(implementations) if one.tryfirst
        ]
        self._last_resorts = {cast(Decoder, one.function) for one in implementations if one.trylast}
        self._known: dict[tuple[str, str | None], Decoder] = {}
        many = {one.plugin_name: one.function for one in hook.decode_many.get_hookimpls()}
        self._many: dict[Decoder, ManyDecoder] = {
            cast(Decoder, one.function): cast(ManyDecoder, many[one.plugin_name])
            for one in implementations
            if one.plugin_name in many
        }

    def decode(self, payload: Payload) -> Decoded:
        """Return what was found; never raises for what a body holds."""
        key = (payload.path, payload.request_type)
        known = self._known.get(key) if payload.mapping is None else None
        if known is not None and known not in self._last_resorts:
            for decoder in (*self._always_first, known):
                found = _asked(decoder, payload)
                if found is not None:
                    return found
        for decoder in self._all:
            found = _asked(decoder, payload)
            if found is not None:
                if len(self._known) < _REMEMBERED:
                    self._known[key] = decoder
                return found
        return Decoded(note="no decoder knows this body")

    def decode_many(
        self, path: str, request_type: str | None, requests: Bodies, responses: Bodies
    ) -> DecodedMany | None:
        """Decode N exchanges of a path and content type that `decode` has seen one of.

        None where the plugin that knew it decodes one by one only, or cannot do it here.
        """
        known = self._known.get((path, request_type))
        many = self._many.get(known) if known is not None else None
        try:
            found = many(requests, responses) if many is not None else None
        except Exception:  # what is wrong with which body shows when each is decoded by itself
            return None
        return found


def plain(body: Body, encoding: str | None) -> Body:
    """Undo the Content-Encoding of a kept body; text was never compressed, or is masked."""
    if not isinstance(body, bytes) or not encoding or encoding == "identity":
        return body
    return inflate(body, encoding, _MAX_INFLATED_BYTES)


def _asked(decoder: Decoder, payload: Payload) -> Decoded | None:
    try:
        return decoder(payload)
    except Exception as error:  # a plugin's fault costs this body its rows, and nothing else
        return Decoded(note=f"decoding failed: {type(error).__name__}")
