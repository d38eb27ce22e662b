"""Masking of bodies of any type.

A body that parses is masked by field, by part or by pair, and a stream line by line. Text that
does not parse is kept only if it contains no sensitive name; the same holds for Parquet and for
JSON followed by other bytes. Other binary data is kept.
"""

from __future__ import annotations

from modeltap.privacy.bodies.archives import ZIP, members
from modeltap.privacy.bodies.binary import PARQUET, head_names, parquet_footer
from modeltap.privacy.bodies.body_text import as_text
from modeltap.privacy.bodies.charsets import UTF8_JSON, hides_text, is_text_type, other_text
from modeltap.privacy.bodies.compression import MAX_INFLATED_BYTES, encoding_by_magic, inflate
from modeltap.privacy.bodies.forms import is_form, masked_pairs
from modeltap.privacy.bodies.multipart import (
    BodyPart,
    is_multipart,
    names_in,
    parts_of,
    type_by_first_line,
    with_contents,
)
from modeltap.privacy.limits import Budget
from modeltap.privacy.texts.clean_strings import CleanStrings
from modeltap.privacy.texts.streams import masked_stream
from modeltap.privacy.texts.text_masker import TextMasker

UNMASKABLE = "unmaskable"
MASKED = "masked"

MaskedBody = tuple[str | bytes | None, str | None]
"""The body to store, and a note if it differs from the original body."""

DROPPED_BODY: MaskedBody = (None, UNMASKABLE)

_BYTE_ORDER_MARKS = b"\xff\xfe\xef\xbb\xbf"
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
_NO_TEXT = bytes(byte for byte in range(256) if not (32 <= byte < 127 or byte in b"\t\n\r"))
_JSON_SPACE = b" \t\r\n"
_JSON_STARTS = (b"{", b"[")
_MAX_DEPTH = 3
"""The maximum nesting depth of parts and compressed bodies."""


