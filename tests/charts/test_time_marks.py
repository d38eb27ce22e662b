"""Marks of events above a chart."""

from __future__ import annotations

import pytest

from modeltap.charts.scale import Scale
from modeltap.charts.time_marks import MARK_KINDS, Mark, draw_marks

AXIS = Scale(0.0, 1000.0, 0.0, 1000.0)


@pytest.mark.parametrize("letter", list(MARK_KINDS))
def test_each_kind_has_its_letter_and_text(letter):
    drawn = draw_marks([Mark(5.0, letter, "what <happened>", "/page")], AXIS, 30, 200)
    assert f">{letter}<" in drawn and "what &lt;happened&gt;" in drawn and 'href="/page"' in drawn


def test_marks_near_each_other_are_one_with_a_count():
    marks = [Mark(float(n), "A", f"alert {n}") for n in range(15)] + [Mark(3.0, "V", "version 2")]
    drawn = draw_marks(marks, AXIS, 30, 200)
    assert drawn.count("<line") == 1 and ">A15V<" in drawn
    assert "alert 0\nand 15 more" in drawn


def test_many_marks_with_long_texts_stay_small():
    """A page has a dozen charts, each with the marks of all alerts."""
    marks = [Mark(float(n), "A", "x" * 500, "/alerts/1") for n in range(0, 1000, 2)]
    assert len(draw_marks(marks, AXIS, 30, 200)) < 30_000


def test_marks_outside_are_left_out():
    assert draw_marks([Mark(-1.0, "A", "before"), Mark(1001.0, "A", "after")], AXIS, 30, 200) == ""
