"""Members of zip archives (`.zip`, `.npz`, `.xlsx`, `.docx`), decompressed up to a limit."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

ZIP = b"PK\x03\x04"
"""The first bytes of a non-empty archive."""

_MAX_MEMBERS = 1000
"""The member limit: a workbook has dozens of members, and each one must be searched."""


def members(body: bytes, limit: int) -> Iterator[bytes]:
    """Yield the name, comment and content of each of an archive's members.

    Raises `ValueError` if the archive cannot be read completely or exceeds `limit` bytes.

    >>> packed = io.BytesIO()
    >>> with zipfile.ZipFile(packed, "w") as archive:
    ...     archive.writestr("a.txt", "age 7")
    >>> list(members(packed.getvalue(), 100))
    [b'', b'a.txt', b'', b'', b'age 7']
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            yield archive.comment
            if len(archive.infolist()) > _MAX_MEMBERS:
                raise ValueError("too many members")
            for member in archive.infolist():
                yield from (member.filename.encode("utf-8", "replace"), member.comment)
                yield member.extra
                with archive.open(member) as file:
                    content = file.read(limit + 1)
                limit -= len(content)
                if limit < 0:
                    raise ValueError("too many bytes")
                yield content
    except Exception as error:  # broken, truncated, encrypted, or an unsupported compression
        raise ValueError(f"unreadable archive: {error}") from error
