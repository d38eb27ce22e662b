"""Values of an evaluator: passes, numbers with limits, and the reason why there are none."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from modeltap.analysis.evaluators import evaluator_values as module
from modeltap.analysis.evaluators.evaluator_values import evaluator_values
from modeltap.config.evaluation.evaluator_settings import parse_evaluators
from modeltap.payload import EvaluatedOutput


def of(scored, **parameters):
    """Return the values of a plugin that returns `scored`, or raises it."""

    def score(evaluator, outputs):
        if isinstance(scored, BaseException):
            raise scored
        return scored

    (own,) = parse_evaluators([{"name": "a", "kind": "acme.toxicity", **parameters}])
    outputs = [EvaluatedOutput(f"x{n}", 0, None, "text") for n in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "hooks", lambda kind: SimpleNamespace(score=score))
        return evaluator_values(own, outputs)


def numbers(values):
    return [None if math.isnan(value) else value for value in values.tolist()]


def test_booleans_are_passes():
    values = of([True, False, None])
    assert numbers(values.passes) == [1, 0, None] and not values.graded


def test_numbers_pass_within_their_limits():
    values = of([0.1, 0.6, None], max=0.5)
    assert numbers(values.passes) == [1, 0, None] and values.graded
    assert numbers(of([0.1, 0.6, 2], min=0.6).passes) == [0, 1, 1]
    assert numbers(of([0.1, 0.6, 2]).passes) == [None] * 3


@pytest.mark.parametrize(
    ("scored", "reason"),
    [
        (None, "no installed plugin has evaluators of the kind 'acme.toxicity'"),
        ([True], "returned 1 values for 3 outputs"),
        ([True, "yes", None], "returned 'yes', a str (in exchange x1)"),
        ([True, math.nan, None], "returned 'nan', a float (in exchange x1)"),
        ([True, [1], None], "a list"),
        (7, "not iterable"),
        (RuntimeError("no model\nfile"), "RuntimeError: no model"),
        (ValueError("bad options"), "bad options"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyError(), "KeyError"),
    ],
)
def test_the_reason_is_one_line(scored, reason):
    values = of(scored)
    assert reason in values.problem and "\n" not in values.problem
    assert numbers(values.passes) == [None] * 3


def test_an_endless_search_ends(monkeypatch):
    """A regular expression whose search takes years."""
    monkeypatch.setattr(module, "_MOST_SECONDS", 0.1)
    (own,) = parse_evaluators([{"name": "a", "kind": "regex", "pattern": "(a+)+$"}])
    values = evaluator_values(own, [EvaluatedOutput("x", 0, None, "a" * 60 + "b")])
    assert "simplify it" in values.problem
