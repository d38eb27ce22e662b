"""How a response in several pieces came: their number, the gaps, and when its lines were there.

Worked out where the row is written; a request keeps only times and sizes.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from itertools import pairwise

_MAX_LINES = 512
"""Of how many pieces the lines are told; in what is kept of a body are rarely more."""

_BEGINNINGS = (b"data:", b"event:", b"id:", b":", b"{")
"""How server-sent events and JSON Lines begin: of other bodies nobody asks for a line's time."""


def stream_of(count: int, packed: bytes, body: bytes | bytearray, encoding: str) -> str:
    """Return as JSON what is known of a response in `count` pieces.

    Args:
        count: how many pieces there were.
        packed: of the first of them, doubles: ms after the request, bytes up to the piece's end.
        body: what was kept of the response, as it was sent.
        encoding: its Content-Encoding; lines of what is compressed cannot be told.

    >>> pieces = array("d", (5.0, 8, 7.5, 16, 9.0, 24))
    >>> stream_of(3, pieces.tobytes(), b"data: 1\\ndata: 2\\ndata: 3\\n", "")
    '{"chunks":3,"gap_p50_ms":2.5,"gap_p95_ms":2.5,"gap_max_ms":2.5,"lines":[[5.0,1],[7.5,2],[9.0,3]]}'
    """
    pieces = array("d", packed)
    moments, ends = pieces[0::2], pieces[1::2]
    gaps = sorted(round(b - a, 3) for a, b in pairwise(moments))
    said: dict[str, object] = {"chunks": count}
    for name, share in (("gap_p50_ms", 0.5), ("gap_p95_ms", 0.95), ("gap_max_ms", 1.0)):
        said[name] = gaps[min(len(gaps) - 1, int(share * len(gaps)))]
    if not encoding and body[:8].lstrip().startswith(_BEGINNINGS):
        said["lines"] = _lines(moments, ends, body)
    return json.dumps(said, separators=(",", ":"))


def _lines(
    moments: Sequence[float], ends: Sequence[float], body: bytes | bytearray
) -> list[tuple[float, int]]:
    """Return when how many lines of `body` were complete, for each piece that completed one."""
    found: list[tuple[float, int]] = []
    complete = start = 0
    for moment, end in zip(moments[:_MAX_LINES], ends, strict=False):
        new = body.count(b"\n", start, int(end))
        if new:
            complete += new
            found.append((round(moment, 3), complete))
        start = int(end)
    return found
