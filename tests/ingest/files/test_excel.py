"""Excel workbooks: values as Excel shows them, and one line for a sheet that is not a table."""

from __future__ import annotations

import datetime
import json
import random
import sys

import pytest
import xlsxwriter

from command import lines, modeltap
from modeltap.errors import InputError
from modeltap.ingest.files.table import TableForm, open_table
from modeltap.ingest.roles import choose_roles


def workbook(path, **sheets):
    """Write a workbook of sheets, each of rows of cells; a callable writes its own."""
    book = xlsxwriter.Workbook(path)
    for name, content in sheets.items():
        sheet = book.add_worksheet(name)
        if callable(content):
            content(book, sheet)
            continue
        for number, cells in enumerate(content):
            sheet.write_row(number, 0, cells)
    book.close()
    return path


def rows_in(table):
    return [row for _, row in table.rows()]


def test_a_workbook_of_every_type_is_read_as_excel_shows_it(tmp_path):
    def write(book, sheet):
        sheet.write_row(0, 0, ["day", "when", "whole", "part", "formula", "yes", "code", "error"])
        day = datetime.datetime(2024, 1, 31)
        sheet.write_datetime(1, 0, day, book.add_format({"num_format": "dd.mm.yyyy"}))
        form = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_datetime(1, 1, day.replace(hour=10, minute=30), form)
        sheet.write_row(1, 2, [3, 1.5])
        sheet.write_formula(1, 4, "=C2*D2", None, 4.5)
        sheet.write_row(1, 5, [True, "007"])
        sheet.write_formula(1, 7, "=1/0", None, "#DIV/0!")

    table = open_table(workbook(tmp_path / "a.xlsx", data=write))
    assert rows_in(table) == [
        {
            "day": "2024-01-31",
            "when": "2024-01-31T10:30:00",
            "whole": 3,
            "part": 1.5,
            "formula": 4.5,
            "yes": True,
            "code": "007",
            "error": None,
        }
    ]
    roles = choose_roles(table, timestamp="when")
    assert roles.time_of(rows_in(table)[0]) == 1706697000.0
    assert table.notices == []


@pytest.mark.parametrize("seed", range(10))
def test_rows_are_those_that_were_written(tmp_path, seed):
    """Wherever the table begins, and with cells and rows that are empty."""
    chance = random.Random(seed)
    names = [f"c{n}" for n in range(chance.randint(1, 6))]
    values = [None, 1, 2.5, True, "a", "0012", -7]
    rows = [[chance.choice(values) for _ in names] for _ in range(chance.randint(1, 30))]
    top, left = chance.randint(0, 3), chance.randint(0, 3)

    def write(book, sheet):
        for number, cells in enumerate([names, *rows]):
            for place, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(top + number, left + place, cell)

    table = open_table(workbook(tmp_path / "a.xlsx", data=write))
    expected = [
        (top + 2 + number, dict(zip(names, cells, strict=True)))
        for number, cells in enumerate(rows)
        if any(cell is not None for cell in cells)
    ]
    assert list(table.rows()) == expected
    assert table.columns == names


def test_the_first_sheet_is_read_unless_another_is_named(tmp_path):
    path = workbook(tmp_path / "a.xlsx", one=[["a"], [1]], two=[["b"], [2]])
    table = open_table(path)
    assert rows_in(table) == [{"a": 1}]
    assert table.notices == ["read sheet 'one'; --sheet reads 'two' instead"]
    other = open_table(path, form=TableForm(sheet="two"))
    assert rows_in(other) == [{"b": 2}] and other.notices == []
    with pytest.raises(InputError, match=r"--sheet 'twoo' is not a sheet of 'a\.xlsx'; did"):
        open_table(path, form=TableForm(sheet="twoo"))


def test_the_index_of_pandas_is_no_feature(tmp_path):
    path = workbook(tmp_path / "a.xlsx", data=[["", "a", "b"], [0, 5, 6], [1, 7, 8]])
    assert choose_roles(open_table(path)).features == ("a", "b")
    path = workbook(tmp_path / "b.xlsx", data=[["index", "a"], [0, 5], [1, 7]])
    assert choose_roles(open_table(path)).features == ("a",)


def merged(*ranges):
    def write(book, sheet):
        sheet.write_row(0, 0, ["a", "b", "c"])
        sheet.write_row(1, 0, ["d", "e", "f"])
        sheet.write_row(2, 0, [1, 2, 3])
        sheet.write_row(3, 0, [4, 5, 6])
        for one in ranges:
            sheet.merge_range(*one, "together")

    return write


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (merged((0, 0, 0, 2)), r"merged cells in its header \(A1:C1\); put one name above each"),
        (merged((0, 1, 1, 1)), r"merged cells in its header \(B1:B2\)"),
        ([["Report"], ["a", "b", "c"], [1, 2, 3]], "first row of .* names 1 of its 3 columns"),
        ([["a", "a"], [1, 2]], "sheet 'data' of 'a.xlsx' has two columns named 'a'; rename one"),
        ([], "has no rows"),
    ],
)
def test_a_sheet_that_is_no_table_is_refused(tmp_path, content, reason):
    with pytest.raises(InputError, match=reason):
        open_table(workbook(tmp_path / "a.xlsx", data=content))


def test_merged_cells_among_the_rows_are_reported(tmp_path):
    def write(book, sheet):
        sheet.write_row(0, 0, ["a", "b"])
        sheet.merge_range(1, 0, 2, 0, "together")
        sheet.write_column(1, 1, [1, 2])

    table = open_table(workbook(tmp_path / "a.xlsx", data=write))
    assert rows_in(table) == [{"a": "together", "b": 1}, {"a": None, "b": 2}]
    assert table.notices == [
        "sheet 'data' of 'a.xlsx' has merged cells; only the first cell of each has the value"
    ]


def test_columns_without_a_name_are_known_by_their_place(tmp_path):
    path = workbook(tmp_path / "a.xlsx", data=[["a", "", "c", ""], [1, 2, 3]])
    assert open_table(path).columns == ["a", "column 2", "c"]


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04broken xl/"])
def test_what_is_no_workbook_is_one_clear_line(tmp_path, content):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"file 'a.xlsx' cannot be read as Excel: .+"):
        open_table(path)


def test_without_the_library_the_install_line_is_given(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    path = workbook(tmp_path / "a.xlsx", data=[["a"], [1]])
    with pytest.raises(InputError, match=r'pip install "modeltap\[excel\]"'):
        open_table(path)


def test_commands_take_workbooks(tmp_path, monkeypatch):
    """`import`, also under another name, `label import` and `reference set`."""
    monkeypatch.chdir(tmp_path)
    data = [["id", "x", "prediction"], *([f"{n:03d}", n / 2, n % 2] for n in range(150))]
    labels = [["id", "value"], *([f"{n:03d}", n % 2] for n in range(150))]
    workbook(tmp_path / "rows.xlsx", data=data, truth=labels)
    (tmp_path / "rows.csv").write_bytes((tmp_path / "rows.xlsx").read_bytes())
    to = ["--model", "m", "--store", "a.db", "--json"]
    for name in ("rows.xlsx", "rows.csv"):
        (report,) = lines(modeltap("import", name, "--id", "id", *to))
        assert report["rows"] + report["repeated"] == 150
    (report,) = lines(modeltap("label", "import", "rows.xlsx", "--sheet", "truth", *to))
    assert report["labels"] == 150
    frozen = json.loads(modeltap("reference", "set", "--file", "rows.xlsx", "--id", "id", *to))
    assert frozen["rows"] == 150
