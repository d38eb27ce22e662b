"""Concept drift: errors that the inputs do not explain."""

from __future__ import annotations

import numpy as np
import pytest

from concept_cases import LEVEL, drift, mae
from modeltap.analysis.concept.concept_drift import ExcessAt, InputChanges, concept_drift
from modeltap.analysis.concept.excess import Excess, Expected
from modeltap.analysis.model.baseline import Baseline
from modeltap.analysis.model.metric import ALERT, OK


@pytest.mark.parametrize(
    ("value", "expected", "verdict"),
    [
        (10.2, 10.0, OK),
        (20.0, 10.0, ALERT),
        (20.0, 20.0, OK),
        (30.0, 20.0, ALERT),
        (10.9, 10.0, OK),
    ],
)
def test_only_errors_beyond_the_expected_ones_alert(value, expected, verdict):
    own = drift(value, expected)
    assert own.verdict == verdict and own.value == pytest.approx(value - expected)
    assert own.low < own.value < own.high


def test_a_small_rise_that_lasts_alerts_with_its_beginning():
    def at(day):
        return ExcessAt(f"2024-02-{day:02}T00:00:00.000Z", 1000, Excess(1.2, 0.4))

    calm = [ExcessAt("2024-01-01T00:00:00.000Z", 1000, Excess(-0.1, 0.4))] * 10
    assert drift(11.2, earlier=calm).verdict == OK
    own = drift(11.2, earlier=[*calm, *map(at, range(1, 4))])
    assert own.verdict == ALERT and own.evidence.since.startswith("2024-02-01")


def test_the_error_of_the_reference_does_not_add_up():
    """It is the same in each of its windows, here 1.5 standard errors."""
    sure = Baseline(task="regression", rows=5000, mean=0.001, variance=1.0)
    earlier = [ExcessAt("", 1000, Excess(0.6, 0.4))] * 40
    own = concept_drift(
        mae(10.6), Expected(10.0, 0.4, 1000), sure, InputChanges((), True), earlier, "", LEVEL
    )
    assert own.verdict == OK and own.p_value > 0.05


def test_the_level_is_held():
    """Of 400 windows without a change, few may alert although the floor is 0."""
    rng = np.random.default_rng(0)
    sure = Baseline(task="regression", rows=5000, mean=0.001, variance=1.0)
    alerts = 0
    for _ in range(4):
        earlier: list[ExcessAt] = []
        for _window in range(100):
            value = float(rng.normal(10.0, 0.4))
            own = concept_drift(
                mae(value),
                Expected(10.0, 0.4, 1000),
                sure,
                InputChanges((), True),
                earlier,
                "",
                0.01,
            )
            alerts += own.verdict == ALERT
            earlier = [*earlier, ExcessAt("", 1000, Excess(value - 10.0, 0.4))]
    assert alerts <= 10


@pytest.mark.parametrize("value", [0.0, 5.0])
def test_a_reference_without_errors(value):
    """Any error of a model that had none is new."""
    none = Baseline(task="regression", rows=500, mean=0.0, variance=0.0)
    own = concept_drift(
        mae(value), Expected(0.0, 0.0, 1000), none, InputChanges((), True), (), "", LEVEL
    )
    assert own.verdict == (ALERT if value else OK)
    assert np.isfinite([own.value, own.low, own.high, own.p_value, own.strength]).all()
