"""Texts of bodies that fit into a page: long ones are cut by what they take as HTML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from modeltap.output import cell
from modeltap.printable import escaped_lines

_BODY_BYTES = 110_000
"""The most bytes of HTML of a body: two, the turns and the facts stay below 500 kB."""

_LIST_BYTES = 90_000
"""The most bytes of HTML of all texts of a list, such as the turns of a conversation."""

_LONGEST_PARSED = 2_000_000
"""Longer JSON is shown as it is: writing it on several lines takes too long."""


class ShownText(NamedTuple):
    """A text as a page shows it, and the number of characters that it leaves out."""

    text: str
    hidden: int = 0


def shown_body(body: str | bytes | None) -> ShownText | None:
    """Return a body as text: JSON on several lines, bytes as their number and their beginning."""
    if body is None:
        return None
    if isinstance(body, bytes):
        return ShownText(f"{cell(body)}\n{body[:256].hex(' ', 2)}".strip())
    return cut_to(escaped_lines(_indented(body)), _BODY_BYTES)


def _indented(body: str) -> str:
    if len(body) > _LONGEST_PARSED or not body.lstrip().startswith(("{", "[")):
        return body
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return body


def cut_to(text: str, most_bytes: int) -> ShownText:
    """Return the beginning of a text that takes at most `most_bytes` as HTML.

    >>> cut_to("<" * 10, 12)
    ShownText(text='<<<', hidden=7)
    """
    part = text[:most_bytes]
    while (size := _size(part)) > most_bytes:
        part = part[: len(part) * most_bytes // size]
    return ShownText(part, len(text) - len(part))


def _size(text: str) -> int:
    return len(escape(text).encode("utf-8", "replace"))


def fitting(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Return rows with their texts cut, so that the texts of all take a bounded size.

    The last rows, which are the newest, get what earlier ones leave over.
    """
    remaining = _LIST_BYTES
    shown: list[dict[str, Any]] = []
    for place, row in enumerate(reversed(rows)):
        fair = max(remaining // max(1, min(4, len(rows) - place)), 0)
        texts = {name: cut_to(escaped_lines(str(row[name])), fair) for name in names}
        remaining -= sum(_size(text.text) for text in texts.values())
        remaining = max(remaining, 0)
        hidden = sum(text.hidden for text in texts.values())
        shown.append({**row, **{name: own.text for name, own in texts.items()}, "hidden": hidden})
    return shown[::-1]
