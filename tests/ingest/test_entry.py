"""Entries of logs: their size is that of their bodies."""

from __future__ import annotations

import pytest

from modeltap.ingest.entry import Logged, TableBlock


@pytest.mark.parametrize(
    ("request_", "response", "size"), [(None, None, 0), (b"ab", None, 2), (b"ab", b"\xffcd", 5)]
)
def test_a_size_is_that_of_both_bodies(request_, response, size):
    entry = Logged(source="s", key="k", time=None, request=request_, response=response)
    assert entry.size() == size and entry.side is None


@pytest.mark.parametrize("responses", [(), ["[0]", "[1, 2]"]])
def test_a_block_has_the_size_and_the_entries_of_its_rows(responses):
    block = TableBlock(
        source="s",
        table="t",
        lines=[2, 3],
        times=[1.0, None],
        requests=["{}", '{"x": 1}'],
        responses=responses,
        names=("x",),
        texts=[],
    )
    entries = list(block.entries())
    assert len(block) == len(entries) and block.size() == sum(map(Logged.size, entries))
    assert [entry.time for entry in entries] == [1.0, None]
    assert [entry.response for entry in entries] == [
        text and text.encode() for text in responses or (None, None)
    ]
