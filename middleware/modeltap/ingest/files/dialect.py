"""Detection of a CSV file's dialect: delimiter, quotes and escapes that make its lines uniform."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple, TextIO

DELIMITERS = (",", ";", "\t", "|")

_SAMPLE_RECORDS = 200
"""Records that are enough to show the dialect."""

_SAMPLE_CHARACTERS = 1 << 18

_CLEARLY = 0.02
"""The least gain in uniform records for a rarer dialect: one broken line in fifty is too few."""

_DECLARED = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)
"""A first line by which Excel declares the delimiter."""

_MOST_LINES_BEFORE = 20
"""The most lines before a header: titles and comments of exports are shorter."""

_MOSTLY = 0.8
"""The fraction of lines with the same number of delimiters in a table."""

_COMMENT = re.compile(r"\ufeff?#(?:[#!]| |$)")
"""The beginning of a comment; a header may begin with # and a name."""

_ESCAPED = re.compile(r'\\"(?!\s*(?:[,;\t|]|$))', re.MULTILINE)


@dataclass(frozen=True)
class Dialect:
    """The format of a file's cells.

    Attributes:
        skip: lines before the header.
        lead: whether records begin with one more cell than the header has: the names of rows.
        trail: whether records end with one more cell than the header has, an empty one.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    spaced: bool = False
    skip: int = 0
    lead: bool = False
    trail: bool = False

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        """Return the records in a file's lines; the first one is the header."""
        for _ in range(self.skip):
            next(lines, "")
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=self.spaced,
        )


def dialect_of(file: TextIO) -> Dialect:
    r"""Return the dialect of a text, detected from its beginning.

    >>> import io
    >>> dialect_of(io.StringIO("a;b\n1,5;x\n2,5;y\n")).delimiter
    ';'
    >>> dialect_of(io.StringIO("a\tb\n")).delimiter, dialect_of(io.StringIO("a\n1,5\n")).delimiter
    ('\t', ';')
    """
    text = file.read(_SAMPLE_CHARACTERS)
    whole = len(text) < _SAMPLE_CHARACTERS
    first, _, rest = text.partition("\n")
    declared = _DECLARED.match(first)
    candidates: tuple[str, ...] = DELIMITERS
    skip = 0
    if declared is not None:
        text, candidates, skip = rest, (declared[1],), 1
    elif (skip := _lines_before(text.split("\n")[:_SAMPLE_RECORDS])) > 0:
        text = text.split("\n", skip)[skip]
    scored = [
        _scored(text, Dialect(delimiter, quote, escape), whole)
        for delimiter in candidates
        for quote, escape in (('"', None), ('"', "\\"), ("'", None), (None, None))
    ]
    return replace(_shaped(text, _best(scored, text), whole), skip=skip)


def _lines_before(lines: list[str]) -> int:
    """Return the number of lines before the header: comments, a title, blank lines.

    A line that may be the header of a single column counts as a title only before a blank line.

    >>> _lines_before(["# made by x", "a,b", "1,2"]), _lines_before(["# a,b", "1,2"])
    (1, 0)
    >>> _lines_before(["Report of May", "", "a,b", "1,2"]), _lines_before(["text", "a, b"])
    (2, 0)
    """
    place = 0
    while place < min(len(lines) - 1, _MOST_LINES_BEFORE) and _is_comment(*lines[place:][:2]):
        place += 1
    for delimiter in DELIMITERS:
        first = next((at for at, line in enumerate(lines) if delimiter in line), 0)
        table = [line for line in lines[first:] if line.strip()]
        spaced = sum(line.count(delimiter + " ") for line in table)
        usual = Counter(line.count(delimiter) for line in table).most_common(1)
        rows = usual[0][1] if usual and usual[0][0] else 0
        if place < first <= _MOST_LINES_BEFORE and rows >= _MOSTLY * len(table) > spaced:
            return first if _is_title(lines[place:first]) else place
    return place


