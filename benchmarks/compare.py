"""Comparisons: fair coins at 30 daily looks, losses that are found, and retrained models.

    python benchmarks/compare.py [--runs 200] [--rows 5000] [--seed 0] [--only coins,losses,peers]
    python benchmarks/compare.py --only bikes --data ../shared/data

'coins': the predictions of two models are swapped row by row by a coin, so that neither is better.
A cell is the number of runs in which the main metric, the area under the ROC curve, or any metric
of all rows has a verdict at any look. 'losses': the candidate is worse by a known amount; a cell is
the fraction of runs in which it is `worse` at a look, and the median of the rows at the first one.
'peers' compares confidence sequences of the same differences of accuracy: the one of modeltap, the
normal mixture (Waudby-Smith et al., 2021), the empirical Bernstein and the hedged betting sequence
with predictable plug-ins (Waudby-Smith & Ramdas, 2020), and a z test of level alpha at each look.
'bikes' retrains a model of `bike_sharing` each month on the last 4,000 rows.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import scipy
import scored_sets
from machine import describe
from sklearn.ensemble import HistGradientBoostingRegressor

from modeltap.analysis.performance.paired import Paired, pair_up
from modeltap.comparison.differences.comparison_result import ComparedMetric
from modeltap.comparison.differences.confidence_sequence import ALPHA, boundary, sequence_interval
from modeltap.comparison.differences.metric_differences import paired_differences

LOOKS = 30
RECENT = 4_000
TRAINED = 0.3

Sides = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The labels and the predictions of the current model and of the candidate, each (n,)."""


def classes(rng: np.random.Generator, rows: int, worse: float, better: float) -> Sides:
    """Draw two models that disagree in `worse + better` of the rows."""
    labels = rng.integers(0, 2, rows)
    draw = rng.random(rows)
    wrong_both = draw > 0.88 + (worse + better)
    current = np.where((draw < better) | wrong_both, 1 - labels, labels)
    is_worse = (draw >= better) & (draw < better + worse)
    candidate = np.where(is_worse | wrong_both, 1 - labels, labels)
    return labels, current, candidate


def scores(rng: np.random.Generator, rows: int, noise: float) -> Sides:
    """Draw scores of two classes; the candidate's have more noise."""
    labels = (rng.random(rows) < 0.3).astype(int)
    odds = -0.9 + 2.0 * labels + rng.normal(0, 1, rows)
    current = scipy.special.expit(odds + rng.normal(0, 0.3, rows))
    candidate = scipy.special.expit(odds + rng.normal(0, 0.3 + noise, rows))
    return labels, current, candidate


def numbers(rng: np.random.Generator, rows: int, growth: float, heavy: bool) -> Sides:
    """Draw numbers with errors that two models share in part; the candidate's are larger."""
    labels = rng.gamma(4.0, 50.0, rows)
    scale = 0.1 * labels

    def errors() -> np.ndarray:
        own = rng.standard_t(3, rows) if heavy else rng.normal(0, 1, rows)
        return np.asarray(scale * own)

    shared = errors()
    current, candidate = shared + 0.5 * errors(), shared + 0.5 * errors()
    return labels, labels + current, labels + (1 + growth) * candidate


def swapped(rng: np.random.Generator, sides: Sides) -> Sides:
    labels, first, second = sides
    is_swapped = rng.random(len(labels)) < 0.5
    return labels, np.where(is_swapped, second, first), np.where(is_swapped, first, second)


def looks(sides: Sides) -> Iterator[tuple[int, list[ComparedMetric]]]:
    """Yield the rows of each look, and the differences of all rows so far."""
    labels, current, candidate = (side.tolist() for side in sides)
    paired = pair_up(current, labels), pair_up(candidate, labels)
    for end in ends(len(labels)):
        yield end, paired_differences(*(first(side, end) for side in paired))


def first(side: Paired, rows: int) -> Paired:
    return side.take(np.arange(rows))


