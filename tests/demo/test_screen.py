"""Output of the demo: plain lines in a pipe, wrapped lines, a progress bar."""

from __future__ import annotations

from modeltap.demo.screen import ProgressBar, Screen, filled


def test_in_a_pipe_there_are_lines_and_no_foot(capsys):
    screen = Screen()
    screen.foot("doing")
    screen.line("done")
    screen.keep_foot()
    assert capsys.readouterr().out == "done\n"


def test_on_a_terminal_the_foot_stays_below_the_lines(capsys):
    screen = Screen()
    screen.terminal = True
    screen.foot("doing" + "." * 500)
    screen.line("done")
    screen.keep_foot()
    out = capsys.readouterr().out
    assert out.index("done") < out.rindex("doing") and out.endswith("\n")
    assert max(map(len, out.splitlines())) < 100


def test_a_bar_fills_with_its_steps(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    bar = ProgressBar("2013", 4)
    lines = [bar.step(f"day {n}") for n in range(4)]
    full = [line.count("#") for line in lines]
    assert full == sorted(full) and full[0] == full[-1] / 4
    assert "100 %" in lines[-1] and "-" not in lines[-1].partition("]")[0]


def test_lines_fit_and_keep_what_is_copied(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = "see https://example.com/a-very-long-address/that-no-line/holds and then go on with it"
    lines = filled(text, "> ", "  ").splitlines()
    assert "https://example.com/a-very-long-address/that-no-line/holds" in " ".join(lines)
    assert lines[0].startswith("> ") and all(line.startswith("  ") for line in lines[1:])
