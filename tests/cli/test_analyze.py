"""`modeltap analyze`: its progress on a terminal, and a second pass that changes nothing."""

from __future__ import annotations

from command import lines, modeltap
from terminal import on_a_terminal


def test_whoever_waits_on_a_terminal_sees_how_far_it_is(files):
    """One line, written anew and wiped away; what was done is the last."""
    code, text = on_a_terminal("analyze", "--store", files / "cli.db", "--open", "--again")
    assert code == 0 and "\r\x1b[Kevaluating windows." in text
    assert text.rpartition("\r\x1b[K")[2].startswith("no new exchanges, ")


def test_analyze_again_finds_nothing_to_do(at):
    """A second pass changes nothing; --again computes anew and alerts nobody."""
    before = modeltap("alerts", *at, "--json")
    assert lines(modeltap("analyze", *at, "--open", "--json"))[0]["windows"] == 0
    assert lines(modeltap("analyze", *at, "--open", "--again", "--json"))[0]["windows"] > 30
    assert modeltap("alerts", *at, "--json") == before
