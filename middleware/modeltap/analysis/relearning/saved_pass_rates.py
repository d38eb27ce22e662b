"""Saving of a reference whose outputs' pass rates have been learnt, once it is frozen."""

from __future__ import annotations

from msgspec.structs import replace

from modeltap.analysis.counting.counter import WindowCounter
from modeltap.analysis.counting.sample import choose
from modeltap.analysis.evaluators.pass_rate_learning import evaluators_key, learnt_pass_rates
from modeltap.analysis.model.reference import Reference
from modeltap.analysis.references.freeze import save
from modeltap.config.settings import Settings
from modeltap.store.connection import writing
from modeltap.store.predictions import StoredRow
from modeltap.store.references import sampled_rows

_MOST_GONE = 0.5
"""If more of the sampled rows than this fraction are deleted, the rest is not the reference."""


def with_saved_pass_rates(
    counter: WindowCounter, reference: Reference, settings: Settings
) -> Reference:
    """Return the reference with the pass rates of its outputs, saved if they are new.

    They are learnt again when the settings of evaluators have changed. The reference is unchanged
    if its rows are not in the store, as those of a file.

    Args:
        settings: the model's own.
    """
    key = evaluators_key(settings.evaluators)
    if reference.state == "provisional" or (
        reference.evaluators is not None and reference.evaluators.key == key
    ):
        return reference
    rows = sampled_rows(counter.connection, reference.id)
    chosen = choose((row.exchange_id, row.row) for row in rows)
    picked = [
        StoredRow(rows[at].exchange_id, rows[at].row, rows[at].event_time or "", 0) for at in chosen
    ]
    batch = counter.read_picked(reference.model, picked)
    if len(batch.ids) < max(2, _MOST_GONE * len(picked)):
        return reference
    learnt = replace(reference, evaluators=learnt_pass_rates(batch, settings))
    with writing(counter.connection):
        save(counter.connection, learnt)
    return learnt