class BodyMasker:
    """Masks bodies according to their type.

    >>> from modeltap.privacy.masker import Masker
    >>> Masker().body(b"a=1&pin=x", "", "application/x-www-form-urlencoded")
    ('a=1&pin=%5Bmasked%5D', 'masked')
    """

    def __init__(self, texts: TextMasker, budget: Budget) -> None:
        self._texts = texts
        self._names = texts.names
        self._always_parses = texts.always_parses
        self._budget = budget
        self.clean = CleanStrings(texts.is_clean, texts.has_no_name, budget)
        self._was_clean = True

    def masked(self, body: bytes, encoding: str, content_type: str, depth: int = 0) -> MaskedBody:
        """Return the body to store, and a note if it differs from the original body.

        Raises `Unmaskable` if masking takes too many steps.
        """
        if depth > _MAX_DEPTH:
            return DROPPED_BODY
        if encoding and encoding != "identity":
            return self._compressed(body, encoding, content_type, depth)
        if content_type == UTF8_JSON and body[:1] in _JSON_STARTS:
            text = as_text(body)  # the most common body, without the checks for all others
            if text is not None:
                return self._utf8(body, text, content_type)
        if body.startswith(b"--") and not is_multipart(content_type):
            content_type = type_by_first_line(body) or content_type
        if content_type and is_multipart(content_type):
            return self._multipart(body, content_type, depth)
        text = as_text(body)
        if text is None or hides_text(body, content_type):
            other = other_text(body, content_type)
            if other is not None and (kept := self._text(other, content_type))[1] is not None:
                return kept  # otherwise both interpretations must be clean
        if text is None:
            return self._binary(body, content_type, depth)
        return self._utf8(body, text, content_type)

    def known_json(
        self, first: bytes | bytearray, second: bytes | bytearray
    ) -> tuple[str, str] | None:
        """Return two bodies as texts if they are JSON of `UTF8_JSON` that needs no masking.

        None if that is not known from like bodies: then `masked` decides.

        >>> from modeltap.privacy.masker import Masker
        >>> bodies = Masker().bodies
        >>> bodies.known_json(b'{"age": 7}', b"[1]")
        >>> [bodies.masked(body, "", UTF8_JSON) for body in (b'{"age": 7}', b"[1]")]
        [('{"age": 7}', None), ('[1]', None)]
        >>> bodies.known_json(b'{"age": 8}', b"[2.5]")
        ('{"age": 8}', '[2.5]')
        """
        if (
            self._always_parses
            or not (first and second)
            or first[:1] not in _JSON_STARTS
            or second[:1] not in _JSON_STARTS
            or not self._names.are_known_clean(first, second)
        ):
            return None
        texts = first.decode(), second.decode()  # known bodies are ASCII
        return None if "\0" in texts[0] or "\0" in texts[1] else texts

    def _utf8(self, body: bytes, text: str, content_type: str) -> MaskedBody:
        """Mask a body whose only interpretation is the UTF-8 text `text`."""
        if not self._always_parses and not self._names.may_occur_in(body):
            return text, None
        # After a masked body the next one probably needs masking, too, so the check does not pay.
        if self._was_clean and not self._texts.has_values and self.clean.are_all_in(body):
            return text, None
        kept = self._text(text, content_type)
        self._was_clean = kept[1] is None
        return kept

    def _text(self, text: str, content_type: str) -> MaskedBody:
        kept = self._texts.document(text)
        if kept is None and is_form(content_type):
            kept = masked_pairs(text, self._pair)
        if kept is None:
            kept = masked_stream(text, self._texts)
        if kept is None:
            kept = self._texts.unless_named(text)
        if kept is None:
            return DROPPED_BODY
        return kept, None if kept == text else MASKED

    def _pair(self, name: str, value: str) -> str | None:
        self._budget.spend()
        if self._names.masks(name, value):
            return self._texts.marks.replacement(value)
        return self._texts.text(self._texts.inside(value))

    def _compressed(self, body: bytes, encoding: str, content_type: str, depth: int) -> MaskedBody:
        plain = inflate(body, encoding, MAX_INFLATED_BYTES)
        if plain is None:
            return DROPPED_BODY
        self._budget.spend_inflated(len(plain))
        kept = self.masked(plain, "", content_type, depth + 1)
        return kept if kept[1] else (body, None)

    def _multipart(self, body: bytes, content_type: str, depth: int) -> MaskedBody:
        parts = parts_of(body, content_type)
        if parts is None:
            named = any(map(self._names.is_sensitive, names_in(body))) or self._may_name(body)
            is_encoded = b"-transfer-encoding" in body.lower()  # its content cannot be searched
            return DROPPED_BODY if named or is_encoded else (as_text(body) or body, None)
        if any(self._has_named_head(part) for part in parts):
            return DROPPED_BODY
        kept = with_contents(body, parts, lambda part, content: self._part(part, content, depth))
        text = as_text(kept)
        return kept if text is None else text, None if kept == body else MASKED

    def _has_named_head(self, part: BodyPart) -> bool:
        """Return True if a part's header contains a sensitive pair: `filename="token=..."`."""
        head = part.head.decode("utf-8", "replace")
        return self._texts.inside(head) != head

    def _part(self, part: BodyPart, content: bytes, depth: int) -> bytes:
        self._budget.spend()
        mark = self._texts.marks.replacement
        text = content.decode("utf-8", "replace")
        if self._names.masks(part.name, text) or self._is_sensitive_file(part):
            return (mark(text) or "").encode()
        if part.is_encoded:
            return (mark(text) or "").encode() if content.strip() else content
        kept, note = self.masked(content, "", part.content_type, depth + 1)
        if note is None:
            return content
        kept = mark(text) if kept is None else kept
        return kept if isinstance(kept, bytes) else (kept or "").encode()

    def _is_sensitive_file(self, part: BodyPart) -> bool:
        stem = part.filename.rpartition(".")[0] or part.filename
        return bool(stem) and self._names.masks(stem, "file")

    def _binary(self, body: bytes, content_type: str, depth: int) -> MaskedBody:
        if encoding := encoding_by_magic(body):
            return self._compressed(body, encoding, "", depth)
        if body.startswith(ZIP):
            return self._archive(body, depth)
        if body.startswith(PARQUET):
            footer = parquet_footer(body)
            suspicious = footer is None or self._names.occur_in(footer)
        elif is_text_type(content_type):
            suspicious = self._may_name(body) or self._names.occur_in(body.decode("cp037"))
        else:
            suspicious = self._head_is_suspicious(body) or self._is_suspicious_text(body)
        return DROPPED_BODY if suspicious else (body, None)

    def _archive(self, body: bytes, depth: int) -> MaskedBody:
        try:
            for content in members(body, MAX_INFLATED_BYTES):
                self._budget.spend_inflated(len(content))
                if self.masked(content, "", "", depth + 1)[1]:
                    return DROPPED_BODY
        except ValueError:
            return DROPPED_BODY
        return body, None

    def _may_name(self, body: bytes) -> bool:
        """Return True if text in an unknown encoding, usually based on ASCII, may have a name."""
        text = body.replace(b"\0", b"").decode("latin-1")
        return self._texts.unless_named(text) != text

    def _head_is_suspicious(self, body: bytes) -> bool:
        """Return True if the JSON at the start of a binary body contains a sensitive name."""
        body = body.lstrip(_JSON_SPACE)
        if not body.startswith(b"{"):
            return False
        names = head_names(body)
        if names is None:
            return self._names.occur_in(body.decode("latin-1"))
        return any(map(self._names.is_sensitive, names))

    def _is_suspicious_text(self, body: bytes) -> bool:
        """Return True if a binary body looks like text that contains a sensitive name.

        An image may contain the letters of a name by chance; UTF-16 or Latin-1 text does not.
        """
        start = body[:4096].lstrip(_BYTE_ORDER_MARKS).replace(b"\0", b"")
        letters = len(start.translate(None, _NO_TEXT))
        has_controls = len(start.translate(None, _CONTROLS)) < len(start)
        return (letters >= 0.85 * len(start) or not has_controls) and self._may_name(body)
