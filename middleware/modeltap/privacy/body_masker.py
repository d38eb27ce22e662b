"""Masking of bodies: what a body is decides how it is masked."""

from __future__ import annotations

import base64
import binascii
import quopri

from modeltap.privacy.archives import ZIP, members
from modeltap.privacy.binary import PARQUET, head_names, parquet_footer
from modeltap.privacy.body_text import as_text
from modeltap.privacy.charsets import (
    is_no_ascii,
    is_text_type,
    letters_of,
    looks_like_text,
    readings,
)
from modeltap.privacy.compression import MAX_INFLATED_BYTES, compressed_as, inflate, layers
from modeltap.privacy.limits import Budget
from modeltap.privacy.multipart import BodyPart, boundary_of, is_multipart, masked_parts
from modeltap.privacy.texts.clean_strings import CleanStrings
from modeltap.privacy.texts.forms import is_form, masked_form
from modeltap.privacy.texts.streams import masked_stream
from modeltap.privacy.texts.text_masker import TextMasker

UNMASKABLE = "unmaskable"
MASKED = "masked"

Kept = tuple[str | bytes | None, str | None]
"""What may be kept of a body, and a note where that is not the body itself."""

NOT_KEPT: Kept = (None, UNMASKABLE)

_JSON_SPACE = b" \t\r\n"
_MAX_DEPTH = 4
"""How often bodies may be within bodies: a form in a form, compressed parts."""


