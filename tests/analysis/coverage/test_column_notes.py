"""Notes on columns of an unusual form; a note ends once its setting is applied."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from msgspec.structs import replace

from modeltap.analysis.coverage.column_notes import column_notes
from modeltap.analysis.references.fit import fit
from modeltap.config.settings import FeatureSettings, Settings

RNG = np.random.default_rng(1)
AMOUNTS = RNG.gamma(2, 30, 400).round(2).tolist()
SERIALS = (45291 + RNG.integers(0, 600, 400) + 0.5).tolist()
COLUMNS = {
    "some as texts": ("amount", [str(v) if n % 5 == 0 else v for n, v in enumerate(AMOUNTS)]),
    "all as texts": ("amount", [f"{v:.2f}" for v in AMOUNTS]),
    "codes": ("amount", ["?" if n % 9 == 0 else v for n, v in enumerate(AMOUNTS)]),
    "mixed": ("size", ["S" if n % 2 else n % 5 for n in range(400)]),
    "serials": ("signup date", SERIALS),
    "whole serials": ("created_at", [int(serial) for serial in SERIALS]),
}


def notes_of(name, values, settings=None):
    settings = settings or Settings()
    columns = {name: values}
    reference = fit(
        columns, len(values), model="m", version="", source="", declared=settings.declared(columns)
    )
    return list(column_notes(reference, settings, columns))


@pytest.mark.parametrize("case", COLUMNS)
def test_a_note_has_the_setting_that_declares_the_column(case):
    name, values = COLUMNS[case]
    (note,) = notes_of(name, values)
    section = note.fix.partition("[models")[2]
    line = f"[models{section}".replace("] ", "]\n", 1)
    declared = tomllib.loads(line)["models"]["m"]["features"][name]
    assert note.column == name and declared
    settings = replace(Settings(), features={name: FeatureSettings(**declared)})
    assert notes_of(name, values, settings) == []


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("some as texts", "20 % of the reference's values are numbers sent as texts"),
        ("codes", "11 % of the reference's values are not numbers"),
        ("mixed", "values of several types: 50 % numbers, 50 % texts"),
        ("serials", "its numbers are Excel date numbers (45291.5 is 2023-12-31 12:00)"),
    ],
)
def test_the_reason_quotes_numbers(case, reason):
    (note,) = notes_of(*COLUMNS[case])
    assert note.reason.startswith(reason)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("amount", AMOUNTS),
        ("color", ["red", "blue"] * 200),
        ("price", SERIALS),
        ("date", [1_704_067_200 + 60 * n for n in range(400)]),
        ("empty", [None] * 400),
    ],
)
def test_ordinary_columns_have_no_note(name, values):
    assert notes_of(name, values) == []


def test_declared_excel_dates_are_compared_by_their_age():
    settings = replace(Settings(), features={"signup": FeatureSettings(type="datetime")})
    columns = {"signup": SERIALS}
    reference = fit(
        columns,
        len(SERIALS),
        model="m",
        version="",
        source="",
        declared=settings.declared(columns),
        times=np.full(len(SERIALS), 1_800_000_000.0),
    )
    assert reference.by_name["signup"].kind == "datetime"
    age = reference.by_name["signup.age_seconds"]
    assert age.high == 1_800_000_000 - (min(SERIALS) - 25_569) * 86_400
