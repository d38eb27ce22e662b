"""The change of the mean loss, by feature whose values drifted, and the rest.

Reference rows with the weights of a window's inputs show the loss that the drift of the inputs
alone would cause. What the window has lost beyond that is due to a changed relation of inputs and
labels. The part of one feature is its Shapley value, where a set of features has the weights of
their drift alone (as Zhang et al., 2023, "Why did the model fail?", arXiv 2210.10769, for
distributions of a causal graph). A feature that drifts where it does not matter has a part of 0,
however small its p-value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from modeltap.analysis.attribution.input_weights import (
    InputCodes,
    effective_rows,
    log_ratios,
    weights_of,
)
from modeltap.analysis.attribution.shapley import memberships, shapley_values
from modeltap.analysis.model.metric import NORMAL_95

_MOST_PLAYERS = 8
"""Features with a part of their own; the sets of all others would be too many, and their parts too
small. The others are one player."""

_LEAST_EFFECTIVE = 50.0
"""With fewer effective rows, the reference hardly has inputs such as those of the window."""


@dataclass(frozen=True)
class LossPart:
    """A part of the change of a mean loss, with its 95 % interval; positive if it is worse."""

    value: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """True if the interval excludes 0."""
        return not self.low <= 0 <= self.high


@dataclass(frozen=True)
class LossChange:
    """The change of the mean loss from the reference to a window.

    Args:
        before: the mean loss of the reference's rows.
        now: that of the window's.
        inputs: the part of drifted inputs.
        relation: the rest: the relation of inputs and labels has changed.
        features: the part of each feature, the largest first.
        effective: the rows of the reference, as weighted for the window.
        is_estimated: whether `inputs` and `relation` are those of an estimate of the window's loss.
    """

    before: float
    now: float
    inputs: LossPart
    relation: LossPart
    features: dict[str, LossPart]
    effective: float
    is_estimated: bool = False

    @property
    def is_comparable(self) -> bool:
        """True if it is known which part the inputs have."""
        return self.is_estimated or self.effective >= _LEAST_EFFECTIVE

    def with_relation(self, relation: LossPart) -> LossChange:
        """Return the change with the part of the relation that an estimate gives.

        The estimate is of the window's own rows, whose inputs may have changed together in ways
        that no feature shows alone. Features keep their parts if the reference has enough rows like
        those of the window.
        """
        inputs = self.now - self.before - relation.value
        half = (relation.high - relation.low) / 2
        return replace(
            self,
            inputs=LossPart(inputs, inputs - half, inputs + half),
            relation=relation,
            features=self.features if self.is_comparable else {},
            is_estimated=True,
        )


def loss_change(
    reference: InputCodes, losses: np.ndarray, window: InputCodes, window_losses: np.ndarray
) -> LossChange:
    """Return the change of the mean loss, and its parts.

    Args:
        losses: (n,) those of the reference's rows.
        window_losses: (m,) those of the window's.
    """
    ratios = log_ratios(reference, window)
    weights = weights_of(ratios.sum(axis=1))
    before, now = float(losses.mean()), float(window_losses.mean())
    weighted = float(np.mean(weights * losses))
    inputs = _part(weighted - before, _error(weights - 1, losses - weighted))
    relation = _part(
        now - weighted,
        math.hypot(
            _error(weights, losses - weighted),
            _error(np.ones(len(window_losses)), window_losses - now),
        ),
    )
    features = _by_feature(reference.names, ratios, losses)
    return LossChange(before, now, inputs, relation, features, effective_rows(weights))


def _by_feature(
    names: tuple[str, ...], ratios: np.ndarray, losses: np.ndarray
) -> dict[str, LossPart]:
    """Return the part of each feature whose drift changes the loss most, the largest first."""
    alone = weights_of(ratios.T)
    effects = alone @ losses / len(losses) - losses.mean()
    ranked = np.argsort(-np.abs(effects), kind="stable")
    chosen, rest = ranked[:_MOST_PLAYERS], ranked[_MOST_PLAYERS:]
    players = np.column_stack([ratios[:, chosen], ratios[:, rest].sum(axis=1)])
    results = np.array(
        [np.mean(weights_of(players @ own) * losses) for own in memberships(players.shape[1])]
    )
    parts = shapley_values(results)
    errors = [_error(alone[place] - 1, losses - losses.mean()) for place in chosen.tolist()]
    own = {
        names[place]: _part(value, error)
        for place, value, error in zip(chosen.tolist(), parts.tolist(), errors, strict=False)
    }
    return dict(sorted(own.items(), key=lambda item: -item[1].value))


def _part(value: float, error: float) -> LossPart:
    half = NORMAL_95 * error
    return LossPart(value, value - half, value + half)


def _error(weights: np.ndarray, values: np.ndarray) -> float:
    """Return the standard error of the mean of (n,) weights times (n,) values."""
    return float(np.sqrt(np.sum((weights * values) ** 2))) / len(values)
