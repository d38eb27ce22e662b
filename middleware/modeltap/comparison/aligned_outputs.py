"""The outputs of two models for the same rows, and their labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from modeltap.analysis.model.baseline import Baseline, Task, infer_task, is_unknown
from modeltap.analysis.performance.class_scores import with_scores
from modeltap.analysis.performance.evaluation import known_classes
from modeltap.analysis.performance.paired import Paired, pair_up
from modeltap.analysis.performance.positive_class import DEFAULT_FORM, LabelForm
from modeltap.comparison.candidates.candidate_outputs import CandidateOutputs
from modeltap.errors import InputError
from modeltap.store.labelled_rows import LabelledPrediction

_MISSING = "rows without a candidate prediction"
_UNKNOWN = "candidate rows that the model does not have"
_NO_PREDICTION = "rows without a prediction of the current model"
_UNREADABLE = "labelled rows whose values cannot be compared"


class ModelOutputs(NamedTuple):
    """The predictions of one model for n rows, and their scores, None if there are none."""

    predictions: list[Any]
    scores: list[float | None]

    def at(self, places: Sequence[int]) -> ModelOutputs:
        """Return the outputs of the rows at `places`, in that order."""
        return ModelOutputs(
            [self.predictions[place] for place in places], [self.scores[place] for place in places]
        )


class ModelForm(NamedTuple):
    """The form of a model's values, as far as it is known.

    Args:
        task: None infers it from the values.
        form: settings of the labels.
        baseline: the performance in the reference, which knows the classes.
    """

    task: Task | None = None
    form: LabelForm = DEFAULT_FORM
    baseline: Baseline | None = None


@dataclass(frozen=True)
class AlignedOutputs:
    """The n rows that both models have a prediction of.

    Args:
        rows: (n,) the stored rows, with the current model's outputs and the labels.
        candidate: the candidate's outputs for them.
        left_out: rows of either side that the other does not have, by reason.
    """

    rows: Sequence[LabelledPrediction]
    candidate: ModelOutputs
    left_out: Counter[str]

    @cached_property
    def current(self) -> ModelOutputs:
        """The current model's outputs."""
        return ModelOutputs([row.prediction for row in self.rows], [row.score for row in self.rows])

    @cached_property
    def labels(self) -> list[Any]:
        """(n,) labels, None where there is none."""
        return [row.label for row in self.rows]


class PairedSides(NamedTuple):
    """The labelled rows of both models in one form; `places` are their positions (m,)."""

    current: Paired
    candidate: Paired
    places: np.ndarray


def align(rows: Sequence[LabelledPrediction], candidate: CandidateOutputs) -> AlignedOutputs:
    """Return the rows that have both predictions.

    Raises `InputError` if there are none.
    """
    left_out = Counter(candidate.left_out)
    own = [row for row in rows if not is_unknown(row.prediction)]
    left_out[_NO_PREDICTION] += len(rows) - len(own)
    both = [row for row in own if (row.exchange_id, row.row) in candidate.by_row]
    left_out[_MISSING] += len(own) - len(both)
    known = {(row.exchange_id, row.row) for row in rows}
    left_out[_UNKNOWN] += sum(key not in known for key in candidate.by_row)
    if not both:
        raise InputError(_nothing(rows, candidate))
    outputs = [candidate.by_row[row.exchange_id, row.row] for row in both]
    return AlignedOutputs(
        both,
        ModelOutputs([own.prediction for own in outputs], [own.score for own in outputs]),
        +left_out,
    )


def pair_sides(aligned: AlignedOutputs, known: ModelForm) -> PairedSides | None:
    """Return the labelled rows that both models can be evaluated on; None without labels.

    Raises `InputError` if the predictions of a model and the labels cannot be compared.
    """
    labels = aligned.labels
    if all(map(is_unknown, labels)):
        return None
    labelled = [place for place, label in enumerate(labels) if not is_unknown(label)]
    true = [labels[place] for place in labelled]
    current = aligned.current.at(labelled).predictions
    task = known.task or (known.baseline.task if known.baseline else infer_task(true, current))
    sides = [
        pair_outputs(outputs.at(labelled), true, known._replace(task=task), name)
        for name, outputs in (
            ("current model", aligned.current),
            ("candidate", aligned.candidate),
        )
    ]
    common, first, second = np.intersect1d(
        sides[0].places, sides[1].places, assume_unique=True, return_indices=True
    )
    aligned.left_out[_UNREADABLE] += len(labelled) - len(common)
    if not len(common):
        return None
    return PairedSides(
        sides[0].take(first), sides[1].take(second), np.array(labelled, dtype=np.int64)[common]
    )


def pair_outputs(
    outputs: ModelOutputs, labels: Sequence[Any], known: ModelForm, name: str = "model"
) -> Paired:
    """Return a model's labelled rows in one form.

    Args:
        labels: (n,) true values.
        name: the model in errors.

    Raises `InputError` if predictions and labels cannot be compared.

    >>> pair_outputs(ModelOutputs(["1", True], [None, None]), [1, 0], ModelForm()).labels.tolist()
    ['1', '0']
    """
    paired = pair_up(
        outputs.predictions, labels, known.task, known.form, known_classes(known.baseline)
    )
    if paired.mismatch is not None:
        raise InputError(
            f"predictions of the {name} such as {paired.mismatch.prediction} and labels such as "
            f"{paired.mismatch.label} cannot be compared: {paired.mismatch.reason}"
        )
    scored = any(score is not None for score in outputs.scores)
    return with_scores(paired, outputs.scores if scored else None, known.form)


def _nothing(rows: Sequence[LabelledPrediction], candidate: CandidateOutputs) -> str:
    if not rows:
        return "the model has no predictions to compare with; run `modeltap analyze` to read them"
    own_id, row = next(iter(candidate.by_row), ("", 0))
    if any(known.exchange_id == own_id for known in rows):
        return (
            f"no row of {candidate.name!r} is a row of the model: its row {row} of {own_id!r} does "
            "not exist; rows are counted from 0"
        )
    return (
        f"no id of {candidate.name!r} is an id of the model's requests: it has {own_id!r}, they "
        f"are such as {rows[-1].exchange_id!r}"
    )
