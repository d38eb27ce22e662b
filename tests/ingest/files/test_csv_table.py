"""CSV files of every make: the same rows, whatever the delimiter, decimals, encoding and quotes."""

from __future__ import annotations

import csv
import datetime
import io
import json
import math
from itertools import product

import pytest

from modeltap.errors import InputError
from modeltap.ingest.files.table import open_table
from modeltap.ingest.roles import choose_roles

ROWS = [
    {"preis": 12.5, "menge": n, "ort": ort, "größe": 1234.25 + n}
    for n, ort in enumerate(["Köln", "São Paulo", 'say "hi"', "a, b; c", "x | y", "it's"] * 5, 1)
]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")


def opened(tmp_path, content, name="a.csv", **options):
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    return open_table(tmp_path / name, **options)


def rows_in(table):
    return [row for _, row in table.rows()]


def written(delimiter, comma, **options):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, **options)
    writer.writerow(ROWS[0])
    for row in ROWS:
        cells = map(str, row.values())
        writer.writerow([cell.replace(".", ",") if comma else cell for cell in cells])
    return file.getvalue()


@pytest.mark.parametrize(("delimiter", "comma"), [*product(";\t|,", (True, False))])
def test_rows_are_the_same_however_a_file_is_written(tmp_path, delimiter, comma):
    """In each encoding, with each way to quote and both ends of lines."""
    ways = (
        {},
        {"quoting": csv.QUOTE_ALL},
        {"quoting": csv.QUOTE_NONNUMERIC},
        {"lineterminator": "\n"},
        {"doublequote": False, "escapechar": "\\"},
    )
    for encoding, way in product(ENCODINGS, ways):
        table = opened(tmp_path, written(delimiter, comma, **way).encode(encoding))
        assert rows_in(table) == ROWS, (encoding, way)
        assert not table.broken and table.numeric == {"preis", "menge", "größe"}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("sep=;\r\na;b\r\n1;x\r\n", [{"a": 1, "b": "x"}]),
        ("a;b;;\n1;2;;\n3;4;;\n", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ("a,b\n1,2,\n3,4,\n", [{"a": 1, "b": 2}, {"a": 3, "b": 4}]),
        ("a, b\n1, x\n2, y\n", [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ("'a','b'\n'1','x, y'\n", [{"a": 1, "b": "x, y"}]),
        ('a\tb\n1\t5" pipe\n2\t"odd\n3\tz\n', [{"a": 1, "b": '5" pipe'}, {"a": 2, "b": '"odd'}]),
        ('a,b\n1,"say \\"hi\\", ok"\n', [{"a": 1, "b": 'say "hi", ok'}]),
        ("a\n1,5\n2,5\n", [{"a": 1.5}, {"a": 2.5}]),
        ("a;b\n1.234;0,5\n", [{"a": 1234, "b": 0.5}]),
        ('a,b\n"1,234",0.5\n', [{"a": 1234, "b": 0.5}]),
        ("a;b\n#N/A;#DIV/0!\n1;2\n", [{"a": None, "b": None}, {"a": 1, "b": 2}]),
        ("zip,n\n00123,1\n99999,2\n", [{"zip": "00123", "n": 1}, {"zip": "99999", "n": 2}]),
        ("\n\na,b\n\n1,2\n", [{"a": 1, "b": 2}]),
    ],
)
def test_what_programs_write_is_read(tmp_path, text, rows):
    """Excel's first line and trailing cells, quotes of databases, exports without any."""
    assert rows_in(opened(tmp_path, text))[: len(rows)] == rows


def test_codes_for_missing_values_say_nothing_of_the_type(tmp_path):
    """Of those columns for which they are declared."""
    codes = {"a": ("?", -999), "b": ()}
    text = "a,b\n130.0,1\n?,?\n-999,3\n150.5,4\n"
    table = opened(tmp_path, text, codes_of=lambda name: codes[name])
    assert table.numeric == {"a"}
    assert [row["a"] for row in rows_in(table)] == [130.0, "?", -999, 150.5]
    assert opened(tmp_path, text).numeric == set()


@pytest.mark.parametrize("header", ["", "Unnamed: 0", "index", "level_0"])
def test_numbers_of_rows_are_no_feature(tmp_path, header):
    """As pandas writes them; they can still be asked for."""
    table = opened(tmp_path, f"{header},a,b\n7,1,x\n3,2,y\n5,3,z\n")
    assert choose_roles(table).features == ("a", "b")
    assert choose_roles(table, features=[header]).features == (header,)


def test_names_of_rows_without_a_header_are_no_feature(tmp_path):
    """As R's write.table writes them."""
    table = opened(tmp_path, '"a","b"\n"r1",1,"x"\n"r2",2,"y"\n')
    assert choose_roles(table).features == ("a", "b")
    assert [row["a"] for row in rows_in(table)] == [1, 2]


def test_a_column_called_index_with_values_of_its_own_is_a_feature(tmp_path):
    table = opened(tmp_path, "index,a\n1.5,1\n2.5,2\n")
    assert choose_roles(table).features == ("index", "a")


@pytest.mark.parametrize("how", ["csv", "parquet"])
def test_what_pandas_writes_is_read_without_its_index(tmp_path, how):
    """Shuffled, with the index in the file."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1.5, None, 3.5], "c": ["a", "b", "c"]})
    frame = frame.sample(frac=1, random_state=3)
    path = tmp_path / f"train.{how}"
    frame.to_csv(path) if how == "csv" else frame.to_parquet(path)
    table = open_table(path)
    assert choose_roles(table).features == ("x", "c")
    found = [row["x"] for row in rows_in(table)]
    expected = [None if math.isnan(value) else value for value in frame["x"]]
    assert found == expected


def test_an_id_is_kept_as_it_is_written(tmp_path):
    """Every digit of it."""
    table = opened(tmp_path, "key,a\n41.50,1\n1e5,2\n")
    choose_roles(table, id="key")
    assert [row["key"] for row in rows_in(table)] == ["41.50", "1e5"]


def test_few_broken_characters_are_replaced_and_noted(tmp_path):
    """The rest of a file of UTF-8 is read as such."""
    table = opened(tmp_path, "a,b\n1,größe\n2,größe\n".encode() + b"3,gr\xf6\n")
    assert rows_in(table)[0]["b"] == "größe" and rows_in(table)[2]["b"] == "gr\ufffd"
    assert table.replaced == 1 and table.broken_count == 0
    (notice,) = table.notices
    assert notice.startswith("could not decode 1 character as utf-8, replaced by U+FFFD;")


def test_two_columns_of_one_name_are_an_error(tmp_path):
    with pytest.raises(InputError, match="two columns named 'a'; rename one"):
        opened(tmp_path, "a, a\n1,2\n")


@pytest.mark.parametrize(("form", "first"), [("%d/%m/%Y %H:%M", True), ("%m/%d/%Y %H:%M", False)])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_days_of_a_column_say_how_its_dates_are_written(tmp_path, form, first, kind):
    """One above twelve is enough for all."""
    days = [datetime.datetime(2024, 2, day, 10, 30, tzinfo=datetime.UTC) for day in range(1, 29)]
    texts = [day.strftime(form) for day in days]
    lines = ["when,a"] if kind == "csv" else []
    lines += [
        f"{text},1" if kind == "csv" else json.dumps({"when": text, "a": 1}) for text in texts
    ]
    table = opened(tmp_path, "\n".join(lines), f"a.{kind}")
    roles = choose_roles(table, timestamp="when")
    assert table.day_first("when") is first and table.day_first("a") is None
    assert [roles.time_of(row) for row in rows_in(table)] == [day.timestamp() for day in days]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoted", [(), (0,), (4000,), (3999, 4000, 9000), range(0, 9500, 700)])
def test_lines_are_numbered_past_cells_of_several_lines(tmp_path, quoted, ending):
    """Blocks without quotes are read at once, between others whose records have several lines."""
    path = tmp_path / "rows.csv"
    texts = [f'"a{ending}{ending}{n}"' if n in quoted else f"b{n}" for n in range(9500)]
    lines = [f"{n}.5,{text}" for n, text in enumerate(texts)]
    path.write_bytes(ending.join(["x,note", *lines, "broken", ""]).encode())
    table = open_table(path)
    numbers, values, notes = [], [], []
    for chunk in table.chunks():
        numbers += chunk.lines
        values += chunk.column("x")
        notes += chunk.column("note")
    assert values == [n + 0.5 for n in range(9500)]
    assert notes == [text.strip('"') for text in texts]
    ends = [2 + n + 2 * sum(place <= n for place in quoted) for n in range(9500)]
    assert numbers == ends
    assert table.broken == [f"line {ends[-1] + 1}: 1 cells, but the header has 2"]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize(
    "odd", [None, "", " ", "1", "1,2,3,4", "a\rb,2,3", "1,,", ",,", '1,"2,3",4', "1,'2',3"]
)
def test_lines_are_split_as_the_csv_module_splits_them(tmp_path, ending, last, odd):
    """All at once where that is the same, for complete, short, long and blank lines."""
    lines = [f"{n},b {n},c;{n}" for n in range(3000)]
    if odd is not None:
        lines[2500] = odd
    text = ending.join(["x,y,z", *lines]) + (ending if last else "")
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    table = open_table(path)
    with path.open(newline="") as file:
        reader = csv.reader(file)
        next(reader)
        expected = [(reader.line_num, cells) for cells in reader if len(cells) == 3]
    rows = list(table.rows())
    assert [line for line, _ in rows] == [line for line, _ in expected]
    assert [(row["y"] or "", row["z"] or "") for _, row in rows] == [
        (y, z) for _, (_, y, z) in expected
    ]
