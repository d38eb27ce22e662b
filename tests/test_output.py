"""Printed rows: short in tables, complete in JSON."""

from __future__ import annotations

import base64
import json

import pytest

from modeltap import output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (12346.4, "12346"),
        (0.000123456, "0.0001235"),
        (7, "7"),
        (b"abc", "<3 bytes>"),
        ("2024-01-01T00:00:00.000Z", "2024-01-01"),
        ("24 letters that end in Z", "24 letters that end in Z"),
    ],
)
def test_cells_are_short(value, text):
    """Large numbers keep their digits; times lose zero parts."""
    assert output.cell(value) == text


def test_a_table_has_a_header_or_is_one_line(capsys):
    """Underscores in names become spaces; text that looks like a number is unchanged."""
    output.emit_table([{"row_id": "007", "x": 1.0}], ["row_id", "x"], "nothing yet")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["row", "id", "x"] and lines[1].split() == ["007", "1"]
    output.emit_table([], ["x"], "nothing yet")
    assert capsys.readouterr().out == "nothing yet\n"


def test_columns_are_as_wide_as_the_escaped_text(capsys):
    """Control characters and line ends in names do not break the layout."""
    rows = [{"name": name, "x": "end"} for name in ("a\x1b[2J\nb", "\u202e", "plain", "\t")]
    output.emit_table(rows, ["name", "x"], "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and {line.rindex("end") for line in lines[1:]} == {lines[0].index("x")}


def test_a_line_is_escaped_to_one_line(capsys):
    output.echo("a\nb", "c\td", err=True)
    assert capsys.readouterr().err == "a\\nb\nc\\td\n"


def test_json_lines_are_complete(capsys):
    """Bytes as base64, letters unchanged."""
    output.emit([{"body": b"\xff\x00", "name": "grün"}, {"n": None}], [], as_json=True, empty="-")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert base64.b64decode(first["body"]) == b"\xff\x00" and first["name"] == "grün"
    assert second == {"n": None}