def ends(rows: int) -> list[int]:
    return [rows * look // LOOKS for look in range(1, LOOKS + 1)]


COINS: dict[str, Callable[[np.random.Generator, int], Sides]] = {
    "classes, disagree in 8 %": lambda rng, rows: classes(rng, rows, 0.05, 0.03),
    "classes, disagree in 20 %": lambda rng, rows: classes(rng, rows, 0.11, 0.09),
    "scores": lambda rng, rows: scores(rng, rows, 0.5),
    "numbers": lambda rng, rows: numbers(rng, rows, 0.2, heavy=False),
    "numbers, heavy tails": lambda rng, rows: numbers(rng, rows, 0.2, heavy=True),
}


def coins(runs: int, rows: int, seed: int) -> None:
    print(f"\ncoins: runs of {runs} with a verdict at any of {LOOKS} looks, {rows:,} rows")
    print(f"{'':28}{'main':>8}{'roc_auc':>10}{'any':>8}")
    for name, draw in COINS.items():
        main = area = anything = 0
        for run in range(runs):
            rng = np.random.default_rng([seed, run])
            verdicts = {
                row.metric
                for _, compared in looks(swapped(rng, draw(rng, rows)))
                for row in compared
                if row.verdict != "not_shown"
            }
            main += bool(verdicts & {"accuracy", "mae"})
            area += "roc_auc" in verdicts
            anything += bool(verdicts)
        shown = f"{area:>10}" if name == "scores" else f"{'-':>10}"
        print(f"{name:28}{main:>8}{shown}{anything:>8}", flush=True)


LOSSES: tuple[tuple[str, str, Callable[[np.random.Generator, int], Sides]], ...] = (
    ("2 points, disagree in 8 %", "accuracy", lambda rng, n: classes(rng, n, 0.05, 0.03)),
    ("2 points, disagree in 20 %", "accuracy", lambda rng, n: classes(rng, n, 0.11, 0.09)),
    ("3 points, disagree in 20 %", "accuracy", lambda rng, n: classes(rng, n, 0.115, 0.085)),
    ("scores, noise .3 to .6", "roc_auc", lambda rng, n: scores(rng, n, 0.3)),
    ("scores, noise .3 to .8", "roc_auc", lambda rng, n: scores(rng, n, 0.5)),
    ("errors 5 % larger", "mae", lambda rng, n: numbers(rng, n, 0.05, heavy=False)),
    ("errors 10 % larger", "mae", lambda rng, n: numbers(rng, n, 0.10, heavy=False)),
    ("10 % larger, heavy tails", "mae", lambda rng, n: numbers(rng, n, 0.10, heavy=True)),
)


def losses(runs: int, rows: int, seed: int) -> None:
    print(f"\nlosses: found within {rows:,} labelled rows, of {runs} runs")
    print(f"{'':28}{'metric':10}{'mean loss':>10}{'found':>8}{'median rows':>13}")
    for name, metric, draw in LOSSES:
        found_at, lost = [], []
        for run in range(runs):
            own = draw(np.random.default_rng([seed, 1, run]), rows)
            at = [
                (end, row)
                for end, compared in looks(own)
                for row in compared
                if row.metric == metric
            ]
            lost.append(at[-1][1].difference or 0.0)
            found_at.append(next((end for end, row in at if row.verdict == "worse"), math.inf))
        found = np.isfinite(found_at).mean()
        median = f"{np.median(found_at):,.0f}" if np.isfinite(np.median(found_at)) else "-"
        print(f"{name:28}{metric:10}{np.mean(lost):>10.4f}{found:>8.3f}{median:>13}", flush=True)


def mixture(differences: np.ndarray) -> Iterator[bool]:
    for end in ends(len(differences)):
        own = differences[:end]
        interval = sequence_interval(own.mean(), own.std() / math.sqrt(end), end)
        yield interval is not None and not interval.low <= 0 <= interval.high


def z_test(differences: np.ndarray) -> Iterator[bool]:
    limit = scipy.special.ndtri(1 - ALPHA / 2)
    for end in ends(len(differences)):
        own = differences[:end]
        yield abs(own.mean()) > limit * max(own.std(), 1e-9) / math.sqrt(end)


def normal_mixture(differences: np.ndarray) -> Iterator[bool]:
    """The asymptotic sequence, narrowest at 4,000 rows (equations 14 and 58)."""
    part = (2 * math.log(1 / ALPHA) + math.log(2 * math.log(1 / ALPHA) + 1)) / 4_000
    for end in ends(len(differences)):
        own = differences[:end]
        x = end * part
        errors = math.sqrt((1 + 1 / x) * (math.log1p(x) + 2 * math.log(1 / ALPHA)))
        yield abs(own.mean()) > errors * max(own.std(), 1e-9) / math.sqrt(end)


def plug_ins(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the predictable means and variances of values from 0 to 1."""
    count = np.arange(1, len(values) + 1)
    means = (0.5 + np.cumsum(values)) / (count + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (count + 1)
    return (
        np.concatenate([[0.5], means[:-1]]),
        np.concatenate([[0.25], variances[:-1]]),
    )


def bernstein(differences: np.ndarray) -> Iterator[bool]:
    """The empirical Bernstein sequence of values from 0 to 1, with the mean 1/2 as the tie."""
    values = (differences + 1) / 2
    means, variances = plug_ins(values)
    count = np.arange(1, len(values) + 1)
    bets = np.minimum(np.sqrt(2 * math.log(2 / ALPHA) / (variances * count * np.log1p(count))), 0.5)
    gains = (values - means) ** 2 * (-np.log1p(-bets) - bets)
    sums = np.cumsum(bets)
    middle = np.cumsum(bets * values) / sums
    half = (math.log(2 / ALPHA) + np.cumsum(gains)) / sums
    for end in ends(len(values)):
        yield bool(abs(middle[end - 1] - 0.5) > half[end - 1])


def betting(differences: np.ndarray) -> Iterator[bool]:
    """The hedged capital of bets against a mean of 1/2."""
    values = (differences + 1) / 2
    _, variances = plug_ins(values)
    count = np.arange(1, len(values) + 1)
    bets = np.minimum(np.sqrt(2 * math.log(2 / ALPHA) / (variances * count * np.log1p(count))), 1.0)
    up = np.cumsum(np.log1p(bets * (values - 0.5)))
    down = np.cumsum(np.log1p(-bets * (values - 0.5)))
    for end in ends(len(values)):
        yield bool(max(up[end - 1], down[end - 1]) > math.log(2 / ALPHA))


PEERS: dict[str, Callable[[np.ndarray], Iterator[bool]]] = {
    "modeltap": mixture,
    "normal mixture": normal_mixture,
    "betting": betting,
    "empirical Bernstein": bernstein,
    "z test at each look": z_test,
}


def peers(runs: int, rows: int, seed: int) -> None:
    print(f"\npeers: fractions of {runs} runs, accuracy alone at level {ALPHA}, {rows:,} rows")
    print(f"{'':24}{'coins 8 %':>12}{'coins 20 %':>12}{'found 8 %':>12}{'found 20 %':>12}")
    for name, excludes in PEERS.items():
        cells = []
        for is_coin in (True, False):
            for worse, better in ((0.05, 0.03), (0.11, 0.09)):
                shown = 0
                for run in range(runs):
                    rng = np.random.default_rng([seed, 2, run])
                    own = classes(rng, rows, worse, better)
                    labels, current, candidate = swapped(rng, own) if is_coin else own
                    right = [(side == labels).astype(float) for side in (current, candidate)]
                    shown += any(excludes(right[1] - right[0]))
                cells.append(f"{shown / runs:>12.3f}")
        print(f"{name:24}{''.join(cells)}", flush=True)
    widths = ", ".join(f"{boundary(float(n)):.2f} at {n:,}" for n in (500, 5_000, 50_000, 500_000))
    print(f"half width of modeltap's interval in standard errors: {widths} rows")


def bikes(folder: Path) -> None:
    rows = scored_sets.read(folder / "bike_sharing" / "data.csv.gz")
    names = scored_sets.bike_inputs(rows)
    inputs, labels = scored_sets.numbers(rows, names), scored_sets.numbers(rows, ("cnt",))[:, 0]
    months = np.array([row["timestamp"][:7] for row in rows])
    known = int(TRAINED * len(rows))
    current = HistGradientBoostingRegressor(random_state=0).fit(inputs[:known], labels[:known])
    print(f"\nbikes: retrained on the {RECENT:,} rows before each month, compared in that month")
    print(f"{'month':10}{'rows':>6}{'current':>10}{'candidate':>11}{'low':>9}{'high':>9}  verdict")
    for month in sorted(set(months[known + RECENT :])):
        places = np.flatnonzero(months == month)
        recent = slice(places[0] - RECENT, places[0])
        retrained = HistGradientBoostingRegressor(random_state=0)
        retrained.fit(inputs[recent], labels[recent])
        true = labels[places].tolist()
        sides = [
            pair_up(model.predict(inputs[places]).tolist(), true, "regression")
            for model in (current, retrained)
        ]
        row = paired_differences(*sides)[0]
        print(
            f"{month:10}{row.rows:>6}{row.current:>10.1f}{row.candidate:>11.1f}"
            f"{row.low or math.nan:>9.1f}{row.high or math.nan:>9.1f}  {row.verdict}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="coins,losses,peers")
    parser.add_argument("--data", type=Path, help="a folder with bike_sharing")
    args = parser.parse_args()
    print(describe("numpy", "scikit-learn"))
    for name in args.only.split(","):
        if name == "bikes":
            if args.data is None or not (args.data / "bike_sharing").is_dir():
                parser.error("bikes needs --data FOLDER with the folder bike_sharing")
            bikes(args.data)
        elif name in ("coins", "losses", "peers"):
            {"coins": coins, "losses": losses, "peers": peers}[name](
                args.runs, args.rows, args.seed
            )
        else:
            parser.error(f"--only {name!r} is unknown; choose coins, losses, peers or bikes")


if __name__ == "__main__":
    main()
