"""Tables in a pipe and on terminals of any width."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modeltap.printable import escaped
from modeltap.table_layout import TableColumn, table_lines
from modeltap.text_width import width

COLUMNS = [
    TableColumn("id", "id", is_whole=True),
    TableColumn("feature", "feature"),
    TableColumn("value", "value", is_right=True),
    TableColumn("verdict", "verdict"),
    TableColumn("explanation", "explanation", is_sentence=True),
]
ROWS = [
    ["alert_1", "temp", "0.97", "alert", "temp: median went from 37 to 71 in 315 rows"],
    ["alert_2", "wind_gust_of_the_last_hour", "12,345", "ok", ""],
]


def lines(room, rows=ROWS, **options):
    return table_lines(COLUMNS, rows, room, **options).lines


def test_a_pipe_gets_each_row_on_one_line():
    """Complete, under a header."""
    long = [["a" * 300, "b" * 300, "1", "ok", "c " * 300]]
    shown = lines(None, long)
    assert len(shown) == 2 and all(text.strip() in shown[1] for text in long[0])
    assert lines(None)[0].split() == ["id", "feature", "value", "verdict", "explanation"]


def test_a_wide_terminal_gets_the_table_of_a_pipe():
    assert lines(200) == lines(None)


def test_sentences_move_below_their_row():
    """Indented; a row without one has none."""
    shown = lines(60)
    assert shown[2] == "    temp: median went from 37 to 71 in 315 rows"
    assert len(shown) == 4 and "explanation" not in shown[0]


def test_empty_columns_go_before_anything_is_cut():
    rows = [["alert_1", "", "1", "ok", ""]]
    assert lines(24, rows) == ["id       value  verdict", "alert_1      1  ok"]
    assert "feature" in lines(None, rows)[0]


def test_then_the_widest_names_are_cut():
    """Never an id, a number or a time."""
    laid_out = table_lines(COLUMNS, ROWS, 46)
    assert laid_out.is_cut and not table_lines(COLUMNS, ROWS, 60).is_cut
    shown = "\n".join(laid_out.lines)
    assert "wind_gust_of_the_la…" in shown
    assert all(text in shown for text in ("alert_2", "12,345", "0.97", "alert"))


def test_less_important_columns_go_first():
    columns = [
        TableColumn("metric", "metric"),
        *(TableColumn(name, name, rank=1) for name in ("low", "high")),
        TableColumn("trend", "trend", is_whole=True, rank=2),
    ]
    rows = [["mean_absolute_error", "16.44", "19.29", "_" * 16]]
    assert not table_lines(columns, rows, 60).left_out
    laid_out = table_lines(columns, rows, 50)
    assert laid_out.left_out == ("low", "high") and "_" * 16 in laid_out.lines[1]
    laid_out = table_lines(columns, rows, 30)
    assert laid_out.left_out == ("low", "high", "trend") and not laid_out.is_cut


def test_the_narrowest_terminal_gets_a_list_of_each_row():
    assert lines(30)[:6] == [
        "id",
        "  alert_1",
        "feature",
        "  temp",
        "value",
        "  0.97",
    ]
    assert lines(33)[:2] == ["id           alert_1", "feature      temp"]


def test_numbers_are_aligned_on_the_right():
    shown = lines(60)
    assert shown[1].index("0.97") + 4 == shown[3].index("12,345") + 6


def test_painted_cells_keep_their_width():
    def paint(name, text):
        return f"<{text}>" if name == "verdict" else text

    plain = lines(60)
    painted = lines(60, paint=paint)
    assert [line.replace("<", "").replace(">", "").rstrip() for line in painted] == plain


NAMES = ["気温" * 20, "e\u0301" * 40, "שלום" * 20, "😀" * 20, "a\nb\x1b[31m" * 9, "x" * 300, ""]


@pytest.mark.parametrize("room", [20, 21, 33, 40, 80, 132])
@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_letters_fit(room, name):
    shown = lines(room, [["1", escaped(name), "0.5", "ok", escaped(f"{name} moved")]])
    assert max(map(width, shown)) <= room


cells = st.text(max_size=60).map(escaped)


@settings(max_examples=60)
@given(st.lists(st.tuples(cells, cells, st.floats().map(str), cells, cells)), st.integers(20, 150))
def test_no_line_is_wider_than_the_terminal(rows, room):
    assert all(width(line) <= room for line in lines(room, rows))
