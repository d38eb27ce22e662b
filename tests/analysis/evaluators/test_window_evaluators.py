"""All evaluators of a model over a window, and the pass rates learnt from a reference."""

from __future__ import annotations

from modeltap.analysis.evaluators.pass_rate_learning import evaluators_key, learnt_pass_rates
from modeltap.analysis.evaluators.window_evaluators import window_evaluators
from modeltap.config.sources import load
from modeltap.decoding.row_batch import Batch

DAY = 86_400.0
EVALUATORS = [
    {"name": "valid", "kind": "json", "sample": 150},
    {"name": "short", "kind": "length", "max": 20},
    {"name": "broken", "kind": "json", "schema": "missing.json"},
]
SETTINGS = load({"window": "1d", "evaluators": EVALUATORS}, environ={})


def batch(rows, every):
    """Return rows over four days, of which one in `every` is not JSON."""
    return Batch(
        ids=[f"x{n}" for n in range(rows)],
        row_numbers=[0] * rows,
        rows=[{"prompt": "hi"}] * rows,
        predictions=["oops" if n % every == 0 else "{}" for n in range(rows)],
        answers=[None] * rows,
        times=[4 * DAY * n / rows for n in range(rows)],
    )


def test_a_window_is_compared_with_the_learnt_rates():
    learnt = learnt_pass_rates(batch(800, 100), SETTINGS)
    assert set(learnt.rates) == {"valid", "short"}
    assert (learnt.rates["valid"].rows, learnt.rates["valid"].passed) == (800, 792)
    metrics = window_evaluators(batch(400, 4), SETTINGS, learnt, 0.05)
    found = {(own.metric, own.segment): own for own in metrics}
    valid = found["evaluator_pass_rate", "evaluator=valid"]
    assert (valid.rows, valid.verdict) == (150, "alert")
    assert found["evaluator_pass_rate", "evaluator=short"].verdict == "ok"
    assert found["evaluator_score", "evaluator=short"].rows == 400
    assert found["evaluator_pass_rate", "evaluator=broken"].verdict == "not_comparable"
    again = window_evaluators(batch(400, 4), SETTINGS, learnt, 0.05)
    assert again == metrics  # the sample is the same in each evaluation


def test_an_empty_window_has_rates_without_a_value():
    metrics = window_evaluators(batch(0, 1), SETTINGS, None, 0.05)
    assert {own.value for own in metrics} == {None}


def test_rates_are_learnt_again_when_settings_change():
    other = load({"evaluators": [{**EVALUATORS[0], "fenced": True}]}, environ={})
    assert evaluators_key(other.evaluators) != evaluators_key(SETTINGS.evaluators)
    assert evaluators_key(SETTINGS.evaluators) == learnt_pass_rates(batch(9, 2), SETTINGS).key


def test_a_bad_day_of_the_reference_is_its_excess():
    rows = batch(800, 100)
    rows.predictions[:200] = ["oops"] * 60 + ["{}"] * 140
    rate = learnt_pass_rates(rows, SETTINGS).rates["valid"]
    assert 0.1 < rate.excess < 0.3
