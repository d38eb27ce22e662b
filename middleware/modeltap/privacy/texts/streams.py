"""Masking of streams: server-sent events and JSON Lines.

The value of a `data:` line, or a line of JSON, is masked by field like a JSON body. The number of
lines is preserved, because line times refer to it; only a truncated last line may be dropped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from modeltap.privacy.limits import Unmaskable
from modeltap.privacy.texts.text_masker import TextMasker

_ENDS = re.compile(r"(\r\n|\r|\n)")
_FIELD = re.compile(r"((data|event|id|retry)(?:: ?|\Z)|:|\Z).*")
_BARE_NAME = re.compile(r"[\w.:/-]{1,100}")
_BEGINNINGS = ("data:", "event:", "id:", "retry:", ":")
_DONE = "[DONE]"
_HAS_FIELDS = re.compile(r"\s*(?:\[\s*)?\{")
"""A line with an object. A list or a text may name the values in the next line, as in a table."""


class EventLine(NamedTuple):
    """A line of server-sent events; a comment's `name` is a colon, a blank line's is empty."""

    name: str
    start: str
    value: str
    end: str

    @property
    def text(self) -> str:
        return self.start + self.value + self.end

    def with_value(self, value: str | None) -> EventLine:
        """Return this line with another value, or an empty comment if `value` is None."""
        if not self.value:
            return self
        return self._replace(start=":", value="") if value is None else self._replace(value=value)


def masked_stream(text: str, masker: TextMasker) -> str | None:
    """Return `text` masked if it is server-sent events or JSON Lines; None for other text.

    Raises `Unmaskable` if sensitive data in it cannot be separated from the rest.
    """
    if text.lstrip("\r\n").startswith(_BEGINNINGS):
        lines = _event_lines(text)
        return None if lines is None else "".join(_masked_events(lines, masker))
    return _masked_json_lines(text, masker) if text[:1] in ("{", "[") else None


def _event_lines(text: str) -> list[EventLine] | None:
    """Return the lines of server-sent events; None if a line is not a field of an event."""
    parts = _ENDS.split(text)
    if not parts[-1]:
        del parts[-1]
    lines = []
    for line, end in zip_longest(parts[::2], parts[1::2], fillvalue=""):
        field = _FIELD.fullmatch(line)
        if field is None and end:
            return None
        start, name = (field[1], field[2]) if field else ("", "")
        lines.append(EventLine(name or start, start, line[len(start) :], end))
    return lines


def _masked_events(lines: list[EventLine], masker: TextMasker) -> Iterator[str]:
    event: list[EventLine] = []
    for line in lines:
        event.append(line)
        if not line.name and line.end:
            yield from _masked_event(event, masker)
            event = []
    try:
        yield from _masked_event(event, masker)
    except Unmaskable:
        # The body may be truncated within its last line, or before an event's data.
        if event[-1].end and event[-1].name != "event":
            raise
        yield from _masked_event(event[:-1], masker)


def _masked_event(lines: list[EventLine], masker: TextMasker) -> list[str]:
    """Return the masked lines of one event."""
    if masker.may_contain_names("\n".join(line.value for line in lines)):
        lines = _with_values_masked(lines, masker)
    return [line.text for line in lines]


def _with_values_masked(lines: list[EventLine], masker: TextMasker) -> list[EventLine]:
    data = [line.value for line in lines if line.name == "data"]
    named = any(line.name == "event" and _is_name(line.value, masker) for line in lines)
    if named and not data:
        raise Unmaskable
    if len(data) > 1 and not named and _document(whole := "\n".join(data), masker) != whole:
        raise Unmaskable  # masking would merge a document on several lines into one line
    return [_masked_line(line, named, len(data) == 1, masker) for line in lines]


def _masked_line(line: EventLine, named: bool, alone: bool, masker: TextMasker) -> EventLine:
    """Mask a line of an event that has a sensitive name, or that is `alone` as a data line."""
    if line.name not in ("data", "event"):
        return _masked_other(line, masker)
    if named:
        return line.with_value(masker.marks.replacement(line.value))
    return line.with_value(_document(line.value, masker)) if alone and line.name == "data" else line


def _is_name(event: str, masker: TextMasker) -> bool:
    """Return True if an event's name is sensitive, and so is its data."""
    kept = masker.unless_named(event)
    if kept is None and _BARE_NAME.fullmatch(event):
        # Only a full match counts: 'video' contains 'id'.
        return masker.is_sensitive(event)
    return kept != event


def _masked_other(line: EventLine, masker: TextMasker) -> EventLine:
    """Mask a line that is neither data nor the name of an event."""
    kept = masker.unless_named(line.value)
    if kept is None and line.name != "id":
        raise Unmaskable
    return line.with_value(masker.marks.replacement(line.value) if kept is None else kept)


def _document(value: str, masker: TextMasker) -> str:
    """Return masked data; raises `Unmaskable` if it contains a name but no fields."""
    if value == _DONE:
        return value
    kept = masker.document(value)
    if (
        kept is not None
        and not _HAS_FIELDS.match(value)
        and masker.unless_named(_unescaped(value)) is None
    ):
        raise Unmaskable
    kept = masker.unless_named(value) if kept is None else kept
    if kept is None:
        raise Unmaskable
    return kept


def _unescaped(value: str) -> str:
    """Return JSON without escapes of letters."""
    try:
        return json.dumps(json.loads(value), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise Unmaskable from None


def _masked_json_lines(text: str, masker: TextMasker) -> str | None:
    """Mask lines that are JSON objects; None if one is not, except for a truncated last line."""
    *complete, last = text.split("\n")
    kept = []
    for line in complete:
        kept_line = _json_line(line, masker)
        if kept_line is None:
            return None
        kept.append(kept_line)
    if not kept:
        return None
    kept_line = _json_line(last, masker)
    # In a truncated line a secret follows its name, so a line without a name has no secret.
    kept.append((masker.unless_named(last) or "") if kept_line is None else kept_line)
    return "\n".join(kept)


def _json_line(line: str, masker: TextMasker) -> str | None:
    if not line.strip():
        return line
    bare = line.removesuffix("\r")
    kept = masker.document(bare) if _HAS_FIELDS.match(bare) else None
    return None if kept is None else kept + line[len(bare) :]
