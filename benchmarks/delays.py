"""Late labels: the estimate corrected by those that have come, beside other methods.

    python benchmarks/delays.py --data FOLDER [--only adult] [--seed 0]

`adult` in windows of 1,000 rows, `nyc_flights` and `car_loan` in windows of 2,500, with log-normal
and weekly delays that are longer for the positive class. A window is estimated when it ends, and 1,
2 and 4 windows later, by the labels that have come by then. Its truth is the accuracy on all
labels; it has deteriorated if that is below the reference's mean by three standard deviations of
the reference's windows (one for flights, which vary with the weather), and a method alarms if its
value is; the second row of the corrected one has the alarms of a rule, which asks for three chances
in four. PSI alarms above .2. The last coverage is that of windows with labels. `adult` has no
order, so two faults are planted: rows that are hard to classify, and labels that are wrong.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from machine import describe
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import OrdinalEncoder

from modeltap.analysis.arrival.arrival_curve import ArrivalCurve, arrival_curve
from modeltap.analysis.arrival.periodic_arrival import (
    LAGS,
    EvaluatedSpan,
    PeriodicCurve,
    earlier_rows,
    most_periodic,
    periodic_curve,
    periodic_rows,
)
from modeltap.analysis.estimation.corrected_estimates import (
    Arrived,
    PartlyLabelled,
    corrected_metrics,
    pending_chance,
)
from modeltap.analysis.estimation.gap_spread import GapSpread, PastGap, gap_spread, widened
from modeltap.analysis.estimation.simulated_labels import (
    Estimate,
    expected_accuracy,
    metrics_of_sums,
    summed_columns,
)
from modeltap.analysis.model.calibration import Calibration, learn_calibration
from modeltap.analysis.model.metric import NORMAL_95

REFERENCE = 10
"""Windows of the reference."""

LOOKS = (0.0, 1.0, 2.0, 4.0)
"""Windows after its end at which a window is estimated."""

PERIODS = (1.0, 7.0)
"""A day and a week, if a window is a day."""

ADULT_ROWS = 1_000
COMPLETE = 0.95
PSI_LIMIT = 0.2
FEWEST = 30


class Rows(NamedTuple):
    """(n,) scores, whether the positive class is predicted, and whether it is true."""

    scores: np.ndarray
    predicted: np.ndarray
    positive: np.ndarray

    def take(self, part: slice | np.ndarray) -> Rows:
        return Rows(self.scores[part], self.predicted[part], self.positive[part])

    @property
    def right(self) -> np.ndarray:
        return self.predicted == self.positive


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt") as file:
        return list(csv.DictReader(file))


def car_loan(folder: Path, _rng: np.random.Generator) -> Rows:
    rows = read(folder / "car_loan" / "data.csv.gz")
    return Rows(
        np.array([float(row["y_pred_proba"]) for row in rows]),
        np.array([float(row["y_pred"]) == 1 for row in rows]),
        np.array([float(row["repaid"]) == 1 for row in rows]),
    )


def nyc_flights(folder: Path, _rng: np.random.Generator) -> Rows:
    """Return flights that arrive more than 15 minutes late, by a model of the first 30 %."""
    rows = [row for row in read(folder / "nyc_flights" / "data.csv.gz") if row["arr_delay"]]
    late = np.array([float(row["arr_delay"]) > 15 for row in rows])
    names = ("distance", "temp", "humid", "wind_speed", "precip", "pressure", "visib")
    numbers = [[float(row[name] or "nan") for name in names] for row in rows]
    hours = [float(row["timestamp"][11:13]) for row in rows]
    places = [[row[name] for name in ("carrier", "origin", "dest")] for row in rows]
    return modelled(np.column_stack([numbers, hours, coded(places)]), late, 0.3)


def adult(folder: Path, rng: np.random.Generator) -> Rows:
    """Return incomes in random order, with two planted faults in each third of the windows."""
    table = read(folder / "adult" / "data.csv.gz")
    rows = [table[place] for place in rng.permutation(len(table))]
    numeric = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
    others = ("workclass", "marital-status", "occupation", "relationship", "race", "sex")
    numbers = [[float(row[name]) for name in numeric] for row in rows]
    texts = [[row[name] for name in others] for row in rows]
    high = np.array([">50K" in row["class"] for row in rows])
    return faulty(modelled(np.column_stack([numbers, coded(texts)]), high, 0.3), rng)


def coded(texts: list[list[str]]) -> np.ndarray:
    return np.asarray(OrdinalEncoder().fit_transform(texts))


def modelled(columns: np.ndarray, positive: np.ndarray, part: float) -> Rows:
    """Return the rows after the first `part`, scored by a model that is trained on these."""
    cut = int(part * len(positive))
    model = HistGradientBoostingClassifier(random_state=0).fit(columns[:cut], positive[:cut])
    scores = model.predict_proba(columns[cut:])[:, 1]
    return Rows(scores, scores >= 0.5, positive[cut:])


def faulty(rows: Rows, rng: np.random.Generator) -> Rows:
    """Return the rows with two kinds of windows whose accuracy is lower than in the reference.

    In some, rows near the decision threshold are drawn more often; in others, the labels of a tenth
    are reversed.
    """
    places, positive = np.arange(len(rows.scores)), rows.positive.copy()
    for window in range(REFERENCE, len(places) // ADULT_ROWS):
        own = places[window * ADULT_ROWS : (window + 1) * ADULT_ROWS].copy()
        if window % 4 == 1:
            doubt = np.exp(-6 * np.abs(rows.scores[own] - 0.5))
            places[window * ADULT_ROWS : (window + 1) * ADULT_ROWS] = rng.choice(
                own, len(own), p=doubt / doubt.sum()
            )
        if window % 4 == 3:
            positive[own] ^= rng.random(len(own)) < 0.1
    return Rows(rows.scores, rows.predicted, positive).take(places)


Delays = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""Delays in windows, by (n,) times and classes."""


