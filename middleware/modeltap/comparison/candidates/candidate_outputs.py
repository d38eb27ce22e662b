"""The outputs of a candidate by row, wherever they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from modeltap.errors import InputError

REPEATED = "repeated candidate rows"
_AMBIGUOUS = "candidate rows whose id several requests have"

RowId = tuple[str, int]
"""The id of an exchange, and the row in it, from 0."""


class CandidateOutput(NamedTuple):
    """A candidate's prediction of a row, and its score, None if it has none."""

    prediction: Any
    score: float | None = None


@dataclass
class CandidateOutputs:
    """The outputs of a candidate.

    Args:
        name: the candidate as it was given.
        by_row: its output for each row.
        left_out: outputs that are not used, by reason.
        durations_ms: response times of the current model and of the candidate, in milliseconds, of
            requests that both answered.
        notes: remarks for people.
    """

    name: str
    by_row: Mapping[RowId, CandidateOutput]
    left_out: Counter[str] = field(default_factory=Counter)
    durations_ms: Sequence[tuple[float, float]] = ()
    notes: tuple[str, ...] = ()

    def renamed(self, own_ids: Mapping[str, str | None]) -> CandidateOutputs:
        """Return the outputs under the exchanges' own ids; None is an id of several exchanges.

        Raises `InputError` if two ids of one row have different predictions.

        >>> outputs = CandidateOutputs("f.csv", {("order-1", 0): CandidateOutput(3.5)})
        >>> outputs.renamed({"order-1": "0192f3c1"}).by_row
        {('0192f3c1', 0): CandidateOutput(prediction=3.5, score=None)}
        """
        by_row: dict[RowId, CandidateOutput] = {}
        left_out = Counter(self.left_out)
        for (given, row), output in self.by_row.items():
            own = own_ids.get(given, given)
            if own is None:
                left_out[_AMBIGUOUS] += 1
                continue
            before = by_row.setdefault((own, row), output)
            if before is not output:
                if before != output:
                    raise InputError(
                        f"candidate {self.name!r} has two predictions of row {row} of {own!r}, one "
                        f"of them as {given!r}; keep one of them"
                    )
                left_out[REPEATED] += 1
        return replace(self, by_row=by_row, left_out=left_out)
