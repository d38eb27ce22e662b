"""Doing something as another user, for tests that run as root."""

from __future__ import annotations

import os
import traceback

import pytest

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


def as_user(user, work, *, group=None, groups=()):
    """Call `work` as the user with this number; return what it returned, or raised, as text."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.setgroups(groups)
            os.setgid(user if group is None else group)
            os.setuid(user)
            try:
                answer = str(work())
            except Exception as error:
                answer = f"{type(error).__name__}: {error}"
            os.write(writing, answer.encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(child, 0)
    return answer
