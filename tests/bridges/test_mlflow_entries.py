"""Keys, steps and times of values in MLflow."""

from __future__ import annotations

import re

import pytest

from modeltap.bridges.mlflow_entries import entry_key, run_entries, step_of
from modeltap.store.unsent_facts import UnsentMetric

VALID = re.compile(r"[/\w.\- ]{1,250}", re.ASCII)
NAMES = ["a/b", "../..", ".", "..", "", " ", "a ", "x" * 5000, "two\nlines", "🛫", 'q"', "a:b", "-"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_makes_a_key_that_mlflow_takes(name):
    """And that is no other path after MLflow has normalised it."""
    for key in (
        entry_key("drift", name),
        entry_key("mae", None, name),
        entry_key(name, name, name),
    ):
        assert VALID.fullmatch(key)
        assert not set(key.split("/")) & {"", ".", ".."}


def test_two_names_are_two_keys():
    names = [*NAMES, "a_b", "a?b", "a!b", "A"]
    assert len({entry_key("drift", name) for name in names}) == len(names)
    assert entry_key("mae", "x") != entry_key("mae", None, "x y")


@pytest.mark.parametrize(
    ("window", "step"),
    [("1h", 24), ("1d", 1), ("30m", 48), ("1 month", 86400), ("500 rows", 86400)],
)
def test_the_step_is_the_number_of_the_window(window, step):
    assert step_of(86400.0, window) == step


def test_values_that_are_not_finite_are_left_out():
    rows = [
        UnsentMetric(n, "m", "", "mae", None, None, value, "1h", f"2026-01-01T0{n}:00:00.000Z")
        for n, value in enumerate([float("inf"), 2.0, float("-inf"), 3.0], 1)
    ]
    entries = list(run_entries(rows, 1767229200.0))
    assert [(entry.row, entry.value, entry.step) for entry in entries] == [(2, 2.0, 1), (4, 3.0, 3)]
    assert entries[0].timestamp == 1767232800000
