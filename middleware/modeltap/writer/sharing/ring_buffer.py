"""A ring buffer in memory that the app shares with its writer process.

Copying an exchange into it takes a tenth of the time of a write into a pipe, which is a system
call. Bytes in it survive the app, even `kill -9`, as long as the other process maps the memory.
"""

from __future__ import annotations

import mmap
import os
import threading

from modeltap.writer.sharing import shared_memory

SIZE = 1 << 20
"""The bytes that a ring buffer holds: about 800 requests of 1 KB."""

_READ, _WRITTEN = 0, 8
"""Indices of the numbers before the bytes: the total bytes read and written so far. Each is in a
cache line of its own, and so is the next one."""

_SLEEPS = 128
"""The index of the byte that is 1 while the reader sleeps."""

_FIRST = mmap.PAGESIZE
_END = _FIRST + SIZE
"""The bytes that are sent are from `_FIRST` to before `_END`."""

IN_ORDER = os.uname().machine in ("x86_64", "amd64")
"""True if one processor sees the stores of another in their order; others need a barrier."""


class RingBuffer:
    """Bytes in their order, from one process to another; each side has its own object.

    Each side must have a single caller at a time.

    >>> descriptor = RingBuffer.create()
    >>> ours, theirs = RingBuffer(descriptor), RingBuffer(descriptor)
    >>> ours.put(b"one"), ours.put(b"two"), theirs.take(), theirs.take()
    (True, True, b'onetwo', b'')
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, _END)
        self._numbers = memoryview(self._memory)[:_FIRST].cast("Q")
        self._lock = threading.Lock()
        self._written: int = self._numbers[_WRITTEN]
        self._space = 0  # at least so many bytes are free

    @staticmethod
    def create() -> int:
        """Return a descriptor of new shared memory for a ring buffer."""
        return shared_memory.create(_END)

    def put(self, data: bytes | memoryview) -> bool:
        """Append all of `data`; return False, without a change, if there is no space for it."""
        size = len(data)
        if size > self._space and size > self.space():
            return False
        written = self._written
        start = _FIRST + written % SIZE
        end = start + size
        if end <= _END:
            self._memory[start:end] = data
        else:
            self._memory[start:] = data[: _END - start]
            self._memory[_FIRST : end - SIZE] = data[_END - start :]
        if not IN_ORDER:
            self.barrier()
        self._written = self._numbers[_WRITTEN] = written + size
        self._space -= size
        return True

    def space(self) -> int:
        """Return the number of free bytes."""
        self._space = SIZE - self.used()
        return self._space

    def used(self) -> int:
        """Return the number of bytes that are not read yet."""
        return int(self._numbers[_WRITTEN] - self._numbers[_READ])

    def take(self) -> bytes:
        """Remove and return all bytes."""
        read, written = self._numbers[_READ], self._numbers[_WRITTEN]
        if not IN_ORDER:
            self.barrier()
        start = _FIRST + read % SIZE
        end = start + written - read
        data = self._memory[start:end]
        if end > _END:
            data += self._memory[_FIRST : end - SIZE]
        if not IN_ORDER:
            self.barrier()
        self._numbers[_READ] = written
        return data

    def fall_asleep(self) -> bool:
        """Announce that the reader sleeps; return False if there is something to read instead."""
        self._memory[_SLEEPS] = 1
        self.barrier()
        if self.used():
            self.wake_up()
            return False
        return True

    def wake_up(self) -> None:
        """Announce that the reader is awake."""
        self._memory[_SLEEPS] = 0

    def has_sleeping_reader(self) -> bool:
        """Return True if the reader has to be woken, after a `put` and a `barrier`."""
        return self._memory[_SLEEPS] != 0

    def close(self) -> None:
        """Release the memory."""
        self._numbers.release()
        self._memory.close()

    def barrier(self) -> None:
        """Order loads and stores before and after: locks are barriers of the processor, too.

        What is before a lock may move into it, and so may what is after it, but neither passes the
        release of a lock and the acquisition of the next.
        """
        with self._lock:
            pass
        with self._lock:
            pass
