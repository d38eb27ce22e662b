"""Messages without the parts that differ from one request to the next."""

from __future__ import annotations

import re

_LONGEST = 300
"""Characters of a shape: a longer message is a trace or a document."""

_PARTS = (
    (
        re.compile(r"""(?<!\w)(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`[^`\n]*`)(?!\w)"""),
        "[value]",
    ),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.I), "[id]"),
    (
        re.compile(
            r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d\b)?"
        ),
        "[time]",
    ),
    (re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]+\b"), "[email]"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.I), "[id]"),
    (re.compile(r"\b(?=[a-z]*\d)(?=\d*[a-z])[0-9a-z]{12,}\b", re.I), "[id]"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.I), "[id]"),
    (re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?:e[-+]?\d+)?(?!\w)", re.I), "[number]"),
)
"""Patterns in order, and the mark of each: numbers last, because ids contain them."""

_REPEATED = re.compile(r"(\[(?:value|number|id|time)\])(?:,? \1)+")
"""Lists of values, whose length differs."""


def shape_of(message: str) -> str:
    """Return the first line of a message with marks for quoted values, ids, times and numbers.

    >>> shape_of("no stock for 'abc' since 2024-01-02: 3 of 7 left")
    'no stock for [value] since [time]: [number] of [number] left'
    >>> shape_of("shapes (3,4) and (5, 6, 7) don't match"), shape_of("v1 of r2d2")
    ("shapes ([number]) and ([number], ...) don't match", 'v1 of r2d2')
    """
    line = next(iter(message.strip().splitlines()), "")[: 4 * _LONGEST]
    for pattern, mark in _PARTS:
        line = pattern.sub(mark, line)
    line = _REPEATED.sub(r"\1, ...", line)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def path_shape(path: str) -> str:
    """Return a path with marks for its ids and numbers.

    >>> path_shape("/models/7/predict/9f1c2d3e4f5a6b7c")
    '/models/[number]/predict/[id]'
    """
    return shape_of(path)
