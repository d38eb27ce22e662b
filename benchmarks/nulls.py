"""False alarms without drift, by kind of column: the share of windows with any verdict `alert`.

    python benchmarks/nulls.py [--windows 1000] [--multivariate 0] [--kinds normal,zipf_500]
        [--sizes 100,500,2000] [--reference 2000] [--seed 0]

Eight columns of one kind, reference and windows drawn from one distribution, a new reference for
every 20 windows. All detectors of inputs run that need no clock; `--multivariate` is the number
of windows with multivariate drift. `p` is an exact one-sided test of the share
against .01: below .05 more windows alert than the level allows ('HIGH'). In AR(1) rows depend on
the row before, so that windows do differ: those are listed, not tested.

A kind is one function from a generator and a number of rows to one column, or, decorated with
`together`, to all eight.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from machine import describe
from scipy.signal import lfilter
from scipy.stats import binom
from windows import alerts, sampled

from modeltap.analysis.references.fit import fit

COLUMNS = 8
OF_ONE = 20
"""Windows that share a reference: what it has by chance, all of them see."""

LEVEL = 0.01
Draw = Callable[[np.random.Generator, int], Any]
KINDS: dict[str, Callable[[np.random.Generator, int], dict[str, Any]]] = {}


def kind(draw: Draw) -> Draw:
    """Register a generator of one column; the eight are drawn independently."""
    KINDS[draw.__name__] = lambda rng, n: {f"x{i}": draw(rng, n) for i in range(COLUMNS)}
    return draw


def together(draw: Draw) -> Draw:
    """Register a generator of eight columns as (n, 8) values."""

    def columns(rng: np.random.Generator, n: int) -> dict[str, Any]:
        return {f"x{i}": column for i, column in enumerate(draw(rng, n).T)}

    KINDS[draw.__name__] = columns
    return draw


@kind
def normal(rng: np.random.Generator, n: int) -> Any:
    return rng.normal(size=n)


@kind
def t2(rng: np.random.Generator, n: int) -> Any:
    return rng.standard_t(2, size=n)


@kind
def pareto_1_2(rng: np.random.Generator, n: int) -> Any:
    return rng.pareto(1.2, size=n)


@kind
def cauchy(rng: np.random.Generator, n: int) -> Any:
    return rng.standard_cauchy(size=n)


@kind
def poisson_0_1(rng: np.random.Generator, n: int) -> Any:
    return rng.poisson(0.1, size=n).tolist()


@kind
def poisson_3(rng: np.random.Generator, n: int) -> Any:
    return rng.poisson(3, size=n).tolist()


@kind
def poisson_50(rng: np.random.Generator, n: int) -> Any:
    return rng.poisson(50, size=n).tolist()


@kind
def zero_lognormal(rng: np.random.Generator, n: int) -> Any:
    """Six of ten values are 0."""
    return np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(size=n))


@kind
def zipf_500(rng: np.random.Generator, n: int) -> Any:
    return _zipf(rng, n, 500)


@kind
def zipf_2000(rng: np.random.Generator, n: int) -> Any:
    return _zipf(rng, n, 2000)


@kind
def even_900(rng: np.random.Generator, n: int) -> Any:
    """900 categories that are equally frequent."""
    return _named(rng.integers(0, 900, size=n))


@kind
def bimodal(rng: np.random.Generator, n: int) -> Any:
    return rng.normal(size=n) + 6 * (rng.random(n) < 0.5)


@together
def correlated(rng: np.random.Generator, n: int) -> Any:
    """Any two of the eight correlate by .95."""
    return 0.95**0.5 * rng.normal(size=(n, 1)) + 0.05**0.5 * rng.normal(size=(n, COLUMNS))


@kind
def missing_30(rng: np.random.Generator, n: int) -> Any:
    return np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n))


@kind
def rounded(rng: np.random.Generator, n: int) -> Any:
    """Normal values of one decimal."""
    return np.round(rng.normal(size=n), 1)


@kind
def rare_booleans(rng: np.random.Generator, n: int) -> Any:
    """One value of 200 is true."""
    return (rng.random(n) < 0.005).tolist()


@together
def sparse(rng: np.random.Generator, n: int) -> Any:
    """Mostly zeros, so that rows repeat."""
    return np.where(rng.random((n, COLUMNS)) < 0.8, 0.0, rng.poisson(1, size=(n, COLUMNS)))


_MEAN = np.random.default_rng(17).normal(size=32)


@kind
def embeddings(rng: np.random.Generator, n: int) -> Any:
    """Unit vectors of 32 numbers about a mean that is not zero."""
    vectors = _MEAN + rng.normal(size=(n, 32))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()


@kind
def ar_0_5(rng: np.random.Generator, n: int) -> Any:
    return _autoregressive(rng, n, 0.5)


@kind
def ar_0_9(rng: np.random.Generator, n: int) -> Any:
    return _autoregressive(rng, n, 0.9)


DEPENDENT = ("ar_0_5", "ar_0_9")


def _zipf(rng: np.random.Generator, n: int, words: int) -> list[str]:
    shares = 1 / np.arange(1, words + 1)
    return _named(rng.choice(words, p=shares / shares.sum(), size=n))


def _named(codes: np.ndarray) -> list[str]:
    return [f"w{code}" for code in codes.tolist()]


def _autoregressive(rng: np.random.Generator, n: int, rho: float) -> np.ndarray:
    """Return a stationary series of variance 1; 100 values are enough to forget the start."""
    noise = rng.normal(scale=(1 - rho**2) ** 0.5, size=n + 100)
    return np.asarray(lfilter([1.0], [1.0, -rho], noise)[100:])


def count(name: str, rows: int, windows: int, args: argparse.Namespace) -> tuple[int, Counter[str]]:
    """Return in how many windows anything alerts, and how often each metric does."""
    rng = np.random.default_rng([args.seed, list(KINDS).index(name), rows])
    false, metrics = 0, Counter[str]()
    for number in range(windows):
        if number % OF_ONE == 0:
            columns = KINDS[name](rng, args.reference)
            reference = fit(columns, args.reference, model="m")
            # Vectors are compared by samples only.
            compared = number < args.multivariate or name == "embeddings"
            then = sampled(columns, args.reference, reference) if compared else None
        raised = alerts(reference, KINDS[name](rng, rows), rows, then)
        false += bool(raised)
        metrics.update({metric.metric for metric in raised})
    return false, metrics


def report(name: str, sizes: Sequence[int], args: argparse.Namespace) -> None:
    """Print a kind's line for each size of window."""
    for rows in sizes:
        windows = min(args.windows, 200) if name == "embeddings" else args.windows
        false, metrics = count(name, rows, windows, args)
        p = float(binom.sf(false - 1, windows, LEVEL))
        mark = "stated" if name in DEPENDENT else "HIGH" if p < 0.05 else ""
        which = ", ".join(f"{metric} {times}" for metric, times in metrics.most_common(3))
        print(
            f"{name:15} {rows:6,} {false / windows:7.3f} {windows:7,}  {p:.3f}  {mark:6} {which}",
            flush=True,
        )


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=int, default=1000)
    parser.add_argument("--multivariate", type=int, default=0, help="windows with multivariate")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--sizes", default="100,500,2000", help="rows a window")
    parser.add_argument("--reference", type=int, default=2000, help="rows of the reference")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    started = time.perf_counter()
    print(describe("numpy", "scipy", "scikit-learn"))
    print(f"{'kind':15} {'n':>6} {'alerts':>7} {'windows':>7}  p")
    for name in args.kinds.split(","):
        report(name, list(map(int, args.sizes.split(","))), args)
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