class BodyMasker:
    """Masks bodies by the names and values that `texts` knows."""

    def __init__(self, texts: TextMasker, has_values: bool, budget: Budget) -> None:
        self._texts = texts
        self._names = texts.names
        self._has_values = has_values
        self._budget = budget
        self._clean = CleanStrings(texts.is_clean, budget)
        self._was_clean = True

    def body(self, plain: bytes, encoding: str, content_type: str = "", depth: int = 0) -> Kept:
        """Return what may be kept; raises `Unmaskable` beyond the budget."""
        if depth > _MAX_DEPTH:
            return NOT_KEPT
        if layers(encoding):
            return self._compressed(plain, encoding, content_type, depth)
        if is_multipart(content_type, plain):
            return self._multipart(plain, content_type, depth)
        text = as_text(plain)
        if text is None:
            return self._other(plain, content_type, depth)
        if is_no_ascii(content_type) and (kept := self._by_reading(plain, content_type)):
            return kept
        return self._text(text, plain, content_type)

    def _text(self, text: str, plain: bytes, content_type: str) -> Kept:
        if not (self._texts.always_parses or self._names.may_be_in(plain)):
            return text, None
        if is_form(content_type):
            kept = masked_form(text, self._texts, self._budget)
            return kept, None if kept == text else MASKED
        # After a masked one the next is likely to be masked, too: it is not worth the look.
        if self._was_clean and not self._has_values and self._clean.are_all_in(plain):
            return text, None
        result, note = self._by_field(text)
        self._was_clean = note is None
        return result, note

    def _by_field(self, text: str) -> Kept:
        unmarked = text.removeprefix("\ufeff")
        kept = self._texts.document(unmarked)
        if kept is None:
            kept = masked_stream(unmarked, self._texts)
        if kept is None:
            kept = self._texts.unless_named(unmarked)
        if kept is None:
            return NOT_KEPT
        return (text, None) if kept == unmarked else (kept, MASKED)

    def _compressed(self, body: bytes, encoding: str, content_type: str, depth: int) -> Kept:
        plain = inflate(body, encoding, MAX_INFLATED_BYTES)
        if plain is None:
            return NOT_KEPT
        kept, note = self.body(plain, "", content_type, depth + 1)
        if note:
            return kept, note
        # Other formats than gzip's have places for bytes that decompression does not show.
        hides = not set(layers(encoding)) <= {"gzip", "x-gzip", "deflate"}
        return (kept if hides and isinstance(kept, str) else body), None

    def _other(self, body: bytes, content_type: str, depth: int) -> Kept:
        """Mask what is no UTF-8: text in other charsets, compressed files, binary."""
        if compression := compressed_as(body):
            return self._unless_changed(body, self.body(body, compression, "", depth + 1))
        if body.startswith(ZIP):
            return self._archive(body, depth)
        kept = self._by_reading(body, content_type)
        if kept is not None and (kept[1] or is_text_type(content_type)):
            return kept
        return self._binary(body, content_type)

    def _unless_changed(self, body: bytes, kept: Kept) -> Kept:
        return NOT_KEPT if kept[1] else (body, None)

    def _archive(self, body: bytes, depth: int) -> Kept:
        try:
            for content in members(body, MAX_INFLATED_BYTES):
                if self.body(content, "", "", depth + 1)[1]:
                    return NOT_KEPT
        except ValueError:
            return NOT_KEPT
        return body, None

    def _by_reading(self, body: bytes, content_type: str) -> Kept | None:
        """Return text in its charset as it may be kept; the body itself if it is clean in each."""
        kept = None
        for text in readings(body, content_type):
            result = self._text(text, text.encode("utf-8", "surrogatepass"), content_type)
            if result[1]:
                return result
            kept = (as_text(body) or body), None
        return kept

    def _binary(self, body: bytes, content_type: str) -> Kept:
        if body.startswith(PARQUET):
            footer = parquet_footer(body)
            suspicious = footer is None or self._names.are_in(footer)
        else:
            suspicious = self._head_is_suspicious(body) or (
                (is_text_type(content_type) or looks_like_text(body)) and self._may_name(body)
            )
        return NOT_KEPT if suspicious else (body, None)

    def _head_is_suspicious(self, body: bytes) -> bool:
        """Say whether there is a sensitive name in the JSON that bytes come after."""
        body = body.lstrip(_JSON_SPACE)
        if not body.startswith(b"{"):
            return False
        names = head_names(body)
        if names is None:
            return self._names.are_in(body.decode("latin-1"))
        return any(map(self._names.is_sensitive, names))

    def _may_name(self, body: bytes) -> bool:
        texts = letters_of(body)
        return any(map(self._names.are_in, texts)) or self._texts.text(texts[0]) != texts[0]

    def _multipart(self, body: bytes, content_type: str, depth: int) -> Kept:
        boundary = boundary_of(content_type, body)
        kept = None
        if boundary is not None:
            kept = masked_parts(body, boundary, lambda part: self._part(part, depth))
        if kept is None:
            return NOT_KEPT  # a part may be encoded, so that no search finds a name in it
        note = None if kept == body else MASKED
        return (text if (text := as_text(kept)) is not None else kept), note

    def _part(self, part: BodyPart, depth: int) -> bytes | None:
        """Return a part as it may be kept; None where it is dropped."""
        headers = part.headers.decode("utf-8", "surrogateescape")
        kept = self._texts.text(self._texts.inside(headers))
        if kept != headers:
            part = part._replace(headers=kept.encode("utf-8", "surrogateescape"))
        value = part.content.decode("utf-8", "replace")
        if any(self._names.masks(name, value) for name in part.names):
            mark = self._texts.marks.replacement(value)
            return None if mark is None else part.written(mark.encode())
        content = self._content(part, depth)
        return part.written(content) if content != part.content else b"".join(part)

    def _content(self, part: BodyPart, depth: int) -> bytes:
        """Return a part's content as it may be kept: a mark where it cannot be masked."""
        content_type = part.header("content-type")
        plain, encoding = part.content, part.header("content-encoding")
        transferred = _transferred(plain, part.header("content-transfer-encoding").lower())
        if transferred is not None:
            kept, note = self.body(transferred, encoding, content_type, depth + 1)
            kept = None if note else plain
        else:
            kept, note = self.body(plain, encoding, content_type, depth + 1)
        if note is None:
            return plain
        if kept is None:
            return self._texts.marks.mark(plain.decode("latin-1")).encode()
        return kept.encode() if isinstance(kept, str) else kept


def _transferred(content: bytes, encoding: str) -> bytes | None:
    """Undo a Content-Transfer-Encoding; None where there is none to undo."""
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    if encoding != "base64":
        return None
    try:
        return base64.b64decode(content + b"==")
    except binascii.Error:
        return content
