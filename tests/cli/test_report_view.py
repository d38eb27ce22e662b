"""Reports on a terminal: a table of each window that fits, with bars and sparklines."""

from __future__ import annotations

import pytest

from command import modeltap
from modeltap.text_width import width
from terminal import on_a_terminal, shown_on_a_terminal


def test_drift_has_a_heading_bars_and_trends(at):
    heading, header, first, *rest = shown_on_a_terminal("drift", *at)
    assert heading.startswith("m, 2024-05-02") and heading.endswith(" rows:")
    assert {"feature", "value", "threshold", "effect", "trend"} <= set(header.split())
    assert "█│" in first and "▁" in first and first.endswith("alert")
    assert rest[0].startswith("    ") and ": " in rest[0]


def test_performance_has_trends(at):
    shown = shown_on_a_terminal("performance", *at)
    (mae,) = [line for line in shown if line.startswith("mae ")]
    assert "▁" in mae and mae.endswith("alert")
    assert any("(without low, high, estimated in 80 columns" in line for line in shown)


def test_a_wide_terminal_has_all_columns(at):
    shown = shown_on_a_terminal("performance", *at, columns=150)
    assert {"low", "high", "estimated", "trend"} <= set(shown[1].split())


@pytest.mark.parametrize(
    "command",
    ["drift", "performance", "status", "tail --no-follow", "labels"],
)
@pytest.mark.parametrize("columns", [20, 47])
def test_every_line_fits(at, command, columns):
    shown = shown_on_a_terminal(*command.split(), *at, columns=columns)
    assert max(map(width, shown)) <= columns


def test_columns_of_the_environment_count(at):
    """A number; anything else is ignored."""
    assert max(map(width, shown_on_a_terminal("alerts", *at, COLUMNS="50"))) <= 50
    assert shown_on_a_terminal("alerts", *at, COLUMNS="abc") == shown_on_a_terminal(
        "alerts", *at, COLUMNS="0"
    )


def test_an_encoding_without_blocks_has_ascii(at):
    shown = "\n".join(shown_on_a_terminal("drift", *at, PYTHONIOENCODING="ascii"))
    assert shown.isascii() and "#|" in shown and "\\u" not in shown


def test_colours_can_be_switched_off(at):
    assert "\x1b[31malert" in on_a_terminal("drift", *at)[1]
    assert "\x1b" not in on_a_terminal("drift", *at, NO_COLOR="1")[1]
    assert "\x1b" not in on_a_terminal("drift", *at, TERM="dumb")[1]


def test_a_pipe_has_one_line_for_each_row(at):
    """Without bars; the explanation is complete."""
    header, *rows = modeltap("drift", *at).splitlines()
    assert header.split()[0:2] == ["window", "start"] and header.endswith("explanation")
    assert "█" not in "".join(rows) and "trend" not in header
    assert all(row.startswith("2024-05-02") for row in rows)
