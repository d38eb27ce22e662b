"""Fixtures: a store with drift, created by the commands."""

from __future__ import annotations

import csv
import shutil

import pytest

from command import modeltap
from shared_folder import filled_once


@pytest.fixture(scope="session")
def gone_wrong(tmp_path_factory):
    """A table of 30 hours with 120 rows each that drifts after 20 hours, and its analysed store."""
    return filled_once(tmp_path_factory, "drifted-store", _fill)


def _fill(folder):
    with (folder / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "time", "amount", "color", "guess", "truth"])
        for n in range(3600):
            hour, late = n // 120, n >= 2400
            x = (n * 7919 % 1000) / 100 + (4 if late else 0)
            guess = x * 2 + (n % 5 if late else 0) * 3
            time = f"2024-05-{1 + hour // 24:02d}T{hour % 24:02d}:{n % 60:02d}:00Z"
            color = "red" if n % 3 else "blue"
            writer.writerow([f"row-{n}", time, x, color, guess, x * 2 + n % 3 - 1])
    store = folder / "cli.db"
    roles = ("--timestamp", "time", "--prediction", "guess", "--label", "truth", "--id", "id")
    shown = modeltap("import", folder / "rows.csv", "--store", store, "--model", "m", *roles)
    assert "3,600 rows imported for m" in shown
    modeltap("reference", "set", "--store", store, "--model", "m", "--rows", "2000")
    modeltap("analyze", "--store", store, "--open")


@pytest.fixture(scope="module")
def files(gone_wrong, tmp_path_factory):
    """A copy of the table and its store, for the tests of one file."""
    return shutil.copytree(gone_wrong, tmp_path_factory.mktemp("files") / "cli")


@pytest.fixture
def at(files):
    """The option for the store."""
    return ("--store", files / "cli.db")
