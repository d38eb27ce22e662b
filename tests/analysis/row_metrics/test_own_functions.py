"""A user's function: where it is found, and one line for what goes wrong."""

from __future__ import annotations

import pytest

from modeltap.analysis.row_metrics import own_functions
from modeltap.analysis.row_metrics.own_functions import own_function, row_values

ROWS = [{"id": f"r{n}", "label": n} for n in range(5)]


def test_a_module_of_the_working_directory_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_margins.py").write_text(
        "print('loud')\nclass Shop:\n    @staticmethod\n    def margin(row): return row['label']\n"
    )
    function = own_function("own_margins:Shop.margin")
    assert row_values(function, ROWS).values.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("os:nothing", "os has no function nothing"),
        ("os:name", "os:name is not a function"),
        ("broken_module_of_a_user:f", "cannot import broken_module_of_a_user: ValueError: no"),
    ],
)
def test_functions_that_are_not_there_are_one_line(path, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken_module_of_a_user.py").write_text("raise ValueError('no\\nway')\n")
    assert own_function(path) == reason


@pytest.mark.parametrize("value", ["3", float("nan"), float("inf"), [1], {}, object(), 10**400])
def test_values_that_are_not_numbers_are_one_line(value):
    problem = row_values(lambda _: value, ROWS).problem
    assert "return a finite number" in problem and problem.endswith("(in exchange r0)")
    assert "\n" not in problem


@pytest.mark.parametrize("value", [True, 3, 2.5])
def test_booleans_and_numbers_are_values(value):
    assert row_values(lambda _: value, ROWS).values.tolist() == [float(value)] * 5


def test_slow_functions_are_given_up(monkeypatch):
    monkeypatch.setattr(own_functions, "_MOST_SECONDS", -1.0)
    assert row_values(lambda _: 1, ROWS).problem.endswith("for 1 of 5 rows")


def test_what_a_function_prints_is_not_part_of_the_output(capsys):
    row_values(lambda row: print("loud") or 1, ROWS)
    assert capsys.readouterr().out == ""
