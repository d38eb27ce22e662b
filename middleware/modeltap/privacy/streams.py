"""Masking of streams, which are no JSON document: server-sent events, and JSON Lines.

What stands in a `data:` line, or in a line of JSON, is masked by field as a JSON body is. The
number of lines stays, for their times are known by it; only a last line that was cut may go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import NamedTuple

_ENDS = re.compile(r"(\r\n|\r|\n)")
_FIELD = re.compile(r"((data|event|id|retry)(?:: ?|\Z)|:|\Z).*")
_BARE_NAME = re.compile(r"[\w.:/-]{1,100}")
_BEGINNINGS = ("data:", "event:", "id:", "retry:", ":")
_DONE = "[DONE]"
_HAS_FIELDS = re.compile(r"\s*(?:\[\s*)?\{")
"""Of lists and texts the next line may hold what the names in this one are of, as a table does."""


class Unmaskable(Exception):
    """There is something sensitive in the text, and nobody knows where it ends."""


class Rules(NamedTuple):
    """How the parts of a stream are masked; each comes from `mask.Masker`."""

    may_hold_names: Callable[[str], bool]
    """A cheap look at a text."""
    document: Callable[[str], str | None]
    """JSON with its fields masked; None for what is no JSON."""
    text: Callable[[str], str | None]
    """Other text as far as it may be kept; None where a sensitive name is in it."""
    is_name: Callable[[str], bool]
    mark: Callable[[str], str | None]
    """What stands in a value's place; None where it is to go with its name."""


class _Line(NamedTuple):
    """A line of server-sent events; a comment's `name` is a colon, a blank line's is empty."""

    name: str
    start: str
    value: str
    end: str

    @property
    def text(self) -> str:
        return self.start + self.value + self.end

    def with_value(self, value: str | None) -> _Line:
        """Return this line with another value; without one it is an empty comment."""
        if not self.value:
            return self
        return self._replace(start=":", value="") if value is None else self._replace(value=value)


def masked_stream(text: str, rules: Rules) -> str | None:
    """Return `text` masked, if it is server-sent events or JSON Lines; None for any other.

    Raises `Unmaskable` where it is, and something sensitive cannot be told from the rest.
    """
    if text.lstrip("\r\n").startswith(_BEGINNINGS):
        lines = _event_lines(text)
        return None if lines is None else "".join(_masked_events(lines, rules))
    return _masked_json_lines(text, rules) if text[:1] in ("{", "[") else None


def _event_lines(text: str) -> list[_Line] | None:
    """Return the lines of server-sent events; None where one is no field: it is other text."""
    pieces = _ENDS.split(text)
    if not pieces[-1]:
        del pieces[-1]
    lines = []
    for line, end in zip_longest(pieces[::2], pieces[1::2], fillvalue=""):
        field = _FIELD.fullmatch(line)
        if field is None and end:
            return None
        start, name = (field[1], field[2]) if field else ("", "")
        lines.append(_Line(name or start, start, line[len(start) :], end))
    return lines


def _masked_events(lines: list[_Line], rules: Rules) -> Iterator[str]:
    event: list[_Line] = []
    for line in lines:
        event.append(line)
        if not line.name and line.end:
            yield from _masked_event(event, rules)
            event = []
    try:
        yield from _masked_event(event, rules)
    except Unmaskable:
        # The body was cut within its last line, or before an event's data.
        if event[-1].end and event[-1].name != "event":
            raise
        yield from _masked_event(event[:-1], rules)


def _masked_event(lines: list[_Line], rules: Rules) -> list[str]:
    """Return the lines of one event as they may be kept."""
    if rules.may_hold_names("\n".join(line.value for line in lines)):
        lines = _with_values_masked(lines, rules)
    return [line.text for line in lines]


def _with_values_masked(lines: list[_Line], rules: Rules) -> list[_Line]:
    data = [line.value for line in lines if line.name == "data"]
    named = any(line.name == "event" and _is_name(line.value, rules) for line in lines)
    if named and not data:
        raise Unmaskable
    if len(data) > 1 and not named and _document(whole := "\n".join(data), rules) != whole:
        raise Unmaskable  # a document over several lines would have to become one line
    return [_masked_line(line, named, len(data) == 1, rules) for line in lines]


def _masked_line(line: _Line, named: bool, alone: bool, rules: Rules) -> _Line:
    """Mask a line of an event that has a sensitive name, or `alone` all its data."""
    if line.name not in ("data", "event"):
        return _beside(line, rules)
    if named:
        return line.with_value(rules.mark(line.value))
    return line.with_value(_document(line.value, rules)) if alone and line.name == "data" else line


def _is_name(event: str, rules: Rules) -> bool:
    """Say whether an event's name is sensitive: its data is what stands under it."""
    kept = rules.text(event)
    if kept is None and _BARE_NAME.fullmatch(event):
        return rules.is_name(event)  # 'video' is not called 'id', though its letters are in it
    return kept != event


def _beside(line: _Line, rules: Rules) -> _Line:
    """Mask a line that is neither data nor an event's name."""
    kept = rules.text(line.value)
    if kept is None and line.name != "id":
        raise Unmaskable
    return line.with_value(rules.mark(line.value) if kept is None else kept)


def _document(value: str, rules: Rules) -> str:
    """Return data masked; raises `Unmaskable` where it has no fields, but a name in it."""
    if value == _DONE:
        return value
    kept = rules.document(value)
    if kept is not None and not _HAS_FIELDS.match(value) and rules.text(_unescaped(value)) is None:
        raise Unmaskable
    kept = rules.text(value) if kept is None else kept
    if kept is None:
        raise Unmaskable
    return kept


def _unescaped(value: str) -> str:
    """Return JSON with its letters written as such."""
    try:
        return json.dumps(json.loads(value), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise Unmaskable from None


def _masked_json_lines(text: str, rules: Rules) -> str | None:
    """Mask line by line where each is a whole document with fields, but for a cut last one."""
    *whole, last = text.split("\n")
    kept = []
    for line in whole:
        found = _json_line(line, rules)
        if found is None:
            return None
        kept.append(found)
    if not kept:
        return None
    found = _json_line(last, rules)
    # In a line that was cut a secret follows its name: without a name there is none.
    kept.append((rules.text(last) or "") if found is None else found)
    return "\n".join(kept)


def _json_line(line: str, rules: Rules) -> str | None:
    if not line.strip():
        return line
    bare = line.removesuffix("\r")
    kept = rules.document(bare) if _HAS_FIELDS.match(bare) else None
    return None if kept is None else kept + line[len(bare) :]
