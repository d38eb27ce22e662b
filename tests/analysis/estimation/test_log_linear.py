"""Errors as a log-linear function of inputs, with gaps and extreme values."""

from __future__ import annotations

import numpy as np
import pytest

from modeltap.analysis.estimation.log_linear import LogLinearErrors


def test_slopes_continue_up_to_the_edge_of_the_reference():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, 2))
    model = LogLinearErrors(rows, np.exp(0.5 * rows[:, 0]) * rng.exponential(size=4000))
    near, far = model.predict(np.array([[1.0, 0.0], [2.5, 0.0]]))
    assert near == pytest.approx(np.exp(0.5), rel=0.15)
    assert far == pytest.approx(np.exp(1.25), rel=0.25)
    beyond, edge = model.predict(np.array([[1e9, 0.0], [rows[:, 0].max(), 0.0]]))
    assert beyond == edge


BAD = {
    "gaps": [[np.nan, 1.0], [2.0, np.inf]] * 100,
    "no values": [[np.nan, np.nan]] * 200,
    "constant": [[7.0, 7.0]] * 200,
    "one huge number": [[1e300, 0.0], *[[float(n), 1.0] for n in range(199)]],
    "equal columns": [[float(n), float(n)] for n in range(200)],
    "no columns": [[]] * 200,
}


@pytest.mark.parametrize("rows", BAD.values(), ids=BAD)
@pytest.mark.parametrize("errors", [np.zeros(200), np.full(200, 2.0), np.arange(200) * 1e9])
def test_any_inputs_and_errors_have_finite_answers(rows, errors):
    rows = np.array(rows, dtype=np.float64)
    model = LogLinearErrors(rows, errors)
    assert np.isfinite(model.predict(rows)).all()
    assert np.isfinite(model.predict(np.full((3, rows.shape[1]), np.nan))).all()
    assert np.isfinite(model.predict(np.full((3, rows.shape[1]), -1e308))).all()


def test_a_gap_is_a_value_of_its_own():
    rows = np.array([[np.nan], [1.0]] * 300)
    own = LogLinearErrors(rows, np.array([4.0, 1.0] * 300)).predict(rows[:2])
    assert own == pytest.approx([4.0, 1.0], rel=0.05)
