"""Faults of one column, of predictions or of labels: found, by which metric, with which words.

    python benchmarks/faults.py [--references 5] [--reference 2000] [--rows 1000]
        [--faults cap,rounding] [--no-multivariate]

A fault is found when one of its three windows of 1,000 rows has an alert about its feature that
the same rows without the fault do not have; 'found' counts references, each with new rows.
'Others' are alerts about other features in faulty windows, 'multivariate' those about none, which
find a fault without naming it. The first words of each metric are printed, for people to read:
whether they are right no program can say.

The table: `distance` (lognormal), `tenure` (whole months), `amount` (normal about 50, sd 10),
`temp` (normal about 0), `width` and `height` (normal, of different means), `country`, `client`
(20 even ones), `comment` (text), `vector` (32 numbers), `score` (a probability), `prediction`
(the score rounded) and its `label`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from machine import describe
from windows import Columns, alerts, sampled

from modeltap.analysis.explanations.explain import explained
from modeltap.analysis.model.metric import ALERT, Metric
from modeltap.analysis.performance.evaluation import evaluate as evaluate_performance
from modeltap.analysis.performance.labelled import LabelledContext
from modeltap.analysis.references.fit import fit
from modeltap.analysis.references.performance_baseline import learn_baseline

WINDOWS = 3
"""A fault is to be found within so many."""

COUNTRIES = np.array(["de", "fr", "it", "es", "pl"], dtype=object)
SHARES = (0.40, 0.25, 0.15, 0.12, 0.08)
TOPICS = ("my parcel is late", "the size is wrong", "the lid came broken", "very kind staff")
ENDINGS = ("please answer soon", "I want my money back", "thank you for the help")
PERFORMANCE = {"accuracy", "f1_macro", "mae"}
LABEL = "label"
"""Not a feature: it comes later, and is compared with the predictions."""

_MEANS = np.random.default_rng(17).normal(size=(2, 32))
"""Of two embedding models, by number."""

Change = Callable[[np.random.Generator, Columns], Columns]


@dataclass(frozen=True)
class Fault:
    """A change of columns, and the features of which one is to be named."""

    change: Change
    features: tuple[str, ...]
    metrics: frozenset[str] = frozenset()
    """Metrics without a feature that name this fault: those of performance."""

    def is_named_by(self, metric: Metric) -> bool:
        """Return whether a metric is about this fault: `comment.length` is about `comment`, too."""
        column = (metric.feature or "").partition(".")[0]
        return column in self.features or metric.metric in self.metrics


FAULTS: dict[str, Fault] = {}


def fault(*features: str, metrics: set[str] | None = None) -> Callable[[Change], Change]:
    """Register a function that returns the columns it changes."""

    def register(change: Change) -> Change:
        FAULTS[change.__name__] = Fault(change, features, frozenset(metrics or ()))
        return change

    return register


@fault("distance")
def unit_change(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"distance": rows["distance"] * 1.609}


@fault("amount")
def sign_flip(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"amount": -rows["amount"]}


@fault("temp")
def sign_flip_about_0(rng: np.random.Generator, rows: Columns) -> Columns:
    """No marginal test can see it: the column is symmetric about 0."""
    return {"temp": -rows["temp"]}


@fault("width", "height")
def swap(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"width": rows["height"], "height": rows["width"]}


@fault("amount")
def stuck_value(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"amount": np.full_like(rows["amount"], 50.0)}


@fault("tenure")
def default_in_5_percent(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"tenure": np.where(_some(rng, rows, 0.05), 0.0, rows["tenure"])}


@fault("amount")
def median_in_5_percent(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"amount": np.where(_some(rng, rows, 0.05), 50.0, rows["amount"])}


@fault("amount")
def cap(rng: np.random.Generator, rows: Columns) -> Columns:
    """At the 95 % point."""
    return {"amount": np.minimum(rows["amount"], 66.45)}


@fault("amount")
def rounding(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"amount": np.round(rows["amount"])}


@fault("amount")
def sentinel_in_5_percent(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"amount": np.where(_some(rng, rows, 0.05), -999.0, rows["amount"])}


@fault("balance")
def sentinel_inside_the_range(rng: np.random.Generator, rows: Columns) -> Columns:
    """In 5 % of rows of a column that reaches from some -3,000 to 3,000."""
    return {"balance": np.where(_some(rng, rows, 0.05), -999.0, rows["balance"])}


@fault("country")
def renamed_category(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"country": np.where(rows["country"] == "it", "ita", rows["country"])}


@fault("amount")
def null_for_one_client(rng: np.random.Generator, rows: Columns) -> Columns:
    """The client has 5 % of the rows."""
    return {"amount": np.where(rows["client"] == "client 7", np.nan, rows["amount"])}


@fault(LABEL, metrics=PERFORMANCE)
def label_flip(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"label": 1 - rows["label"]}


@fault("prediction", metrics=PERFORMANCE)
def prediction_collapse(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"prediction": np.zeros_like(rows["prediction"])}


@fault("score")
def calibration_shift(rng: np.random.Generator, rows: Columns) -> Columns:
    """Odds are doubled, the predictions stay."""
    return {"score": 2 * rows["score"] / (1 + rows["score"])}


@fault("comment")
def text_truncated(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"comment": np.array([text[:20] for text in rows["comment"]], dtype=object)}


@fault("vector")
def embedding_model_changed(rng: np.random.Generator, rows: Columns) -> Columns:
    return {"vector": _vectors(rng, len(rows["amount"]), model=1)}


def table(rng: np.random.Generator, n: int) -> Columns:
    """Return `n` rows as they should be."""
    score = rng.beta(2, 5, size=n)
    return {
        "distance": rng.lognormal(1.5, 0.8, size=n),
        "tenure": 1.0 + rng.exponential(30, size=n).astype(int),
        "amount": rng.normal(50, 10, size=n),
        "temp": rng.normal(0, 8, size=n),
        "balance": rng.normal(0, 1000, size=n),
        "width": rng.normal(30, 5, size=n),
        "height": rng.normal(40, 5, size=n),
        "country": rng.choice(COUNTRIES, p=SHARES, size=n),
        "client": np.array([f"client {i}" for i in rng.integers(0, 20, size=n)], dtype=object),
        "comment": _texts(rng, n),
        "vector": _vectors(rng, n, model=0),
        "score": score,
        "prediction": np.round(score),
        "label": (rng.random(n) < np.where(score > 0.5, 0.95, 0.05)).astype(float),
    }


def _some(rng: np.random.Generator, rows: Columns, share: float) -> np.ndarray:
    return rng.random(len(rows["amount"])) < share


def _texts(rng: np.random.Generator, n: int) -> np.ndarray:
    orders = rng.integers(1000, 9999, size=n).tolist()
    topics, endings = rng.choice(TOPICS, size=n), rng.choice(ENDINGS, size=n)
    parts = zip(topics, orders, endings, strict=True)
    return np.array([f"{a}, order {b}, {c}" for a, b, c in parts], dtype=object)


def _vectors(rng: np.random.Generator, n: int, model: int) -> np.ndarray:
    """Return (n,) lists: unit vectors about the mean of an embedding model."""
    vectors = 0.5 * _MEANS[model] + rng.normal(size=(n, 32))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    listed = np.empty(n, dtype=object)
    listed[:] = vectors.tolist()
    return listed


@dataclass
class Outcome:
    """Results of one fault over all references."""

    found: int = 0
    metrics: Counter[str] = field(default_factory=Counter)
    """References for which a metric named the fault."""
    others: Counter[str] = field(default_factory=Counter)
    """Alerts about other features, and, as 'multivariate', about none."""
    words: dict[str, str] = field(default_factory=dict)
    """By metric, the first explanation that named the fault."""


class Reference:
    """A reference of rows as they should be, of inputs and of performance."""

    def __init__(self, rng: np.random.Generator, rows: int, multivariate: bool) -> None:
        whole = table(rng, rows)
        self.performance = learn_baseline(
            whole["prediction"], whole["label"].tolist(), "classification"
        )
        self.inputs = fit(_features(whole), rows, model="m")
        self.sample = sampled(_features(whole), rows, self.inputs) if multivariate else None

    def alerts(self, rows: Columns) -> list[Metric]:
        """Return the alerts of a window, of its inputs and of its labels."""
        labelled = LabelledContext(
            task="classification",
            predictions=rows["prediction"].tolist(),
            labels=rows["label"].tolist(),
            baseline=self.performance,
        )
        performance = explained(m for m in evaluate_performance(labelled) if m.verdict == ALERT)
        inputs = alerts(self.inputs, _features(rows), len(rows["amount"]), self.sample)
        return [*inputs, *performance]


def _features(rows: Columns) -> Columns:
    return {
        name: column.tolist() if column.dtype == object else column
        for name, column in rows.items()
        if name != LABEL
    }


def try_fault(
    rng: np.random.Generator, reference: Reference, named: Fault, rows: int, outcome: Outcome
) -> None:
    """Add to `outcome` what three faulty windows come to."""
    metrics: set[str] = set()
    for _ in range(WINDOWS):
        clean = table(rng, rows)
        before = {(m.metric, m.feature) for m in reference.alerts(clean)}
        for metric in reference.alerts({**clean, **named.change(rng, clean)}):
            if (metric.metric, metric.feature) in before:
                continue
            if named.is_named_by(metric):
                metrics.add(metric.metric)
                outcome.words.setdefault(metric.metric, metric.explanation or "")
            else:
                outcome.others[metric.feature or "multivariate"] += 1
    outcome.found += bool(metrics)
    outcome.metrics.update(metrics)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--references", type=int, default=5)
    parser.add_argument("--reference", type=int, default=2000, help="rows of a reference")
    parser.add_argument("--rows", type=int, default=1000, help="rows of a window")
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--no-multivariate", action="store_true", help="no multivariate drift")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(describe("numpy", "scipy", "scikit-learn"))
    outcomes = {name: Outcome() for name in args.faults.split(",")}
    for number in range(args.references):
        rng = np.random.default_rng([args.seed, number])
        reference = Reference(rng, args.reference, not args.no_multivariate)
        for name, outcome in outcomes.items():
            try_fault(rng, reference, FAULTS[name], args.rows, outcome)
    for name, outcome in outcomes.items():
        report(name, outcome, args.references)


def report(name: str, outcome: Outcome, references: int) -> None:
    """Print what came of one fault, and the words."""
    metrics = ", ".join(f"{metric} {times}" for metric, times in outcome.metrics.most_common())
    others = ", ".join(f"{feature} {times}" for feature, times in outcome.others.most_common(3))
    print(f"{name:27} {outcome.found}/{references}  {metrics or 'not found'}; others: {others}")
    for words in outcome.words.values():
        print(f"    {words}")


if __name__ == "__main__":
    main()
