"""Types of columns by their values, in any encoding."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from modeltap.analysis.inference.column_types import type_of
from modeltap.analysis.inference.infer import for_untyped_file, infer
from modeltap.analysis.model.feature import MISMATCH, MISSING
from modeltap.analysis.references.fit import fit
from modeltap.config.settings import FeatureSettings

rng = np.random.default_rng(3)
AMOUNTS = [round(float(x), 2) for x in rng.gamma(3, 400, 400)]
COUNTS = [int(n) for n in rng.integers(0, 4000, 400)]

FORMS = {
    "plain": str,
    "two places": "{:.2f}".format,
    "grouped": "{:,.2f}".format,
    "comma": lambda x: f"{x:,.2f}".translate(str.maketrans(",.", ".,")),
    "currency": "€ {:.2f}".format,
    "spaces": " {} ".format,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fraction", [0.02, 0.2, 0.6, 1.0])
@pytest.mark.parametrize("values", [AMOUNTS, COUNTS], ids=["amounts", "counts"])
def test_numbers_sent_as_texts_are_numbers(form, fraction, values):
    """In some rows or in all; the reference counts them as numbers."""
    texts = rng.random(len(values)) < fraction
    sent = [FORMS[form](x) if text else x for x, text in zip(values, texts, strict=True)]
    feature = fit({"amount": sent}, len(sent), model="m").features[0]
    plain = fit({"amount": values}, len(values), model="m").features[0]
    assert feature.kind == "numeric" and feature.counts[MISMATCH] == 0
    assert feature.center == pytest.approx(plain.center)
    assert feature.text_rate == pytest.approx(texts.mean())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["01234", "98765", "10115"] * 40, "categorical"),
        ([f"{n:05d}" for n in range(0, 90_000, 400)], "id"),
        ([str(n) for n in rng.integers(10_000, 99_999, 300)], "id"),
        (["0", "1"] * 50, "categorical"),
        (["1", "2", "3"] * 50, "categorical"),
        (["1.0", "1.1", "2.0"] * 50, "categorical"),
        (["12e4", "55e1", "123"] * 50, "categorical"),
        (["1.2.10", "1.3.11"] * 50, "categorical"),
        ([f"+49151{n}" for n in rng.integers(100_000, 999_999, 300)], "id"),
        ([f"4155{n}" for n in rng.integers(100_000, 999_999, 300)], "id"),
    ],
)
def test_codes_stay_texts(values, kind):
    """Leading zeros, one length, or few distinct ones."""
    assert type_of("c", values).kind == kind
    assert type_of("c", values).texts is None


@pytest.mark.parametrize(
    ("values", "kind", "whole"),
    [
        ([1, "A", 2, "B"] * 30, "categorical", True),
        ([1, 1.0, "1", "x"] * 30, "categorical", True),
        ([True, "a", 3] * 30, "categorical", True),
        ([*range(200), *(f"a{n}" for n in range(200))], "id", False),
        ([*AMOUNTS, *["?"] * 100], "numeric", False),
        ([*AMOUNTS, *["n/a", "unknown"] * 50], "numeric", False),
        ([*map(str, AMOUNTS), *["?"] * 100], "numeric", False),
        ([[1], {"a": 1}, "x"] * 30, "other", False),
    ],
)
def test_mixed_columns_have_a_type_that_is_tested(values, kind, whole):
    """Categories if there are few, numbers if most values are numbers."""
    result = type_of("m", values)
    assert (result.kind, result.whole) == (kind, whole)
    if kind == "categorical":
        feature = fit({"m": values}, len(values), model="m").features[0]
        assert feature.counts[MISMATCH] == 0


@pytest.mark.parametrize("declared", [("?",), ("?", -999), ("-999", "?"), ("?", -999.0)])
@pytest.mark.parametrize("sent", [str, float], ids=["texts", "numbers"])
def test_codes_for_missing_values_are_removed_before_types_are_learnt(declared, sent):
    """In any form of the code and the values."""
    column = [sent(x) for x in AMOUNTS] + ["?"] * 300
    expected = 300
    if len(declared) > 1:
        column += [-999, "-999", -999.0] * 50
        expected += 150
    settings = FeatureSettings(missing_values=declared)
    assert infer("x", column, settings).kind == "numeric"
    feature = fit({"x": column}, len(column), model="m", declared={"x": settings}).features[0]
    assert feature.counts[MISSING] == expected and feature.counts[MISMATCH] == 0
    assert feature.low > 0


DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d %b %Y %H:%M", "%d-%m-%y", "%Y%m%d")


@pytest.mark.parametrize("form", DATES)
def test_national_date_formats_are_times(form):
    """Their order is that of the column, and their age is tested."""
    days = [datetime.datetime(2024, 1, 1) + datetime.timedelta(days=n % 300) for n in range(600)]
    column = [each.strftime(form) for each in days]
    times = [1_735_689_600.0 + n for n in range(600)]
    feature, age = fit({"d": column}, 600, model="m", times=times).features
    assert feature.kind == "datetime" and feature.counts[MISMATCH] == 0
    assert age.name == "d.age_seconds"
    assert age.high == pytest.approx(
        times[0] - days[0].replace(tzinfo=datetime.UTC).timestamp(), abs=601
    )


@pytest.mark.parametrize("values", [["01/02/2024", "03/04/2024"] * 30, ["12:30", "13:30"] * 30])
def test_ambiguous_dates_are_not_times(values):
    assert type_of("d", values).kind == "categorical"


@pytest.mark.parametrize(("name", "kind"), [("id", "id"), ("order.id", "id"), ("price", "numeric")])
def test_reused_ids_are_ids_by_their_name(name, kind):
    """A thousand distinct numbers, each of which occurs again."""
    assert type_of(name, [int(n) for n in rng.integers(0, 10**6, 1000)] * 3).kind == kind


@pytest.mark.parametrize("words", [["", "nan"], ["null", "N/A"], ["None", " "]])
def test_words_for_missing_values_among_numbers_sent_as_texts_are_missing(words):
    """As forms and spreadsheets send them."""
    column = [*map(str, AMOUNTS), *words * 100]
    feature = fit({"x": column}, len(column), model="m").features[0]
    assert feature.kind == "numeric"
    assert (feature.counts[MISSING], feature.counts[MISMATCH]) == (200, 0)


def test_an_untyped_file_accepts_texts_and_numbers():
    """CSV does not show which of them the clients send."""
    numbers = fit({"x": AMOUNTS, "c": ["1", "2", "a"] * 133 + ["1"]}, 400, model="m").features
    assert [for_untyped_file(each).texts for each in numbers] == ["point", ""]
    assert [for_untyped_file(each).whole for each in numbers] == [False, True]
