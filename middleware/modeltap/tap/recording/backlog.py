"""A bounded queue of frames that wait for space in the buffer; refused frames are counted."""

from __future__ import annotations

from collections import Counter, deque

_OVERHEAD_BYTES = 64
"""The memory of a frame in addition to its bytes: the object header and the slot in the deque."""


class Backlog:
    """A queue of at most `max_records` frames and `max_bytes` bytes.

    >>> backlog = Backlog(2, 1000)
    >>> backlog.add(b"one"), backlog.add(b"two"), backlog.add(b"three")
    (True, True, False)
    >>> backlog.new_losses(), backlog.new_losses(), backlog.take(1)
    ({'queue full: records': 1}, {}, [b'one'])
    """

    def __init__(self, max_records: int, max_bytes: int) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._frames: deque[bytes] = deque()
        self._reported: Counter[str] = Counter()
        self.bytes = 0
        self.dropped: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: bytes) -> bool:
        """Append `frame`; if the queue is full, count it as dropped and return False."""
        total = self.bytes + len(frame) + _OVERHEAD_BYTES
        if total > self._max_bytes or len(self._frames) >= self._max_records:
            limit = "bytes" if total > self._max_bytes else "records"
            self.dropped[f"queue full: {limit}"] += 1
            return False
        self._frames.append(frame)
        self.bytes = total
        return True

    def take(self, size: int) -> list[bytes]:
        """Remove and return the first frames with at least `size` bytes in total, or all."""
        taken: list[bytes] = []
        while self._frames and size > 0:
            frame = self._frames.popleft()
            self.bytes -= len(frame) + _OVERHEAD_BYTES
            size -= len(frame)
            taken.append(frame)
        return taken

    def new_losses(self) -> dict[str, int]:
        """Return the number of frames dropped since the last call, by reason."""
        new = self.dropped - self._reported
        self._reported += new
        return dict(new)
