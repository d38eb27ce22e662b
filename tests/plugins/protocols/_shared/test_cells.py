"""CSV: lines, headers, types; texts that are no table are reported."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap.payload import Payload
from modeltap_protocols._shared.cells import NoTable, has_header, read_lines, to_rows

PAYLOAD = Payload("/", None, 200, None, None)


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("a,b\n1,2", True),
        ("1,2\n3,4", False),
        ("a,b", False),
        ("a\n1\n2", True),
        ("a,b\nc,d", False),
        ("a,a\n1,2", False),
        ("a,\n1,2", False),
        (",a\n0,1", True),
        ("a,2\n1,2", False),
        ("NaN,1\n2,3", False),
        ("2013-01-01,x\n2013-01-02,y", False),
        ("id,when\n7,2013-01-01", True),
    ],
)
def test_a_header_has_no_number_and_others_have(text, header):
    """A line alone is never one."""
    assert has_header(read_lines(text)) is header


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=5)
cells = st.integers().map(str) | texts


@given(st.lists(st.lists(cells, min_size=2, max_size=4), min_size=1, max_size=5))
def test_what_was_written_is_read(lines):
    """As Python's csv writes it; lines of unequal length are refused."""
    file = io.StringIO()
    csv.writer(file).writerows(lines)
    try:
        found = read_lines(file.getvalue(), ",")
    except NoTable:
        assert len(set(map(len, lines))) > 1
        return
    assert found == lines
    assert len(to_rows(PAYLOAD, found, False)) == len(lines)
