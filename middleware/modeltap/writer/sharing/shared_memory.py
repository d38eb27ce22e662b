"""Memory that an app shares with its child processes, and that is in no file."""

from __future__ import annotations

import os


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
    os.ftruncate(descriptor, size)
    return descriptor
