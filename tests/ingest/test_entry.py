"""Entries of logs: their size is that of their bodies."""

from __future__ import annotations

import pytest

from modeltap.ingest.entry import Logged


@pytest.mark.parametrize(
    ("request_", "response", "size"), [(None, None, 0), (b"ab", None, 2), (b"ab", b"\xffcd", 5)]
)
def test_a_size_is_that_of_both_bodies(request_, response, size):
    entry = Logged(source="s", key="k", time=None, request=request_, response=response)
    assert entry.size() == size and entry.side is None