def lognormal(_times: np.ndarray, positive: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return delays with a median of one window; two for the positive class."""
    return np.where(positive, 2.0, 1.0) * rng.lognormal(0.0, 1.0, len(positive))


def weekly(times: np.ndarray, positive: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return delays to the end of a week of seven windows, or of the next one.

    Half of the positive class and a quarter of the other wait for the next.
    """
    waits = rng.random(len(times)) < np.where(positive, 0.5, 0.25)
    return 7 * (np.floor(times / 7) + 1 + waits) - times


DELAYS: dict[str, Delays] = {"log-normal": lognormal, "weekly": weekly}
Load = Callable[[Path, np.random.Generator], Rows]


class DataSet(NamedTuple):
    """A data set: the rows of its windows, and the deviations that are a deterioration."""

    load: Load
    rows: int
    deviations: float


SETS = {
    "adult": DataSet(adult, ADULT_ROWS, 3),
    "nyc_flights": DataSet(nyc_flights, 2_500, 1),
    "car_loan": DataSet(car_loan, 2_500, 3),
}


class Stream(NamedTuple):
    """Rows with (n,) times and arrivals of their labels, in windows."""

    rows: Rows
    times: np.ndarray
    arrivals: np.ndarray
    calibration: Calibration
    curve: np.ndarray
    size: int

    @property
    def windows(self) -> int:
        return len(self.times) // self.size

    def part(self, window: int) -> slice:
        return slice(window * self.size, (window + 1) * self.size)


def stream(rows: Rows, size: int, delays: Delays, rng: np.random.Generator) -> Stream:
    times = np.arange(len(rows.scores)) / size
    known = rows.take(slice(0, REFERENCE * size))
    calibration = learn_calibration(known.scores, known.positive)
    curve = calibration.curves(50, np.random.default_rng(0)).mean(axis=0)
    arrivals = times + delays(times, rows.positive, rng)
    return Stream(rows, times, arrivals, calibration, curve, size)


class Arrival(NamedTuple):
    """Labelled rows, and their arrival curves by class and by whether they were right."""

    places: np.ndarray
    curve_of: Callable[[np.ndarray], ArrivalCurve | PeriodicCurve]


class Search(NamedTuple):
    """A period of arrivals, and the time that is added to it."""

    period: float
    late: float


def arrival(own: Stream, window: int, now: float, searches: dict[int, Search | None]) -> Arrival:
    """Return the arrival of labels by age, or by the clock if they come by it.

    The period is searched once for each window, when it has labels.
    """
    before = np.arange(0, window * own.size, max(1, window * own.size // 20_000))
    before = before[own.arrivals[before] <= now]
    delays, ages = own.arrivals[before] - own.times[before], now - own.times[before]
    moments = EvaluatedSpan(float(window), window + 1.0, now)
    recent = np.arange(
        max(0, window - LAGS * int(max(PERIODS))) * own.size, (window + 1) * own.size
    )
    recent = recent[own.arrivals[recent] <= now]
    times, arrivals = own.times[recent], own.arrivals[recent]
    if window not in searches:
        searches[window] = search(times, arrivals, moments, arrival_curve(delays, ages))
    of_window = searches[window]
    if of_window is None:
        return Arrival(before, lambda part: arrival_curve(delays[part], ages[part]))
    earlier = earlier_rows(times, arrivals, moments, *of_window)
    return Arrival(recent, lambda part: periodic_curve(earlier.at(part), moments))


def search(
    times: np.ndarray, arrivals: np.ndarray, moments: EvaluatedSpan, by_age: ArrivalCurve
) -> Search | None:
    choices = [periodic_rows(times, arrivals, moments, period, by_age) for period in PERIODS]
    chosen = most_periodic(choices)
    if chosen is None:
        return None
    (period,) = (p for p, (_, rows) in zip(PERIODS, choices, strict=True) if rows is chosen)
    return Search(period, chosen.late)


class Estimates:
    """The estimates of a stream's windows, as modeltap makes them while labels arrive."""

    def __init__(self, own: Stream) -> None:
        self._own = own
        self.plain = [self._plain(window) for window in range(own.windows)]
        self._last: dict[int, Estimate] = {}
        self._by_labels: set[int] = set()
        self._searches: dict[int, Search | None] = {}

    def at(self, window: int, now: float) -> Estimate:
        """Return the accuracy of a window by the labels until `now`; call it in order of `now`.

        Without labels, it stays as it was at the window's end.
        """
        own, part = self._own, self._own.part(window)
        has_label = own.arrivals[part] <= now
        if has_label.mean() >= COMPLETE:
            measured = float(own.rows.take(part).right[has_label].mean())
            return Estimate(measured, measured, measured)
        spread = gap_spread(self._gaps(window, now))._replace(chance=error(self.plain[window]))
        if window not in self._last:
            self._last[window] = widened(self.plain[window], spread)
        if has_label.sum() >= FEWEST:
            estimate = corrected(own, window, now, spread, self._searches)
            if estimate is not None:
                self._last[window] = estimate
                self._by_labels.add(window)
        return self._last[window]

    def _plain(self, window: int) -> Estimate:
        rows = self._own.rows.take(self._own.part(window))
        return expected_accuracy(rows.scores, rows.predicted, self._own.calibration)

    def _gaps(self, window: int, now: float) -> list[PastGap]:
        gaps = []
        for earlier in range(REFERENCE, window):
            plain, part = self.plain[earlier], self._own.part(earlier)
            has_label = self._own.arrivals[part] <= now
            if has_label.mean() >= COMPLETE:
                measured = float(self._own.rows.take(part).right[has_label].mean())
                gaps.append(PastGap(measured - plain.value, error(plain), 0.0))
            elif earlier in self._by_labels:
                last = self._last[earlier]
                gaps.append(PastGap(last.value - plain.value, error(plain), error(last)))
        return gaps


def error(own: Estimate) -> float:
    return (own.high - own.low) / 2 / NORMAL_95


def corrected(
    own: Stream, window: int, now: float, spread: GapSpread, searches: dict[int, Search | None]
) -> Estimate | None:
    """Return the accuracy by the labels until `now`; None if hardly any label of a class came."""
    part = own.part(window)
    rows, has_label = own.rows.take(part), own.arrivals[part] <= now
    known = arrival(own, window, now, searches)
    past, ages = own.rows.take(known.places), now - own.times[part]
    arrived, variances = {}, []
    for of_class in (False, True):
        of_cells = [
            known.curve_of(np.flatnonzero((past.positive == of_class) & (past.predicted == named)))
            for named in (False, True)
        ]
        arrived[of_class] = np.where(rows.predicted, of_cells[1].at(ages), of_cells[0].at(ages))
        variances += [curve.relative_variance(ages) for curve in of_cells]
    chance = np.interp(rows.scores, own.calibration.scores, own.curve)
    label = np.where(has_label, rows.positive, np.nan)
    if min(fractions.mean() for fractions in arrived.values()) < 0.05:
        return None
    partly = PartlyLabelled(
        chance,
        label,
        Arrived(
            np.maximum(0.05, np.where(rows.positive, arrived[True], arrived[False])),
            2 * rows.positive + rows.predicted,
            np.array(variances),
        ),
        pending_chance(chance, arrived[True], arrived[False]),
    )
    estimates = corrected_metrics(
        partly,
        summed_columns(rows.scores, rows.predicted),
        lambda sums: metrics_of_sums(sums, rows.scores, rows.predicted),
        {"accuracy": spread},
    )
    return estimates["accuracy"]


def latest_complete(own: Stream, window: int, now: float) -> float:
    """Return the accuracy of the last window of which nearly all labels have come."""
    for earlier in range(window, -1, -1):
        part = own.part(earlier)
        if np.mean(own.arrivals[part] <= now) >= COMPLETE:
            return float(own.rows.right[part].mean())
    return float("nan")


def psi(own: Stream, window: int) -> float:
    known = own.rows.scores[: REFERENCE * own.size]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, 11)[1:-1]))
    before, now = (
        (np.bincount(np.searchsorted(edges, scores, "right"), minlength=len(edges) + 1) + 0.5)
        / (len(scores) + 0.5 * (len(edges) + 1))
        for scores in (known, own.rows.scores[own.part(window)])
    )
    return float(np.sum((now - before) * np.log(now / before)))


