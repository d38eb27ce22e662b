"""Values from bug reports, from the tap to `doctor`: times, texts, masks, lists, labels.

Each is a model of its own, in which `x` moves: it has to be found, and nothing else.
"""

from __future__ import annotations

import datetime
import random

import pytest

from field_cases import MOVED, Case, observe

START = datetime.datetime(2024, 1, 1, 10, tzinfo=datetime.UTC)


def number(n, seed=1, shift=0.0):
    """A number around 10, the same for `n` and `seed`; `shift` deviations higher in the window."""
    return round(random.Random(n * 97 + seed).gauss(10 + (shift if n >= MOVED else 0.0), 1), 3)


def answer(n):
    return {"prediction": round(number(n, 2), 2)}


def still(model, value, name="value", **said):
    """A column that may look as if it moved; only `x` does."""
    return Case(
        model,
        lambda n: ({name: value(n), "x": number(n, shift=3)}, answer(n)),
        drifting=frozenset({"x"}),
        **said,
    )


RISING = [
    still("epoch", lambda n: 1704067200 + n, "ts"),
    still("epoch_ms", lambda n: 1704067200123 + n * 1000, "created"),
    still("epoch_float", lambda n: 1704067200.25 + n * 7.5),
    still("epoch_text", lambda n: str(1704067200 + n * 60)),
    still("iso", lambda n: (START + datetime.timedelta(minutes=n)).isoformat()),
    still("national", lambda n: (START + datetime.timedelta(hours=n)).strftime("%d.%m.%Y %H:%M")),
    still("days", lambda n: (START + datetime.timedelta(days=n)).strftime("%m/%d/%Y")),
    still("counter", lambda n: 100_000 + n, "order_id"),
    still("reused", lambda n: 5000 + n // 2, "batch"),
    still("gaps", lambda n: 70_000 + n * 13 + n % 7, "ticket"),
    still("id_text", lambda n: f"ORD-{100_000 + n}", "order"),
]


def moving(model, value, **said):
    """A column that moves in the window."""
    return Case(model, lambda n: ({"amount": value(n)}, answer(n)), **said)


TEXTS = [
    moving(name, text, features={"amount": "numeric"}, drifting=frozenset({"amount"}))
    for name, text in {
        "all_texts": lambda n: f"{number(n, shift=20):.2f}",
        "some_texts": lambda n: str(number(n, shift=20)) if n % 5 == 0 else number(n, shift=20),
        "most_texts": lambda n: number(n, shift=20) if n % 5 == 0 else str(number(n, shift=20)),
        "whole_texts": lambda n: str(round(number(n, shift=20) * 10)),
        "comma_texts": lambda n: f"{number(n, shift=20):.2f}".replace(".", ","),
        "grouped_texts": lambda n: f"{number(n, shift=20) * 1000:,.2f}",
        "spaced_texts": lambda n: f" {number(n, shift=20)} ",
        "signed_texts": lambda n: f"{number(n, shift=20) - 10:+.3f}",
    }.items()
]

ITEMS = [
    Case(
        "basket",
        lambda n: (
            {
                "items": [
                    {"price": number(n * 5 + k, 3) * (10 if n >= MOVED else 1)}
                    for k in range(1 + n % 3)
                ]
            },
            answer(n),
        ),
        drifting=frozenset({"items.price.mean"}),
    ),
    Case(
        "order",
        lambda n: (
            {"order": {"lines": [{"qty": 1 + n % 3, "sku": "ab"[n % 2], "net": number(n, 4, 9)}]}},
            answer(n),
        ),
        drifting=frozenset({"order.lines.net.mean"}),
    ),
    Case(
        "more_items",
        lambda n: (
            {
                "items": [
                    {"sku": "abc"[(n + k) % 3]} for k in range(1 + n % 3 + (4 if n >= MOVED else 0))
                ]
            },
            answer(n),
        ),
        drifting=frozenset({"items.count"}),
    ),
    Case(
        "tags",
        lambda n: (
            {"tags": ["b" if n >= MOVED and n % 4 else "ab"[n % 2], "c"][: 1 + n % 2]},
            answer(n),
        ),
        drifting=frozenset({"tags.first"}),
    ),
    Case(
        "changing_numbers",
        lambda n: (
            {"values": [number(n, k, 9) for k in range(2 + n % 4)]},
            answer(n),
        ),
        drifting=frozenset({"values.mean"}),
    ),
    Case(
        "sometimes_empty",
        lambda n: (
            {"items": None if n % 9 == 0 else [] if n % 4 == 0 else [{"price": number(n, 3, 9)}]},
            answer(n),
        ),
        settings={"min_rows": 50},
        drifting=frozenset({"items.price.mean"}),
    ),
    Case(
        "mixed_list",
        lambda n: ({"parts": [{"a": n % 5}, n % 3, "x"][: 1 + n % 3]}, answer(n)),
        note="parts",
    ),
]


def masked(model, row, kept, note=None):
    """Numbers under a name of a secret are kept; a text that is always masked is reported."""
    return Case(model, lambda n: (row(n), answer(n)), features=kept, note=note)


MASKS = [
    masked(
        "session",
        lambda n: {"session_duration": n % 50, "token_count": n % 12, "auth_method": "sms"[n % 3]},
        {"session_duration": "numeric", "token_count": "numeric", "auth_method": "other"},
        "auth_method",
    ),
    masked(
        "card",
        lambda n: {
            "card_age": n % 50 / 2,
            "pin_attempts": n % 20,
            "card_type": ("visa", "amex")[n % 2],
        },
        {"card_age": "numeric", "pin_attempts": "numeric", "card_type": "categorical"},
    ),
    masked(
        "password",
        lambda n: {"password_length": 8 + n % 20, "password_age_days": n % 90},
        {"password_length": "numeric", "password_age_days": "numeric"},
    ),
    masked(
        "secret",
        lambda n: {"size": n % 30, "secret": f"s{n % 3}"},
        {"size": "numeric", "secret": "other"},
        "masked",
    ),
]


def timed(model, write, name="ts", **said):
    """Rows that tell their time: the window of those that moved is there."""
    return Case(
        model,
        lambda n: (
            {name: write(START + datetime.timedelta(minutes=n), n), "x": number(n, shift=3)},
            answer(n),
        ),
        settings={"event_time": f"body:{name}", **said.pop("settings", {})},
        **({"drifting": frozenset({"x"})} | said),
    )


TIMES = [
    timed("us", lambda t, n: int(t.timestamp()) * 1_000_000 + 123_456),
    timed("ms", lambda t, n: int(t.timestamp()) * 1000 + 7),
    timed("ns", lambda t, n: int(t.timestamp()) * 1_000_000_000),
    timed("s", lambda t, n: int(t.timestamp())),
    timed("float_s", lambda t, n: t.timestamp() + 0.25),
    timed("digits", lambda t, n: str(int(t.timestamp()) * 1000)),
    timed("digits_us", lambda t, n: str(int(t.timestamp()) * 1_000_000)),
    timed("rfc_1123", lambda t, n: t.strftime("%a, %d %b %Y %H:%M:%S GMT")),
    timed(
        "zone",
        lambda t, n: t.astimezone(datetime.timezone(datetime.timedelta(hours=2))).isoformat(),
    ),
    timed("space", lambda t, n: t.strftime("%Y-%m-%d %H:%M:%S")),
    timed("zulu_us", lambda t, n: t.strftime("%Y-%m-%dT%H:%M:%S.%fZ")),
    timed("german", lambda t, n: t.strftime("%d.%m.%Y %H:%M:%S")),
    timed("american", lambda t, n: t.strftime("%m/%d/%Y %H:%M:%S"), settings={"day_first": False}),
    timed("compact", lambda t, n: t.strftime("%Y%m%dT%H%M%SZ")),
    timed("words", lambda t, n: "yesterday", drifting=None, problem="event time"),
    timed(
        "mostly",
        lambda t, n: None if n % 4 == 0 else t.isoformat(),
        drifting=None,
        problem="event time",
    ),
    Case(
        "elsewhere",
        lambda n: ({"x": number(n)}, answer(n)),
        settings={"event_time": "body:when"},
        problem="no field when",
    ),
    Case(
        "nested_time",
        lambda n: (
            {"meta": {"ts": int(START.timestamp()) + n * 60}, "x": number(n, shift=3)},
            answer(n),
        ),
        settings={"event_time": "body:meta.ts"},
        drifting=frozenset({"x"}),
    ),
]


def chance(n):
    return round(random.Random(n * 31 + 5).random(), 3)


def truth(n):
    """1 as often as `chance` says."""
    return int(random.Random(n * 17 + 11).random() < chance(n))


def scored(model, response, label, **said):
    """Scores that are well calibrated: an area under the curve of about .83."""
    return Case(
        model,
        lambda n: ({"x": number(n)}, response(n)),
        labels=label,
        **(
            {"metrics": {"roc_auc": (0.7, 0.95), "brier": (0.1, 0.25), "accuracy": (0.6, 0.9)}}
            | said
        ),
    )


LABELS = [
    scored("probability", lambda n: {"prediction": chance(n)}, truth),
    scored("score_only", lambda n: {"score": chance(n)}, truth),
    scored("proba_list", lambda n: {"proba": [1 - chance(n), chance(n)]}, truth),
    scored("truths", lambda n: {"prediction": chance(n)}, lambda n: bool(truth(n))),
    scored("words_yes", lambda n: {"probability": chance(n)}, lambda n: ("no", "yes")[truth(n)]),
    scored("texts_10", lambda n: {"prediction": chance(n)}, lambda n: f"{truth(n)}.0"),
    scored("text_scores", lambda n: {"prediction": str(chance(n))}, truth),
    scored(
        "fraud",
        lambda n: {"fraud_probability": chance(n)},
        lambda n: ("legit", "fraud")[truth(n)],
        settings={"positive": "fraud"},
    ),
    scored(
        "reversed",
        lambda n: {"prediction": chance(n) if n < MOVED else round(1 - chance(n), 3)},
        truth,
        metrics={"roc_auc": (0.0, 0.35)},
        alerts=frozenset({"performance", "concept_drift"}),
    ),
    scored(
        "classes_and_words",
        lambda n: {"prediction": ("No", "Yes")[chance(n) > 0.5]},
        truth,
        metrics={"accuracy": (0.6, 0.9)},
    ),
    scored(
        "truth_texts",
        lambda n: {"prediction": chance(n) > 0.5},
        lambda n: str(bool(truth(n))),
        metrics={"accuracy": (0.6, 0.9)},
    ),
    scored(
        "codes",
        lambda n: {"label": ("LABEL_0", "LABEL_1")[chance(n) > 0.5]},
        truth,
        metrics={},
        problem="LABEL_",
    ),
    scored(
        "percents", lambda n: {"prediction": 100 * chance(n)}, truth, metrics={}, problem="labels"
    ),
]

CASES = [*RISING, *TEXTS, *ITEMS, *MASKS, *TIMES, *LABELS]


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    return observe(tmp_path_factory.mktemp("field") / "taps.db", CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.model for case in CASES])
def test_values_are_read_tested_or_reported(observed, case):
    """What moves is found, what cannot move is not, and `doctor` names what is left."""
    observed.check(case)