def _is_comment(line: str, following: str) -> bool:
    """Return True for a comment that is not the header of the line after it, as NumPy writes it."""
    if not _COMMENT.match(line):
        return False
    counts = [(line.count(delimiter), following.count(delimiter)) for delimiter in DELIMITERS]
    is_header = any(0 < count == other for count, other in counts)
    return not (is_header and following[:1] in "0123456789-+.")


def _is_title(lines: list[str]) -> bool:
    """Return True for lines before a table that are not the header of a single column."""
    if any(delimiter in line for line in lines for delimiter in DELIMITERS[1:]):
        return False
    return any(" " in line.strip() for line in lines) or not lines[-1].strip()


class _Scored(NamedTuple):
    """A dialect, and how uniform it makes the records.

    Attributes:
        uniform: the fraction of records with the most frequent number of cells.
        close: the fraction of delimiters without a space after them; commas in texts have one.
        cells: the number of cells in the header.
        records: the number of records.
    """

    uniform: float
    close: float
    cells: int
    records: int
    dialect: Dialect

    @property
    def splits(self) -> bool:
        return self.cells > 1


def _best(scored: list[_Scored], text: str) -> Dialect:
    """Return the dialect that gives most records the header's cells; prefer common dialects."""
    common = [
        candidate
        for candidate in scored
        if candidate.dialect.quote == '"' and candidate.dialect.escape is None
    ]
    best = max(common, key=lambda score: (score.splits, score.uniform, score.close, score.cells))
    if not best.splits and best.uniform < 1:
        # A single column with commas in it: a delimiter that never occurs makes it uniform.
        best = max(common, key=lambda score: score.uniform)
    for other in scored:
        better = other.uniform > best.uniform + _CLEARLY
        # An unclosed quote joins lines, which are separate records without quoting.
        more = other.dialect.quote is None and other.uniform >= best.uniform
        same = other.dialect.delimiter == best.dialect.delimiter
        if other.splits and (better or (more and same and other.records > best.records)):
            best = other
    if best.dialect == Dialect(best.dialect.delimiter) and _ESCAPED.search(text):
        return replace(best.dialect, escape="\\")
    return best.dialect


def _records(text: str, dialect: Dialect, whole: bool) -> list[list[str]]:
    """Return the first records that are not empty, without a last one that may be truncated."""
    file = io.StringIO(text, newline="")
    try:
        records = list(islice(filter(None, dialect.reader(file)), _SAMPLE_RECORDS + 1))
    except csv.Error:
        return []
    return records if whole or len(records) < 2 else records[:-1]


def _scored(text: str, dialect: Dialect, whole: bool) -> _Scored:
    header, *records = _records(text, dialect, whole) or [[]]
    delimiters = text.count(dialect.delimiter)
    close = 1 - text.count(dialect.delimiter + " ") / delimiters if delimiters else 0.0
    cells, count = Counter(map(len, records or [header])).most_common(1)[0]
    fits = cells == len(header) or (cells == len(header) + 1 and len(header) > 1)
    uniform = count / max(1, len(records)) if fits and header else 0.0
    return _Scored(uniform, close, len(header), len(records), dialect)


def _shaped(text: str, dialect: Dialect, whole: bool) -> Dialect:
    """Return the dialect with details of its cells: quotes, spaces, one more than the header."""
    header, *records = _records(text, dialect, whole) or [[]]
    if dialect.quote == '"' and _all_quoted(header):
        return _shaped(text, replace(dialect, quote="'"), whole)
    if len(header) > 1 and all(name.startswith(" ") for name in header[1:]):
        dialect = replace(dialect, spaced=True)
    longer = [cells for cells in records if len(cells) == len(header) + 1]
    if len(header) > 1 and len(longer) * 2 > len(records):
        empty = not any(cells[-1].strip() for cells in longer)
        dialect = replace(dialect, trail=empty, lead=not empty)
    return dialect


def _all_quoted(header: list[str]) -> bool:
    return bool(header) and all(
        len(name) > 2 and name[0] == name[-1] == "'" for name in map(str.strip, header)
    )
