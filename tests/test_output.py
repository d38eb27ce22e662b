"""Rows as they are printed: short for people, whole for programs."""

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
def test_a_cell_is_short(value, text):
    """Numbers of ten seconds in milliseconds keep their digits; times lose what is zero."""
    assert output.cell(value) == text


def test_a_table_has_its_columns_or_one_line(capsys):
    """Names without underscores above; numbers that look like others stay as they are."""
    output.emit_table([{"row_id": "007", "x": 1.0}], ["row_id", "x"], "nothing yet")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["row", "id", "x"] and lines[1].split() == ["007", "1"]
    output.emit_table([], ["x"], "nothing yet")
    assert capsys.readouterr().out == "nothing yet\n"


def test_columns_are_as_wide_as_what_is_shown(capsys):
    """Names with control characters and line ends move no column, and are one line each."""
    rows = [{"name": name, "x": "end"} for name in ("a\x1b[2J\nb", "\u202e", "plain", "\t")]
    output.emit_table(rows, ["name", "x"], "nothing")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5 and {line.rindex("end") for line in lines[1:]} == {lines[0].index("x")}


def test_a_line_is_one_line(capsys):
    output.echo("a\nb", "c\td", err=True)
    assert capsys.readouterr().err == "a\\nb\nc\\td\n"


def test_json_lines_hold_everything(capsys):
    """Bytes as base64, letters as they are."""
    output.emit([{"body": b"\xff\x00", "name": "grün"}, {"n": None}], [], as_json=True, empty="-")
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert base64.b64decode(first["body"]) == b"\xff\x00" and first["name"] == "grün"
    assert second == {"n": None}
