"""Memory that an app shares with its child processes, and that is in no file."""

from __future__ import annotations

import mmap
import os
from contextlib import suppress

_WIPE_ON_FORK = 18
"""Linux's `MADV_WIPEONFORK`, which the module `mmap` does not name."""


def create(size: int) -> int:
    """Return a descriptor of `size` bytes of new shared memory, which ends with its last user.

    Raises `OSError` if the system refuses it.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("modeltap")
    else:  # not Linux
        import _posixshmem  # type: ignore[import-not-found]  # of the standard library

        name = f"/modeltap-{os.getpid()}-{os.urandom(4).hex()}"
        descriptor = _posixshmem.shm_open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR, mode=0o600)
        _posixshmem.shm_unlink(name)
    try:
        os.ftruncate(descriptor, size)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def process_mark() -> mmap.mmap:
    """Return memory that begins with 1 in this process, and with 0 in a fork of it.

    It tells a fork by C code, which runs none of Python's hooks, too.

    >>> process_mark()[0]
    1
    """
    mark = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # not Linux, where Python's hooks must do
        mark.madvise(_WIPE_ON_FORK)
    mark[0] = 1
    return mark
