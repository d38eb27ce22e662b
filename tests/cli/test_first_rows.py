"""The rows that a report lists without `--all`."""

from __future__ import annotations

from modeltap.cli.first_rows import by_window, first_rows


def row(feature, verdict, value=0.5, *, end="2024-01-02", model="m", explanation=None):
    return {
        "model": model,
        "version": "",
        "environment": None,
        "window_end": end,
        "feature": feature,
        "verdict": verdict,
        "value": value,
        "explanation": explanation,
    }


def names(first):
    return [row["feature"] for row in first.rows]


def test_alerts_come_first_and_all_of_them():
    rows = [row(f"ok{n}", "ok") for n in range(4)] + [row(f"bad{n}", "alert") for n in range(6)]
    first = first_rows(rows, 5)
    assert names(first) == [f"bad{n}" for n in range(6)]
    assert first.note == "4 more rows: 4 ok"


def test_without_alerts_the_strongest_are_listed():
    rows = [row(f"ok{n}", "ok") for n in range(9)]
    first = first_rows(rows, 5)
    assert names(first) == ["ok0", "ok1", "ok2", "ok3", "ok4"] and first.others["ok"] == 4


def test_rows_without_a_value_come_last_with_their_reason_counted():
    rows = [
        row("a", None, None),
        row("b", "not_comparable", None, explanation="an id"),
        row("c", "not_enough_rows", None),
        row("d", None, 0.1),
        row("e", "ok", 0.1),
        row("f", "alert", 0.9),
    ]
    first = first_rows(rows, 2)
    assert names(first) == ["f", "d"]
    assert first.note == ("4 more rows: 1 ok, 1 not comparable, 1 not known yet, 1 not enough rows")
    assert names(first_rows(rows, 6)) == ["f", "d", "e", "b", "a", "c"]


def test_each_window_of_each_model_has_its_own_rows():
    rows = [row(str(n), "ok", end=f"2024-01-0{1 + n % 3}", model="mn"[n % 2]) for n in range(24)]
    assert len(by_window(rows)) == 6
    first = first_rows(rows, 2)
    assert len(first.rows) == 12 and first.others["ok"] == 12


def test_no_note_takes_the_place_of_one_row():
    rows = [row(f"ok{n}", "ok") for n in range(6)]
    assert first_rows(rows, 5).note is None and len(first_rows(rows, 5).rows) == 6
    assert first_rows([], 5).note is None
