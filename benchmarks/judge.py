"""Coverage of a judge's corrected rate and of its kappa, in simulations.

    python benchmarks/judge.py [--simulations 200] [--seed 1] [--labelled 100 200 400]

A judge errs with the given sensitivity and specificity, independently in each output. People label
some outputs, drawn like the others, and it rates these and a sample. A cell has the fraction of
simulations whose interval holds the truth, the mean width, and in how many no rate is reported,
because too few outputs of a kind are labelled or the judge may be uninformative.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import numpy as np
from machine import describe

from modeltap.judge.agreement import cohens_kappa
from modeltap.judge.corrected_rates import JudgeErrors, corrected_rate

TRUTHS = (0.05, 0.2, 0.5, 0.8, 0.95)
JUDGES = ((0.9, 0.7), (0.7, 0.9), (0.95, 0.95), (0.6, 0.6))
GOAL = 0.92


class Cell(NamedTuple):
    """Results of one setting: fractions of coverage, the width, simulations without a rate."""

    corrected: float
    reported: float
    width: float
    none: int
    kappa: float


def ratings(truth: np.ndarray, judge: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Return the (n,) ratings of outputs that are good or not."""
    right = rng.random(len(truth)) < np.where(truth, *judge)
    return np.where(right, truth, ~truth)


def true_kappa(rate: float, judge: tuple[float, float]) -> float:
    """Return the kappa of the judge and people in infinitely many outputs."""
    sensitivity, specificity = judge
    equal = rate * sensitivity + (1 - rate) * specificity
    reported = rate * sensitivity + (1 - rate) * (1 - specificity)
    expected = rate * reported + (1 - rate) * (1 - reported)
    return (equal - expected) / (1 - expected)


def simulate(
    rate: float,
    judge: tuple[float, float],
    labelled: int,
    rows: int,
    simulations: int,
    rng: np.random.Generator,
) -> Cell:
    """Return the coverage of one setting."""
    held = kept = naive = known = 0
    widths: list[float] = []
    kappa = true_kappa(rate, judge)
    for _ in range(simulations):
        people = rng.random(labelled) < rate
        own = ratings(people, judge, rng)
        errors = JudgeErrors(
            int(people.sum()),
            int((people & own).sum()),
            int((~people).sum()),
            int((~people & ~own).sum()),
        )
        count = int(ratings(rng.random(rows) < rate, judge, rng).sum())
        half = 1.96 * np.sqrt(count / rows * (1 - count / rows) / rows)
        naive += abs(count / rows - rate) <= half
        agreement = cohens_kappa(list(map(str, people)), list(map(str, own)))
        if agreement.low is not None and agreement.high is not None:
            known += 1
            kept += agreement.low <= kappa <= agreement.high
        corrected = corrected_rate(count, rows, errors)
        if corrected is not None:
            widths.append(corrected.high - corrected.low)
            held += corrected.low <= rate <= corrected.high
    return Cell(
        held / max(1, len(widths)),
        naive / simulations,
        float(np.mean(widths)) if widths else float("nan"),
        simulations - len(widths),
        kept / max(1, known),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--labelled", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--rows", type=int, default=500)
    options = parser.parse_args()
    print(describe())
    print("sens. spec. labelled  truth  corrected  reported  width  none  kappa")
    for judge in JUDGES:
        for labelled in options.labelled:
            for rate in TRUTHS:
                rng = np.random.default_rng((options.seed, labelled, int(100 * rate)))
                cell = simulate(rate, judge, labelled, options.rows, options.simulations, rng)
                enough = options.simulations - cell.none >= 100
                mark = " <" if enough and cell.corrected < GOAL else ""
                print(
                    f"{judge[0]:5.2f} {judge[1]:5.2f} {labelled:8d} {rate:6.2f} "
                    f"{cell.corrected:10.3f} {cell.reported:9.3f} {cell.width:6.2f} "
                    f"{cell.none:5d} {cell.kappa:6.3f}{mark}"
                )


if __name__ == "__main__":
    main()
