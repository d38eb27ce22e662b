"""The option `reference`."""

from __future__ import annotations

import pytest

from modeltap.config.reference_settings import check_windows, parse_reference
from modeltap.errors import ConfigError

DAY = 86_400.0


@pytest.mark.parametrize(
    ("text", "kind", "seconds", "rows", "path", "moves"),
    [
        ("first 2000 rows", "first", 0.0, 2000, "", False),
        (" first  7d ", "first", 7 * DAY, 0, "", False),
        ("first 7d, 2000 rows", "first", 7 * DAY, 2000, "", False),
        ("first 500 rows,1d", "first", DAY, 500, "", False),
        ("previous 12h", "previous", DAY / 2, 0, "", True),
        ("same hours last week", "last week", 7 * DAY, 0, "", True),
        ("data/normal.csv.gz", "file", 0.0, 0, "data/normal.csv.gz", False),
        ("first 7d.parquet", "file", 0.0, 0, "first 7d.parquet", False),
    ],
)
def test_each_form_is_parsed(text, kind, seconds, rows, path, moves):
    found = parse_reference(text)
    assert (found.kind, found.seconds, found.rows) == (kind, seconds, rows)
    assert (found.path, found.moves) == (path, moves)


@pytest.mark.parametrize(
    "text",
    [
        "first 1 rows",
        "first 7d, 1 rows",
        "first 7d 2000 rows",
        "first rows",
        "previous 7",
        "last week",
        "normal.docx",
        "",
    ],
)
def test_other_texts_are_one_line_errors(text):
    """A single row is not a reference."""
    with pytest.raises(ConfigError) as error:
        parse_reference(text)
    assert repr(text) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "window", "fits"),
    [
        ("first 7d", "500 rows", True),
        ("previous 7d", "1d", True),
        ("previous 1d", "1d", True),
        ("previous 1d", "2d", False),
        ("previous 1d", "500 rows", False),
        ("same hours last week", "1h", True),
        ("same hours last week", "5d", False),
        ("same hours last week", "1 month", False),
    ],
)
def test_windows_must_fit_into_a_rolling_reference(text, window, fits):
    """Time windows, not longer than the reference, a whole number of them in a week."""
    if fits:
        check_windows(text, window)
    else:
        with pytest.raises(ConfigError, match="reference"):
            check_windows(text, window)
