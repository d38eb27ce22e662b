"""Multipart bodies: parts between boundaries, each with a name, type and content."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import Message
from email.parser import BytesHeaderParser
from functools import lru_cache
from typing import NamedTuple

_MULTIPART = re.compile(r"\s*multipart/", re.IGNORECASE)
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;,\"]{1,200}))", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FIRST_LINES = re.compile(
    rb"--([\w'()+,./:=?-]{1,200}+)[ \t]*+\r?\n"
    rb"(?:(?!content-disposition:)[\w-]{1,40}+:[^\r\n]*+\r?\n)*+content-disposition:",
    re.IGNORECASE,
)
"""The first boundary and a part's header."""

_ANY_NAME = re.compile(rb"name\*?\s*=\s*[\"']?([^\"';\r\n]{1,200})", re.IGNORECASE)
_MAX_PARTS = 1000


class BodyPart(NamedTuple):
    """A part: the start and end of its content in the body, and the fields of its header."""

    start: int
    end: int
    head: bytes
    name: str
    filename: str
    content_type: str
    is_encoded: bool
    """True if the content is encoded as base64 or quoted-printable."""


@lru_cache(maxsize=256)
def is_multipart(content_type: str) -> bool:
    """Return True if a body of this type has parts."""
    return _MULTIPART.match(content_type) is not None


def type_by_first_line(body: bytes) -> str:
    r"""Return the content type of a body that starts like a multipart body, else "".

    >>> type_by_first_line(b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1")
    'multipart/form-data; boundary="x"'
    """
    match = _FIRST_LINES.match(body)
    return f'multipart/form-data; boundary="{match[1].decode()}"' if match else ""


def parts_of(body: bytes, content_type: str) -> list[BodyPart] | None:
    r"""Return the parts of a body; None if they cannot be determined with certainty.

    >>> body = b'--x\r\nContent-Disposition: form-data; name="pin"\r\n\r\n12\r\n--x--\r\n'
    >>> (part,) = parts_of(body, "multipart/form-data; boundary=x")
    >>> part.name, body[part.start : part.end]
    ('pin', b'12')
    """
    boundaries = _BOUNDARY.findall(content_type)
    if len(boundaries) != 1:
        return None
    quoted, bare = boundaries[0]
    boundary = re.escape((quoted or bare).encode("latin-1", "replace"))
    delimiter = re.compile(rb"(?:\A|\r?\n)--" + boundary + rb"(--)?[ \t]*+(?:\r?\n|\Z)")
    marks = list(delimiter.finditer(body))
    if not marks or len(marks) > _MAX_PARTS or body[: marks[0].start()].strip():
        return None
    if marks[-1][1] is not None and body[marks[-1].end() :].strip():
        return None
    if any(mark[1] is not None for mark in marks[:-1]):
        return None
    ends = [mark.start() for mark in marks[1:]]
    if marks[-1][1] is None:
        ends.append(len(body))  # the body was truncated
    parts = [_part(body, mark.end(), end) for mark, end in zip(marks, ends, strict=False)]
    return None if None in parts else [part for part in parts if part is not None]


def names_in(body: bytes) -> list[str]:
    """Return possible names of parts in a body with uncertain part boundaries."""
    return [name.decode("utf-8", "replace") for name in _ANY_NAME.findall(body)]


def with_contents(
    body: bytes, parts: list[BodyPart], kept_of: Callable[[BodyPart, bytes], bytes]
) -> bytes:
    """Return `body` with the content of each part replaced by the result of `kept_of`."""
    kept: list[bytes] = []
    done = 0
    for part in parts:
        kept += (body[done : part.start], kept_of(part, body[part.start : part.end]))
        done = part.end
    return b"".join((*kept, body[done:]))


def _part(body: bytes, start: int, end: int) -> BodyPart | None:
    if body.startswith((b"\r\n", b"\n"), start):
        blank_at, content_at = start, start + (2 if body.startswith(b"\r\n", start) else 1)
    elif blank := _BLANK_LINE.search(body, start, end):
        blank_at, content_at = blank.span()
    else:
        return None
    head = body[start:blank_at]
    header = BytesHeaderParser().parsebytes(head + b"\r\n\r\n")
    return BodyPart(
        content_at,
        max(end, content_at),
        head,
        _parameter(header, "name"),
        _parameter(header, "filename"),
        header.get_content_type() if "content-type" in header else "",
        str(header.get("content-transfer-encoding", "")).lower() in ("base64", "quoted-printable"),
    )


def _parameter(header: Message, name: str) -> str:
    value = header.get_param(name, "", "content-disposition")
    return value[2] if isinstance(value, tuple) else str(value)