METHODS = ("corrected", "CBPE", "latest complete", "PSI of the score")


class Look(NamedTuple):
    """The truth of a window, and each method's value and interval at one look.

    `has_labels` is True if enough of its labels have come to correct the estimate.
    """

    truth: float
    values: dict[str, float]
    intervals: dict[str, Estimate]
    has_labels: bool


def looks(own: Stream) -> Iterator[Look]:
    """Yield each window at each look, in order of time."""
    estimates = Estimates(own)
    moments = [(w + 1 + look, w) for w in range(REFERENCE, own.windows) for look in LOOKS]
    for now, window in sorted(moments):
        values = {"corrected": estimates.at(window, now), "CBPE": estimates.plain[window]}
        yield Look(
            float(own.rows.right[own.part(window)].mean()),
            {name: value.value for name, value in values.items()}
            | {
                "latest complete": latest_complete(own, window, now),
                "PSI of the score": -psi(own, window),
            },
            {name: value for name, value in values.items() if value.low < value.high},
            int((own.arrivals[own.part(window)] <= now).sum()) >= FEWEST,
        )


def show(name: str, own: Stream, deviations: float) -> None:
    """Print rank correlation, precision, recall and the coverage of intervals of each method."""
    windows = [own.rows.right[own.part(window)].mean() for window in range(REFERENCE)]
    threshold = float(np.mean(windows) - deviations * np.std(windows, ddof=1))
    every = list(looks(own))
    truth = np.array([look.truth for look in every])
    worse = truth < threshold
    for method in METHODS:
        values = np.array([look.values[method] for look in every])
        known = ~np.isnan(values)
        alarms = values < (-PSI_LIMIT if method.startswith("PSI") else threshold)
        of_all, of_labelled = covered(every, method), covered(corrected_looks(every), method)
        print(
            f"{name:24} {method:17} {spearmanr(values[known], truth[known])[0]:6.3f} "
            f"{precision_and_recall(alarms, worse)} {of_all} {of_labelled} "
            f"{int(alarms.sum()):6} {int(worse.sum()):6} {len(truth):6}",
            flush=True,
        )
        if method == METHODS[0]:
            sure = np.array([upper_quartile(look, method) < threshold for look in every])
            print(
                f"{name:24} {'  3 chances in 4':17} {'':6} {precision_and_recall(sure, worse)} "
                f"{'':6} {'':6} {int(sure.sum()):6}",
                flush=True,
            )


