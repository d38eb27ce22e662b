"""The protocol between an app and its writer process: frames one way, counters the other."""

from __future__ import annotations

import mmap
import struct
from collections import Counter
from collections.abc import Iterator

from modeltap.writer.shadow_outcomes import OUTCOMES
from modeltap.writer.sharing import shared_memory

HEADER = struct.Struct("<BI")
"""A frame's header: its kind and the size of its payload in bytes."""

_SIZES = struct.Struct("<II")
_SIZES_BYTES = _SIZES.size
_EXCHANGE_HEADER = struct.Struct("<BIII")
"""A payload with an exchange begins with the sizes of its fields and of the request's body."""

EXCHANGE, ORIGIN, LOSSES = 1, 2, 3

UNUSABLE = "store unusable"
NO_ROOM = "disk nearly full"
"""The reasons why the writer process loses exchanges."""


def frame(kind: int, payload: bytes) -> bytes:
    """Return `payload` with a frame header.

    >>> frames = Frames()
    >>> list(frames.split(frame(EXCHANGE, b"one") + frame(LOSSES, b"two")[:6]))
    [(1, b'one')]
    >>> list(frames.split(frame(LOSSES, b"two")[6:]))
    [(3, b'two')]
    """
    return HEADER.pack(kind, len(payload)) + payload


def exchange_frame(fields: bytes, request: bytes | bytearray, response: bytes | bytearray) -> bytes:
    """Return a frame with an exchange: its packed fields without bodies, and its bodies.

    >>> (_, payload), = Frames().split(exchange_frame(b"fields", b"to", b"from"))
    >>> exchange_parts(payload)
    (b'fields', b'to', b'from')
    """
    size, request_size = len(fields), len(request)
    total = size + request_size + len(response) + _SIZES_BYTES
    header = _EXCHANGE_HEADER.pack(EXCHANGE, total, size, request_size)
    return b"".join((header, fields, request, response))


def exchange_parts(payload: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the packed fields and the bodies in the payload of an exchange's frame."""
    size, request_size = _SIZES.unpack_from(payload)
    start = _SIZES_BYTES + size
    end = start + request_size
    return payload[_SIZES_BYTES:start], payload[start:end], payload[end:]


class Frames:
    """Splits a byte stream into frames; keeps an incomplete frame until the rest arrives."""

    def __init__(self) -> None:
        self._rest = b""

    def split(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield the kind and payload of each frame that `data` completes."""
        data, start = self._rest + data, 0
        while len(data) - start >= HEADER.size:
            kind, size = HEADER.unpack_from(data, start)
            end = start + HEADER.size + size
            if end > len(data):
                break
            yield kind, data[start + HEADER.size : end]
            start = end
        self._rest = data[start:]


_HURRY = 8
"""The index of the slot for the flag `hurry`."""

_SHADOW = 16
"""The index of the first slot for outcomes of shadow requests."""


class Counters:
    """Counters in shared memory, which the app reads without involving the writer.

    >>> counters = Counters(Counters.create())
    >>> counters.add(written=2)
    >>> counters.read()
    Counter({'written': 2})
    >>> counters.add_shadow("kept", 3)
    >>> counters.shadow()
    Counter({'kept': 3})
    """

    _NAMES = ("failed", "no_room", "unusable", "written")

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        self._slots = memoryview(self._memory).cast("Q")

    @staticmethod
    def create() -> int:
        """Return a descriptor of new shared memory."""
        return shared_memory.create(mmap.PAGESIZE)

    def add(
        self, *, failed: int = 0, no_room: int = 0, unusable: int = 0, written: int = 0
    ) -> None:
        """Count exchanges: not convertible to rows, lost on a full disk, lost because the store
        was unusable, and written."""
        for slot, count in enumerate((failed, no_room, unusable, written)):
            self._slots[slot] += count

    def read(self) -> Counter[str]:
        """Return all counts; their sum is the number of settled exchanges."""
        return +Counter(dict(zip(self._NAMES, self._slots, strict=False)))

    def total(self) -> int:
        """Return the number of settled exchanges: written, failed or lost."""
        return sum(self._slots[: len(self._NAMES)])

    def add_shadow(self, outcome: str, count: int = 1) -> None:
        """Count requests that were chosen for a challenger, by one of `OUTCOMES`.

        Only one process may count an outcome, because additions are not atomic.
        """
        self._slots[_SHADOW + OUTCOMES.index(outcome)] += count

    def shadow(self) -> Counter[str]:
        """Return the number of requests that were chosen for a challenger, by outcome."""
        slots = self._slots[_SHADOW : _SHADOW + len(OUTCOMES)]
        return +Counter(dict(zip(OUTCOMES, slots, strict=True)))

    @property
    def hurry(self) -> bool:
        """True if a caller waits for the store, so that the writer must not gather more input."""
        return bool(self._slots[_HURRY])

    @hurry.setter
    def hurry(self, on: bool) -> None:
        self._slots[_HURRY] = on

    def close(self) -> None:
        """Release the memory."""
        self._slots.release()
        self._memory.close()
