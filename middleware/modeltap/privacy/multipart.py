"""Multipart bodies: split into parts, each masked by its name or its own content type."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import unquote

_BOUNDARY = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;,"]{1,200}))""", re.IGNORECASE)
_FIRST_LINE = re.compile(rb"--([^\s]{1,200})\r?\nContent-", re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_NAME = re.compile(r"""[;\s]name(\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*+)"|([^;\s]*))""", re.IGNORECASE)


class BodyPart(NamedTuple):
    """A part between two delimiters: its headers, the empty line, its content."""

    headers: bytes
    gap: bytes
    content: bytes

    def header(self, name: str) -> str:
        """Return a header's value; empty for none, the last of several."""
        lines = _FOLD.sub(" ", self.headers.decode("utf-8", "replace")).splitlines()
        pairs = (line.partition(":") for line in lines)
        values = [value.strip() for own, _, value in pairs if own.strip().lower() == name]
        return values[-1] if values else ""

    @property
    def names(self) -> list[str]:
        """The names of a form's field: as `name`, and as `name*`."""
        found = _NAME.findall(f";{self.header('content-disposition')}")
        return [_name(star, quoted or word) for star, quoted, word in found]

    def written(self, content: bytes) -> bytes:
        """Return the part with another content; a length it declares is left out."""
        ends = re.sub(rb"(?im)^content-length:[^\n]*\n?", b"", self.headers)
        return ends.rstrip(b"\r\n") + self.gap + content


def _name(star: str, value: str) -> str:
    if star:
        return unquote(value.rpartition("'")[2])
    return unquote(value.replace("\\", ""))


MaskPart = Callable[[BodyPart], bytes | None]
"""Returns a part as it may be kept; None where it is dropped."""


def is_multipart(content_type: str, body: bytes) -> bool:
    """Say whether a body is declared as multipart, or begins as a form with several parts does."""
    declared = content_type.strip().lower().startswith("multipart/")
    return declared or (body.startswith(b"--") and _FIRST_LINE.match(body) is not None)


def boundary_of(content_type: str, body: bytes) -> bytes | None:
    """Return the boundary that is declared, or that a body begins with; None for none.

    >>> boundary_of('multipart/mixed; boundary="a b"', b""), boundary_of("multipart/mixed", b"")
    (b'a b', None)
    """
    declared = _BOUNDARY.search(content_type)
    if declared:
        return (declared[1] or declared[2]).encode()
    first = _FIRST_LINE.match(body)
    return first[1] if first else None


def masked_parts(body: bytes, boundary: bytes, mask: MaskPart) -> bytes | None:
    r"""Return a multipart body whose parts went through `mask`; None where it cannot be split.

    Nothing may stand before the first delimiter and after the last one. The last part of a body
    that was cut has no delimiter after it.

    >>> body = b'--x\r\nContent-Disposition: form-data; name="pin"\r\n\r\n12\r\n--x--\r\n'
    >>> masked_parts(body, b"x", lambda part: part.written(b"?"))
    b'--x\r\nContent-Disposition: form-data; name="pin"\r\n\r\n?\r\n--x--\r\n'
    """
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)")
    found = list(delimiter.finditer(body))
    # The next delimiter may begin with the line end of the one before: of an empty part.
    if not found or found[0].start() or body.count(b"--" + boundary) != len(found):
        return None
    kept: list[bytes] = []
    for at, match in enumerate(found):
        end = found[at + 1].start() if at + 1 < len(found) else len(body)
        rest = body[match.end() : end]
        if match[0].strip().endswith(boundary + b"--"):
            return None if rest.strip() or at + 1 < len(found) else _joined([*kept, match[0]])
        part = _part(rest)
        if part is None:
            return None
        written = mask(part)
        if written is not None:
            kept += (match[0], written)
    return _joined(kept)


def _joined(chunks: list[bytes]) -> bytes:
    """Return a body that begins with a delimiter, also where the first part was dropped."""
    return b"".join(chunks).lstrip(b"\r\n")


def _part(text: bytes) -> BodyPart | None:
    if text.startswith((b"\r\n", b"\n")):
        gap = text[: text.index(b"\n") + 1]
        return BodyPart(b"", gap, text[len(gap) :])
    end = _HEADERS_END.search(text)
    return None if end is None else BodyPart(text[: end.start()], end[0], text[end.end() :])