def upper_quartile(look: Look, method: str) -> float:
    """Return the upper quartile of a method's estimate; of a measured value, the value."""
    value, own = look.values[method], look.intervals.get(method)
    return value if own is None else value + 0.6745 / NORMAL_95 * (own.high - value)


def corrected_looks(every: list[Look]) -> list[Look]:
    return [look for look in every if look.has_labels]


def covered(every: list[Look], method: str) -> str:
    """Return the fraction of a method's intervals that hold the truth."""
    own = [(look.truth, look.intervals[method]) for look in every if method in look.intervals]
    if not own:
        return f"{'-':>6}"
    return f"{np.mean([value.low <= truth <= value.high for truth, value in own]):6.2f}"


def precision_and_recall(alarms: np.ndarray, worse: np.ndarray) -> str:
    hits = int((alarms & worse).sum())
    return f"{hits / max(1, int(alarms.sum())):9.3f} {hits / max(1, int(worse.sum())):6.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=SETS)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if not args.data.is_dir():
        parser.error(f"--data {args.data}: there is no such folder")
    print(describe("numpy", "scipy", "scikit-learn"))
    print(f"{'':24} {'':17} {'rank':>6} precision recall inside  labels alarms  worse looks")
    for name, data_set in SETS.items():
        if args.only in (None, name):
            rows = data_set.load(args.data, np.random.default_rng(args.seed))
            for kind, delays in DELAYS.items():
                rng = np.random.default_rng(args.seed)
                own = stream(rows, data_set.rows, delays, rng)
                show(f"{name}, {kind}", own, data_set.deviations)


if __name__ == "__main__":
    main()
