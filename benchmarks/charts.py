"""Time and size of a line chart with a band, by modeltap and by libraries that draw static SVG.

    pip install pygal leather matplotlib
    python benchmarks/charts.py [--points 160] [--rounds 30]

Each draws the same measured line with its interval and the same estimate, once a round, in turns.
Printed are the median of the processor times, the size of the SVG, as it is and compressed, and
the time of the import, which a new process pays. A library that is not installed is left out.
leather has neither bands nor titles of points, and draws the edges of the interval as lines; pygal
draws the interval as two filled lines.
"""

from __future__ import annotations

import argparse
import gzip
import io
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from machine import describe

from modeltap.charts.line_chart import Line, LineChart, Point, line_chart

HOUR = 3600.0


def values(points: int) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return times, a metric, half of its interval, and its estimate."""
    times = [n * HOUR for n in range(points)]
    measured = [10 + 3 * math.sin(n / 9) + n % 3 for n in range(points)]
    return times, measured, [1 + 0.2 * (n % 4) for n in range(points)], [10.0] * points


def own(points: int) -> str:
    """Draw by modeltap, with a title of each point."""
    times, measured, half, estimate = values(points)
    lines = [
        Line(
            "mae",
            "measured",
            [
                Point(t, v, v - h, v + h, f"{t:.0f}: {v:.3g}")
                for t, v, h in zip(times, measured, half, strict=True)
            ],
        ),
        Line("estimated", "estimated", [Point(t, v) for t, v in zip(times, estimate, strict=True)]),
    ]
    return line_chart(LineChart("MAE", "by hour", "minutes", 0.0, points * HOUR, lines))


def by_pygal(points: int) -> str:
    """Draw by pygal, without its script."""
    import pygal

    times, measured, half, estimate = values(points)
    chart = pygal.XY(js=(), width=600, height=220, title="MAE")
    low = [(t, v - h) for t, v, h in zip(times, measured, half, strict=True)]
    high = [(t, v + h) for t, v, h in zip(times, measured, half, strict=True)]
    chart.add("high", high, fill=True, show_dots=False)
    chart.add("low", low, fill=True, show_dots=False)
    chart.add("mae", list(zip(times, measured, strict=True)))
    chart.add("estimated", list(zip(times, estimate, strict=True)))
    return str(chart.render(is_unicode=True))


def by_leather(points: int) -> str:
    """Draw by leather."""
    import leather

    times, measured, half, estimate = values(points)
    chart = leather.Chart("MAE")
    chart.add_line([(t, v - h) for t, v, h in zip(times, measured, half, strict=True)], name="low")
    chart.add_line([(t, v + h) for t, v, h in zip(times, measured, half, strict=True)], name="high")
    chart.add_line(list(zip(times, measured, strict=True)), name="mae")
    chart.add_dots(list(zip(times, measured, strict=True)))
    chart.add_line(list(zip(times, estimate, strict=True)), name="estimated")
    return str(chart.to_svg(width=600, height=220))


def by_matplotlib(points: int) -> str:
    """Draw by matplotlib's SVG backend, without pyplot."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    times, measured, half, estimate = values(points)
    figure = Figure(figsize=(6, 2.2))
    FigureCanvasSVG(figure)
    axes: Any = figure.subplots()
    low = [v - h for v, h in zip(measured, half, strict=True)]
    high = [v + h for v, h in zip(measured, half, strict=True)]
    axes.fill_between(times, low, high, alpha=0.2)
    axes.plot(times, measured, marker="o", markersize=3, label="mae")
    axes.plot(times, estimate, linestyle="--", label="estimated")
    axes.legend()
    file = io.StringIO()
    figure.savefig(file, format="svg")
    return file.getvalue()


DRAWN_BY: dict[str, Callable[[int], str]] = {
    "modeltap": own,
    "pygal": by_pygal,
    "leather": by_leather,
    "matplotlib": by_matplotlib,
}

IMPORTS = {
    "modeltap": "modeltap.charts.line_chart",
    "pygal": "pygal",
    "leather": "leather",
    "matplotlib": "matplotlib.backends.backend_svg, matplotlib.figure",
}


def import_time(module: str) -> float:
    """Return the seconds of processor time that a fresh process spends on an import."""
    code = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    return float(done.stdout)


def main() -> None:
    """Draw in turns, and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=160)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    installed = [name for name in DRAWN_BY if find_spec(name)]
    print(describe(*(name for name in installed if name != "modeltap")))
    times: dict[str, list[float]] = {name: [] for name in installed}
    sizes: dict[str, tuple[int, int]] = {}
    for _ in range(asked.rounds):
        for name in installed:
            begun = time.process_time()
            text = DRAWN_BY[name](asked.points).encode()
            times[name].append(time.process_time() - begun)
            sizes[name] = len(text), len(gzip.compress(text, 5))
    floor = statistics.median(times["modeltap"])
    for name in installed:
        median = statistics.median(times[name])
        size, compressed = sizes[name]
        imported = import_time(IMPORTS[name])
        print(
            f"{name:12} {median * 1e3:7.1f} ms {median / floor:6.1f}x {size / 1e3:6.0f} kB "
            f"{compressed / 1e3:5.1f} kB compressed, import {imported * 1e3:5.0f} ms"
        )


if __name__ == "__main__":
    main()
