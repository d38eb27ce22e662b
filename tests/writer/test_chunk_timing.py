"""Timing of a response in several chunks: gaps, and times of lines of streams only."""

from __future__ import annotations

import json
from array import array

import pytest

from modeltap.writer.chunk_timing import stream_of


def packed(*chunks):
    return array("d", [value for chunk in chunks for value in chunk]).tobytes()


def test_gaps_are_between_adjacent_chunks():
    """The median, the 95th percentile and the longest of ten."""
    moments = [0, *(n**2 for n in range(1, 11))]
    timing = json.loads(stream_of(11, packed(*((m, 0) for m in moments)), b"", ""))
    assert timing == {"chunks": 11, "gap_p50_ms": 11.0, "gap_p95_ms": 19.0, "gap_max_ms": 19.0}


def test_a_line_has_the_time_of_the_chunk_that_ends_it():
    """An incomplete line has no time."""
    body = b"data: 1\ndata: 2\n"
    timing = json.loads(stream_of(3, packed((5, 10), (6, 12), (9, 16)), body, ""))
    assert timing["lines"] == [[5.0, 1], [9.0, 2]]


@pytest.mark.parametrize(
    ("body", "encoding"), [(b"data: 1\n", "gzip"), (b"a,b\n1,2\n", ""), (b"<p>\n</p>\n", "")]
)
def test_lines_of_other_bodies_are_not_timed(body, encoding):
    """Compressed bodies, and formats that are not read line by line."""
    timing = json.loads(stream_of(2, packed((1, 4), (2, len(body))), body, encoding))
    assert timing["chunks"] == 2 and "lines" not in timing


def test_lines_of_512_chunks_are_timed():
    body = b"data:\n" * 2000
    packed_chunks = packed(*((n, 6 * (n + 1)) for n in range(2000)))
    assert len(json.loads(stream_of(2000, packed_chunks, body, ""))["lines"]) == 512
