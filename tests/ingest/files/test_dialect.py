"""Dialects of CSV: found by which one makes the most records alike."""

from __future__ import annotations

import io

import pytest

from modeltap.ingest.files.dialect import Dialect, dialect_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", Dialect()),
        ("a,b\n1,2\n1\n3,4\n", Dialect()),
        ("id,text\n1,hello, world\n2,x\n", Dialect()),
        ("a;b\n1,5;2,5\n3,5;4,5\n", Dialect(";")),
        ("name;city, country\nx;Rome, Italy\n", Dialect(";")),
        ("a|b\n1|2\n", Dialect("|")),
        ("a\n1\n2\n", Dialect()),
        ("text\nhello; you\nhello\n", Dialect()),
        ('"sep=|"\na|b\n1|2\n', Dialect("|", skip=1)),
        ("'a','b'\n'x','y'\n", Dialect(quote="'")),
        ('name,path\nx,"C:\\"\ny,z\n', Dialect()),
        ("# made by x\n# in May\na,b\n1,2\n", Dialect(skip=2)),
        ("## made by x, in May\n#A\tB\n1\t2\n", Dialect("\t", skip=1)),
        ("# a, b, c\na,b,c\nx,y,z\n", Dialect(skip=1)),
        ("# a,b\n1,2\n3,4\n", Dialect()),
        ("a\tb\nx\ty\nx, z\tu, v\nx, z\tu, v\nx, z\tu, v\n", Dialect("\t")),
        ("#a,b\n1,2\n", Dialect()),
        ("Report of May\n\na;b\n1,5;2\n3;4\n", Dialect(";", skip=2)),
        ("Report of May\na,b\n1,2\n3,4\n", Dialect(skip=1)),
        ("Report\n\na,b\n1,2\n", Dialect(skip=2)),
        ("\n\na,b\n1,2\n", Dialect(skip=2)),
        ("text\nhello, you\nhi, all\n", Dialect(";")),
        ("", Dialect()),
    ],
)
def test_a_dialect_is_found_by_consistency(text, expected):
    """Characters within cells are no delimiters, and rare ones are no dialect."""
    assert dialect_of(io.StringIO(text)) == expected
