"""Shared memory: of the requested size, in no file, with and without Linux's system call."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from modeltap.writer.sharing import shared_memory


@pytest.mark.parametrize("is_linux", [True, False])
def test_two_mappings_share_their_bytes(monkeypatch, is_linux):
    if not is_linux:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    shm = Path("/dev/shm")  # files in memory, which have a name only for an instant
    before = set(shm.glob("modeltap-*"))
    descriptor = shared_memory.create(8192)
    assert os.fstat(descriptor).st_size == 8192
    assert set(shm.glob("modeltap-*")) <= before
    first, second = mmap.mmap(descriptor, 8192), mmap.mmap(descriptor, 8192)
    os.close(descriptor)
    first[8000:8004] = b"here"
    assert second[8000:8004] == b"here"
    first.close()
    second.close()


def test_a_mark_is_not_copied_into_a_fork():
    mark = shared_memory.process_mark()
    pid = os.fork()
    if pid == 0:
        os._exit(mark[0])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert mark[0] == 1
