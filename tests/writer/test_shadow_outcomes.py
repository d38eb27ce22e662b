"""The outcomes of shadow requests."""

from __future__ import annotations

from modeltap.store import shadow_counts
from modeltap.writer import shadow_outcomes as outcomes
from modeltap.writer.protocol import Counters


def test_each_outcome_has_one_counter_and_one_counting_process():
    """Additions in shared memory are not atomic."""
    assert len(set(outcomes.OUTCOMES)) == len(outcomes.OUTCOMES)
    counters = Counters(Counters.create())
    for number, outcome in enumerate(outcomes.OUTCOMES, 1):
        counters.add_shadow(outcome, number)
    assert list(counters.shadow().values()) == list(range(1, len(outcomes.OUTCOMES) + 1))
    assert counters.total() == 0 and not counters.hurry
    assert outcomes.KEPT == shadow_counts.KEPT
