"""The dialect of a CSV file: delimiter, quotes and escapes, those by which its lines agree best."""

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

_LOOK_AT = 200
"""Records that show how a file is written."""

_LOOK_AT_LETTERS = 1 << 18

_CLEARLY = 0.02
"""One broken line of fifty is none that another way to quote explains."""

_DECLARED = re.compile(r'"?sep=(.)"?\s*$', re.IGNORECASE)
"""Excel's own first line."""

_ESCAPED = re.compile(r'\\"(?!\s*(?:[,;\t|]|$))', re.MULTILINE)


@dataclass(frozen=True)
class Dialect:
    """How a file's cells are written.

    Attributes:
        skip: lines before the header.
        lead: whether records have one more cell than the header, before it: the names of rows.
        trail: whether records have one more cell than the header, which is empty.
    """

    delimiter: str = ","
    quote: str | None = '"'
    escape: str | None = None
    spaced: bool = False
    skip: int = 0
    lead: bool = False
    trail: bool = False

    def reader(self, file: TextIO) -> Iterator[list[str]]:
        """Return the file's records; the header is the first."""
        for _ in range(self.skip):
            file.readline()
        return csv.reader(
            file,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=self.spaced,
        )


def dialect_of(file: TextIO) -> Dialect:
    r"""Return the dialect of a text from its beginning.

    >>> import io
    >>> dialect_of(io.StringIO("a;b\n1,5;x\n2,5;y\n")).delimiter
    ';'
    >>> dialect_of(io.StringIO("a\tb\n")).delimiter, dialect_of(io.StringIO("a\n1,5\n")).delimiter
    ('\t', ';')
    """
    text = file.read(_LOOK_AT_LETTERS)
    whole = len(text) < _LOOK_AT_LETTERS
    first, _, rest = text.partition("\n")
    declared = _DECLARED.match(first)
    candidates: tuple[str, ...] = DELIMITERS
    skip = 0
    if declared is not None:
        text, candidates, skip = rest, (declared[1],), 1
    scored = [
        _scored(text, Dialect(one, quote, escape), whole)
        for one in candidates
        for quote, escape in (('"', None), ('"', "\\"), ("'", None), (None, None))
    ]
    return replace(_shaped(text, _best(scored, text), whole), skip=skip)


class _Scored(NamedTuple):
    """A dialect, and how alike it makes the records.

    Attributes:
        alike: the fraction of records with as many cells as most have.
        close: the fraction of delimiters with no space behind them, as those in texts have one.
        cells: how many cells the header has.
        records: how many records there are.
    """

    alike: float
    close: float
    cells: int
    records: int
    dialect: Dialect

    @property
    def splits(self) -> bool:
        return self.cells > 1


def _best(scored: list[_Scored], text: str) -> Dialect:
    """Return the dialect by which most records have the header's cells, usual ones first."""
    usual = [one for one in scored if one.dialect.quote == '"' and one.dialect.escape is None]
    best = max(usual, key=lambda one: (one.splits, one.alike, one.close, one.cells))
    if not best.splits and best.alike < 1:
        # One column with commas in it: what is found nowhere splits nothing.
        best = max(usual, key=lambda one: one.alike)
    for other in scored:
        better = other.alike > best.alike + _CLEARLY
        # A quote that nothing closes swallows lines, which are records without it.
        more = other.dialect.quote is None and other.alike >= best.alike
        same = other.dialect.delimiter == best.dialect.delimiter
        if other.splits and (better or (more and same and other.records > best.records)):
            best = other
    if best.dialect == Dialect(best.dialect.delimiter) and _ESCAPED.search(text):
        return replace(best.dialect, escape="\\")
    return best.dialect


def _records(text: str, dialect: Dialect, whole: bool) -> list[list[str]]:
    """Return the first records that are not empty; the last one may be cut, and is left out."""
    file = io.StringIO(text, newline="")
    try:
        records = list(islice(filter(None, dialect.reader(file)), _LOOK_AT + 1))
    except csv.Error:
        return []
    return records if whole or len(records) < 2 else records[:-1]


def _scored(text: str, dialect: Dialect, whole: bool) -> _Scored:
    header, *records = _records(text, dialect, whole) or [[]]
    found = text.count(dialect.delimiter)
    close = 1 - text.count(dialect.delimiter + " ") / found if found else 0.0
    cells, count = Counter(map(len, records or [header])).most_common(1)[0]
    fits = cells == len(header) or (cells == len(header) + 1 and len(header) > 1)
    alike = count / max(1, len(records)) if fits and header else 0.0
    return _Scored(alike, close, len(header), len(records), dialect)


def _shaped(text: str, dialect: Dialect, whole: bool) -> Dialect:
    """Return the dialect with what its cells look like: quotes, spaces, one more than names."""
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
