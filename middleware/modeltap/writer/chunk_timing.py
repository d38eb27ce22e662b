"""Timing of a response in several chunks: their number, the gaps, and the times of its lines.

Computed by the writer process; a request records only times and sizes.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from itertools import pairwise

_MAX_LINES = 512
"""The number of chunks with timed lines: 64 KB of a token stream rarely have more."""

_BEGINNINGS = (b"data:", b"event:", b"id:", b":", b"{")
"""The first bytes of server-sent events and JSON Lines; lines of other bodies are not timed."""


def stream_of(count: int, packed: bytes, body: bytes | bytearray, encoding: str) -> str:
    """Return the timing of a response in `count` chunks, as JSON.

    Args:
        count: the number of chunks.
        packed: two doubles for each of the first chunks: time in ms after the request, and total
            bytes at the end of the chunk.
        body: the recorded part of the response, as it was sent.
        encoding: its Content-Encoding; lines of compressed bodies are not timed.

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
    """Return the time and the number of complete lines, for each chunk that completes a line."""
    lines: list[tuple[float, int]] = []
    complete = start = 0
    for moment, end in zip(moments[:_MAX_LINES], ends, strict=False):
        new = body.count(b"\n", start, int(end))
        if new:
            complete += new
            lines.append((round(moment, 3), complete))
        start = int(end)
    return lines
