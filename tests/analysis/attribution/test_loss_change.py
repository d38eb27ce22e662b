"""The change of a loss is attributed to the drift that causes it, or to a changed relation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modeltap.analysis.attribution.input_weights import InputCodes
from modeltap.analysis.attribution.loss_change import LossChange, LossPart, loss_change

NAMES = ("carrier", "temp", "seats", *(f"x{n}" for n in range(9)))


def drawn(rng, rows, *, carrier=0.2, temp=0.5, wrong=0.3):
    """Return inputs and losses: rows of the carrier are wrong more often; temp does not matter."""
    codes = [(rng.random(rows) < carrier).astype(int), (rng.random(rows) < temp).astype(int)]
    codes += [rng.integers(4, size=rows) for _ in NAMES[2:]]
    losses = (rng.random(rows) < np.where(codes[0] == 1, wrong, 0.05)).astype(float)
    return InputCodes(NAMES, codes, (2, 2, *(4 for _ in NAMES[2:]))), losses


def change(seed, **now):
    rng = np.random.default_rng(seed)
    return loss_change(*drawn(rng, 5000), *drawn(rng, 3000, **now))


def test_the_drift_that_costs_most_is_first_although_another_is_larger():
    """temp drifts from .5 to .95, which does not change any error."""
    own = change(0, carrier=0.6, temp=0.95)
    assert next(iter(own.features)) == "carrier"
    assert own.features["carrier"].is_sure and not own.features["temp"].is_sure
    assert own.features["carrier"].value == pytest.approx(0.1, abs=0.02)
    assert own.inputs.is_sure and not own.relation.is_sure and own.is_comparable


def test_a_changed_relation_is_not_attributed_to_inputs():
    own = change(1, wrong=0.8)
    assert own.relation.is_sure and own.relation.value == pytest.approx(0.1, abs=0.02)
    assert not own.inputs.is_sure
    assert all(abs(part.value) < 0.01 for part in own.features.values())


def test_parts_add_up_to_the_change():
    own = change(2, carrier=0.6, wrong=0.5)
    assert own.inputs.value + own.relation.value == pytest.approx(own.now - own.before)
    assert own.inputs.is_sure and own.relation.is_sure


def test_inputs_that_the_reference_hardly_has_are_not_comparable():
    rng = np.random.default_rng(3)
    assert not loss_change(
        *drawn(rng, 2000, carrier=0.005), *drawn(rng, 2000, carrier=1.0)
    ).is_comparable


def test_an_estimate_of_the_window_replaces_the_split():
    """The parts add up to the loss again; without similar rows, features have no part."""
    known = {"x": LossPart(0.02, 0.01, 0.03)}
    own = LossChange(
        0.05, 0.15, LossPart(0.03, 0.0, 0.06), LossPart(0.07, 0.03, 0.11), known, 500.0
    )
    relation = LossPart(0.01, -0.01, 0.03)
    estimated = own.with_relation(relation)
    assert estimated.relation == relation and estimated.features == known
    assert estimated.inputs.value == pytest.approx(0.09)
    assert estimated.inputs.high - estimated.inputs.low == pytest.approx(0.04)
    far = replace(own, effective=3.0)
    assert not far.is_comparable
    assert far.with_relation(relation).is_comparable and not far.with_relation(relation).features
