"""A candidate's predictions in a batch, as the store keeps them."""

from __future__ import annotations

import json

from modeltap.decoding.outputs import storable_output
from modeltap.decoding.row_batch import Batch
from modeltap.store.candidates import CandidatePrediction


def predictions_by_exchange(batch: Batch) -> dict[str, list[CandidatePrediction]]:
    """Return the rows that have a prediction or a score, by the id of their exchange.

    >>> batch = Batch(ids=["a", "a"], row_numbers=[0, 1], predictions=[None, 2.5])
    >>> batch.scores, batch.probabilities = [None, 0.5], [None, [0.5, 0.5]]
    >>> predictions_by_exchange(batch)["a"][0][1:]
    (1, 2.5, 0.5, '[0.5, 0.5]')
    """
    rows: dict[str, list[CandidatePrediction]] = {}
    for position, id_ in enumerate(batch.ids):
        prediction, score = batch.predictions[position], batch.scores[position]
        if prediction is None and score is None:
            continue
        chances = batch.probabilities[position]
        rows.setdefault(id_, []).append(
            CandidatePrediction(
                id_,
                batch.row_numbers[position],
                storable_output(prediction),
                score,
                json.dumps(chances) if chances else None,
            )
        )
    return rows
