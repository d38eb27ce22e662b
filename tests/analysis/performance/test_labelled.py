"""The context of labelled rows, and the least loss that matters."""

from __future__ import annotations

import pytest

from modeltap.analysis.detectors.context import ALPHA
from modeltap.analysis.performance.labelled import LabelledContext, loss_floor
from modeltap.analysis.references.performance_baseline import learn_baseline


@pytest.mark.parametrize("alpha", ALPHA.values())
def test_labels_have_a_tenth_of_a_windows_level(alpha):
    assert LabelledContext(None, [], [], alpha=alpha).level == pytest.approx(alpha / 10)


def test_the_floor_is_two_points_of_accuracy_or_a_tenth_of_the_error():
    assert loss_floor(learn_baseline([1, 0] * 50, [1, 0] * 50)) == 0.02
    assert loss_floor(learn_baseline([2.5] * 40, [4.75] * 40)) == pytest.approx(0.225)
