"""Timing of a response in several chunks: their number, the gaps, and when its lines were there.

Computed where the row is written; a request keeps only times and sizes.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from itertools import pairwise

_MAX_LINES = 512
"""Lines are timed for this many chunks: 64 KB of a stream of tokens rarely have more."""

_BEGINNINGS = (b"data:", b"event:", b"id:", b":", b"{")
"""How server-sent events and JSON Lines begin: in other bodies lines have no times of interest."""


def stream_of(count: int, packed: bytes, body: bytes | bytearray, encoding: str) -> str:
    """Return the timing of a response in `count` chunks, as JSON.

    Args:
        count: the number of chunks.
        packed: doubles for the first of them: ms after the request, bytes up to the chunk's end.
        body: the part of the response that was kept, as it was sent.
        encoding: its Content-Encoding; compressed lines cannot be found.

    >>> chunks = array("d", (5.0, 8, 7.5, 16, 9.0, 24))
    >>> stream_of(3, chunks.tobytes(), b"data: 1\\ndata: 2\\ndata: 3\\n", "")
    '{"chunks":3,"gap_p50_ms":2.5,"gap_p95_ms":2.5,"gap_max_ms":2.5,"lines":[[5.0,1],[7.5,2],[9.0,3]]}'
    """
    chunks = array("d", packed)
    moments, ends = chunks[0::2], chunks[1::2]
    gaps = sorted(round(b - a, 3) for a, b in pairwise(moments))
    timing: dict[str, object] = {"chunks": count}
    for name, fraction in (("gap_p50_ms", 0.5), ("gap_p95_ms", 0.95), ("gap_max_ms", 1.0)):
        timing[name] = gaps[min(len(gaps) - 1, int(fraction * len(gaps)))]
    if not encoding and body[:8].lstrip().startswith(_BEGINNINGS):
        timing["lines"] = _lines(moments, ends, body)
    return json.dumps(timing, separators=(",", ":"))


def _lines(
    moments: Sequence[float], ends: Sequence[float], body: bytes | bytearray
) -> list[tuple[float, int]]:
    """Return when how many lines of `body` were complete, for each chunk that completed one."""
    lines: list[tuple[float, int]] = []
    complete = start = 0
    for moment, end in zip(moments[:_MAX_LINES], ends, strict=False):
        new = body.count(b"\n", start, int(end))
        if new:
            complete += new
            lines.append((round(moment, 3), complete))
        start = int(end)
    return lines
