"""One finding: its level, its sentence, and many columns with one reason in one line."""

from __future__ import annotations

import pytest

from modeltap.analysis.coverage.unmonitored import Unmonitored, condensed, level_of


def column(name, **options):
    facts = {"check": "features", "model": "m", "level": "note", "reason": "an id"}
    return Unmonitored(**{**facts, "subject": name, "count": 1, "total": 20} | options)


def test_many_columns_with_one_reason_are_one_line():
    findings = [column(f"c{n}") for n in range(9)] + [column("x", reason="masked", fix="unmask it")]
    lines = [finding.sentence for finding in condensed(findings)]
    assert lines == [
        "m: 9 of 20 columns are not tested (c0, ...): an id",
        "m: x is not tested: masked; unmask it",
    ]


def test_a_model_without_a_tested_column_is_named_as_such():
    (line,) = condensed([column(None, count=None, total=None, reason="inputs are unknown")])
    assert line.sentence == "m: no column is tested: inputs are unknown"


def test_problems_come_first():
    assert [
        finding.subject for finding in condensed([column("a"), column("b", level="problem")])
    ] == [
        "b",
        "a",
    ]


@pytest.mark.parametrize(
    ("count", "level"), [(0, "note"), (1, "note"), (2, "problem"), (20, "problem")]
)
def test_more_than_one_in_twenty_is_a_problem(count, level):
    assert level_of(count, 20) == level
