"""`modeltap analyze`: progress on a terminal, and a second pass that changes nothing."""

from __future__ import annotations

from command import lines, modeltap
from terminal import on_a_terminal


def test_progress_is_shown_on_a_terminal(files):
    """The progress line is erased; the last line is the result."""
    code, text = on_a_terminal("analyze", "--store", files / "cli.db", "--open", "--again")
    assert code == 0 and "\r\x1b[Kevaluating windows." in text
    assert text.rpartition("\r\x1b[K")[2].startswith("no new exchanges, ")


def test_a_second_pass_changes_nothing_and_again_sends_no_alert(at):
    before = modeltap("alerts", *at, "--json")
    assert lines(modeltap("analyze", *at, "--open", "--json"))[0]["windows"] == 0
    assert lines(modeltap("analyze", *at, "--open", "--again", "--json"))[0]["windows"] > 30
    assert modeltap("alerts", *at, "--json") == before
