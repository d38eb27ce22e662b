"""Changes of unit or sign and rounding are named for columns of all shapes; other drift is not."""

from __future__ import annotations

import numpy as np
import pytest

from findings import explanations
from modeltap.analysis.references.fit import fit

SHAPES = {
    "normal": lambda rng, n: rng.normal(50, 10, size=n),
    "narrow": lambda rng, n: rng.normal(500, 20, size=n),
    "lognormal": lambda rng, n: rng.lognormal(1.5, 0.8, size=n),
    "cents": lambda rng, n: np.round(rng.lognormal(3.0, 0.6, size=n), 2),
    "gamma": lambda rng, n: rng.gamma(3, 10, size=n),
    "uniform": lambda rng, n: rng.uniform(10, 20, size=n),
    "counts": lambda rng, n: rng.poisson(50, size=n) * 1.0,
    "temperatures": lambda rng, n: rng.normal(12, 8, size=n),
}

UNITS = {
    "miles": (lambda x: x * 1.609344, "values have been multiplied by 1.609"),
    "inches": (lambda x: x / 2.54, "values have been multiplied by 0.3937"),
    "millis": (lambda x: x * 1000, "values have been multiplied by 1,000"),
    "percent": (lambda x: x / 100, "values have been multiplied by 0.01"),
    "kelvin": (lambda x: x + 273.15, "values have increased by 273.15"),
    "fahrenheit": (
        lambda x: x * 1.8 + 32,
        "values have been multiplied by 1.8 and increased by 32",
    ),
    "celsius": (lambda x: (x - 32) / 1.8, "values have been decreased by 32 and divided by 1.8"),
    "sign": (lambda x: -x, "values have changed sign"),
}

NAMES = ("multiplied by", "increased by", "decreased by", "changed sign", "rounded to")


def explanation(shape, change, seed=5):
    """Return the explanation of the drift of a changed column; None without drift."""
    rng = np.random.default_rng(seed)
    reference = fit({"x": SHAPES[shape](rng, 2000)}, 2000, model="m")
    return explanations(reference, {"x": change(SHAPES[shape](rng, 1000))}).get(("drift", "x"))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_unit_is_named(shape, unit):
    change, text = UNITS[unit]
    assert explanation(shape, change).startswith(f"x: {text}")


def test_an_unknown_factor_is_approximate():
    assert explanation("narrow", lambda x: 1.37 * x).startswith(
        "x: values have been multiplied by about 1.37 in 1,000 rows; chance of this without drift: "
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x + 0.5 * x.std(),
        lambda x: x + 2 * x.std(),
        lambda x: x - 2 * x.std(),
        lambda x: np.median(x) + 2.5 * (x - np.median(x)),
        lambda x: np.median(x) + 0.4 * (x - np.median(x)),
        lambda x: np.where(np.arange(len(x)) % 2, x, x + 3 * x.std()),
        lambda x: np.where(np.arange(len(x)) % 5, x, 0.0),
        lambda x: np.minimum(x, np.quantile(x, 0.7)),
    ],
)
@pytest.mark.parametrize("shape", SHAPES)
def test_other_drift_is_not_a_change_of_unit(shape, change):
    assert not any(name in explanation(shape, change) for name in NAMES)


@pytest.mark.parametrize(
    "shape, decimals, text",
    [
        ("normal", 0, "whole numbers"),
        ("cents", 0, "whole numbers"),
        ("normal", -1, "tens"),
        ("counts", -1, "tens"),
        ("narrow", -1, "tens"),
        ("temperatures", 0, "whole numbers"),
    ],
)
def test_rounding_is_named(shape, decimals, text):
    sentence = explanation(shape, lambda x: np.round(x, decimals))
    assert sentence.startswith(f"x: values have been rounded to {text} in 1,000 rows; ")


def test_columns_of_whole_numbers_are_not_rounded():
    """Neither shifted counts nor a column with many zeros count as rounded."""
    assert "rounded" not in explanation("counts", lambda x: x + 5)
    assert "rounded" not in explanation("normal", lambda x: np.where(x > 60, np.round(x), 0.0))
