"""Each of several outputs of a model as rows of a model with one output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, TypeVar

from modeltap.comparison.aligned_outputs import AlignedOutputs, ModelOutputs
from modeltap.comparison.candidates.candidate_outputs import RowId
from modeltap.decoding.outputs import may_have_outputs, outputs_of
from modeltap.errors import InputError
from modeltap.store.labelled_rows import LabelledPrediction
from modeltap.store.versions import VersionRow

ComparableRow = TypeVar("ComparableRow", LabelledPrediction, VersionRow)

SINGLE = ""
"""The name of the only output."""

_SEVERAL = "candidate rows with several outputs"

_SHOWN = 5
"""Outputs that an error names."""


def by_output(rows: Sequence[ComparableRow]) -> dict[str, Sequence[ComparableRow]]:
    """Return the rows of each output by name; `rows` under `SINGLE` if there is one output.

    Rows without an output are left out of it. A score belongs to no output of several.

    >>> rows = [LabelledPrediction({"price": 2.5, "risk": "low"}, '{"price": 2}')]
    >>> [(name, own[0].prediction, own[0].label) for name, own in by_output(rows).items()]
    [('price', 2.5, 2), ('risk', 'low', None)]
    """
    if not may_have_outputs([row.prediction for row in rows]):
        return {SINGLE: rows}
    named = [outputs_of(row.prediction) or {} for row in rows]
    if not any(named):
        return {SINGLE: rows}
    labels = [outputs_of(row.label) or {} for row in rows]
    return {
        name: [
            row._replace(prediction=own[name], label=label.get(name), score=None)
            for row, own, label in zip(rows, named, labels, strict=True)
            if own.get(name) is not None
        ]
        for name in dict.fromkeys(chain.from_iterable(named))
    }


def aligned_by_output(aligned: AlignedOutputs) -> dict[str, AlignedOutputs]:
    """Return the aligned rows of each output that both models have, by name.

    Raises `InputError` if only one of the models has several outputs, or if they share none.
    """
    candidate = [outputs_of(prediction) for prediction in aligned.candidate.predictions]
    theirs = dict.fromkeys(chain.from_iterable(own for own in candidate if own is not None))
    ours = by_output(aligned.rows)
    if list(ours) == [SINGLE] and None in candidate:
        return {SINGLE: _without_several(aligned, candidate)}
    shared = [name for name in ours if name in theirs]
    if not shared:
        raise InputError(
            f"the model has {_named(ours)} and the candidate {_named(theirs)}; a candidate needs "
            "the outputs of the model"
        )
    others = {
        (row.exchange_id, row.row): own or {}
        for row, own in zip(aligned.rows, candidate, strict=True)
    }
    return {name: _aligned(name, ours[name], others, aligned) for name in shared}


def _without_several(
    aligned: AlignedOutputs, candidate: Sequence[Mapping[str, Any] | None]
) -> AlignedOutputs:
    """Return the rows in which the candidate has one output, too."""
    kept = [place for place, own in enumerate(candidate) if own is None]
    if len(kept) < len(candidate):
        aligned.left_out[_SEVERAL] += len(candidate) - len(kept)
    return AlignedOutputs(
        [aligned.rows[place] for place in kept], aligned.candidate.at(kept), aligned.left_out
    )


def _aligned(
    name: str,
    rows: Sequence[LabelledPrediction],
    others: Mapping[RowId, Mapping[str, Any]],
    aligned: AlignedOutputs,
) -> AlignedOutputs:
    both = [row for row in rows if others[row.exchange_id, row.row].get(name) is not None]
    missing = len(rows) - len(both)
    if missing:
        aligned.left_out[f"rows without the candidate's output {name!r}"] += missing
    predictions = [others[row.exchange_id, row.row][name] for row in both]
    return AlignedOutputs(both, ModelOutputs(predictions, [None] * len(both)), aligned.left_out)


def _named(outputs: Mapping[str, Any]) -> str:
    names = [name for name in outputs if name != SINGLE]
    if not names:
        return "one output"
    more = ", ..." if len(names) > _SHOWN else ""
    return "the outputs " + ", ".join(map(repr, names[:_SHOWN])) + more
