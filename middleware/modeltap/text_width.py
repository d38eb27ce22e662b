"""The width of texts in a terminal's columns, and texts cut, padded and wrapped to a width.

Letters of East Asia and emoji are two columns wide, combining marks have none. Texts are escaped
before they are measured (`printable`).
"""

from __future__ import annotations

import re
import textwrap

_OTHER = re.compile(r"[^ -~\u00a0-\u02ff\u2018-\u201f\u2026\u2500-\u259f]")
"""Characters that may not be one column wide."""

_UNBREAKABLE = re.compile(r"\d %(?!\w)|`[^`]+`\S?")
"""Percentages, and commands to copy with the punctuation after them."""

_GLUE = "\0"
"""Stands for a space that is not broken; an escaped text has no such character."""


def width(text: str) -> int:
    r"""Return the number of columns of an escaped text.

    >>> width("temp"), width("気温"), width("e\u0301")
    (4, 4, 1)
    """
    if _OTHER.search(text) is None:
        return len(text)
    import wcwidth  # takes as long to import as click; most names do not need it

    return wcwidth.width(text, control_codes="ignore")


def cut(text: str, columns: int, ellipsis: str = "…") -> str:
    """Return a text of at most `columns`, with an ellipsis if it was cut.

    >>> cut("departure_delay", 9), cut("気温の平均", 6), cut("mae", 9)
    ('departur…', '気温…', 'mae')
    """
    if width(text) <= columns:
        return text
    room = max(0, columns - len(ellipsis))
    if _OTHER.search(text) is None:
        return text[:room] + ellipsis[:columns]
    import wcwidth

    return wcwidth.clip(text, 0, room, control_codes="ignore").rstrip() + ellipsis[:columns]


def padded(text: str, columns: int) -> str:
    """Return a text with spaces up to a width.

    >>> padded("気温", 6)
    '気温  '
    """
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int, first: str = "", later: str = "") -> list[str]:
    """Return the lines of a text; words longer than a line are broken.

    A number stays beside its percent sign, and a short command in backticks on one line.

    >>> wrapped("median went from 37 to 71", 14, "- ", "  ")
    ['- median went', '  from 37 to', '  71']
    >>> wrapped("went from 12 % to 30 %; see `modeltap doctor`", 20)
    ['went from 12 % to', '30 %; see', '`modeltap doctor`']
    """
    room = max(columns, len(first) + 1, len(later) + 1)
    if _OTHER.search(text) is None:
        lines = textwrap.wrap(
            _glued(text, room - len(later)),
            room,
            initial_indent=first,
            subsequent_indent=later,
            break_on_hyphens=False,
        )
        lines = [line.replace(_GLUE, " ") for line in lines]
    else:
        import wcwidth

        lines = wcwidth.wrap(
            text,
            # A letter of two columns has to fit beside the indent.
            max(room, len(later) + 2, len(first) + 2),
            initial_indent=first,
            subsequent_indent=later,
            break_on_hyphens=False,
            control_codes="ignore",
        )
    return lines or [first.rstrip()]


def _glued(text: str, room: int) -> str:
    """Return a text whose unbreakable parts, as far as they fit `room`, have no spaces."""
    return _UNBREAKABLE.sub(
        lambda part: part[0].replace(" ", _GLUE) if len(part[0]) <= room else part[0], text
    )
