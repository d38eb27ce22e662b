"""Decoding of stored bodies into rows and predictions by the protocol plugins.

It runs in the analyzer, never in a request. Decoded rows are not stored, so that they can be
decoded again after a mapping changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from modeltap.payload import Body, Decoded, DecodedMany, Payload
from modeltap.plugins import hooks
from modeltap.privacy.bodies.compression import inflate

_MAX_INFLATED_BYTES = 8 * 1024 * 1024
"""The largest size of a decompressed body; a larger one is not decoded."""

_MAX_CACHED = 4096
"""The most cached pairs of path and content type: paths may contain ids."""


Bodies = Sequence[Body]
Decoder = Callable[[Payload], Decoded | None]
ManyDecoder = Callable[[Bodies, Bodies], DecodedMany | None]


class Decoders:
    """Calls the plugins in turn, starting with the one that decoded the last similar exchange.

    Calling the hook costs more than decoding a small body. So the plugin that decoded a path and
    content type is cached and called directly, after the plugins marked `tryfirst`. A plugin
    marked `trylast` is not called directly: another one may decode the next exchange.
    """

    def __init__(self) -> None:
        hook = hooks("protocols")
        impls = hook.decode.get_hookimpls()
        # Pluggy calls the plugin that was registered last first.
        self._all = [cast(Decoder, impl.function) for impl in reversed(impls)]
        self._always_first = [
            cast(Decoder, impl.function) for impl in reversed(impls) if impl.tryfirst
        ]
        self._last_resorts = {cast(Decoder, impl.function) for impl in impls if impl.trylast}
        self._known: dict[tuple[str, str | None], Decoder] = {}
        many = {impl.plugin_name: impl.function for impl in hook.decode_many.get_hookimpls()}
        self._many: dict[Decoder, ManyDecoder] = {
            cast(Decoder, impl.function): cast(ManyDecoder, many[impl.plugin_name])
            for impl in impls
            if impl.plugin_name in many
        }

    def decode(self, payload: Payload) -> Decoded:
        """Return the rows and outputs of an exchange; no body makes it raise."""
        key = (payload.path, payload.request_type)
        known = self._known.get(key) if payload.mapping is None else None
        if known is not None and known not in self._last_resorts:
            for decoder in (*self._always_first, known):
                decoded = _call(decoder, payload)
                if decoded is not None:
                    return decoded
        for decoder in self._all:
            decoded = _call(decoder, payload)
            if decoded is not None:
                if len(self._known) < _MAX_CACHED:
                    self._known[key] = decoder
                return decoded
        return Decoded(note="no decoder knows this body")

    def decode_many(
        self, path: str, request_type: str | None, requests: Bodies, responses: Bodies
    ) -> DecodedMany | None:
        """Decode N exchanges with a path and content type that `decode` has already decoded.

        Return None if the plugin that decoded it cannot decode many at once, or not these.
        """
        known = self._known.get((path, request_type))
        many = self._many.get(known) if known is not None else None
        try:
            return many(requests, responses) if many is not None else None
        except Exception:  # decoding one by one then shows which body is invalid, and why
            return None


def plain(body: Body, encoding: str | None) -> Body:
    """Decompress a stored body; text was never compressed, or was masked after decompression."""
    if not isinstance(body, bytes) or not encoding or encoding == "identity":
        return body
    return inflate(body, encoding, _MAX_INFLATED_BYTES)


def _call(decoder: Decoder, payload: Payload) -> Decoded | None:
    try:
        return decoder(payload)
    except Exception as error:  # an error in a plugin costs only the rows of this body
        return Decoded(note=f"decoding failed: {type(error).__name__}")
