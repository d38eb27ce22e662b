"""Times in text: each format with each kind of time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modeltap import clock
from modeltap.time_texts import moment_of, order_in

MOMENT = datetime(2024, 1, 31, 15, 30, 45, tzinfo=UTC)

DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d/%b/%Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%a, %d %b %Y",
    "%A, %d-%b-%y",
    "%a %b %d %Y",
    "%Y年%m月%d日",
)
CLOCKS = (" %H:%M:%S", ", %H:%M:%S", " %I:%M:%S %p", " %I:%M:%S%p", " %H:%M:%S.%f", " %H.%M.%S")
ZONES = (
    ("", 0),
    (" UTC", 0),
    (" GMT", 0),
    (" Z", 0),
    (" +0100", 1),
    ("+01:00", 1),
    (" -05:30", -5.5),
)
ZONES += ((" EST", -5), (" PDT", -7), (" GMT+0100 (Central European Standard Time)", 1))


@pytest.mark.parametrize("date", DATES)
def test_common_formats_are_parsed(date):
    """Date formats of several countries with all clocks and zones."""
    for time, (name, hours) in product(CLOCKS, ZONES):
        local = MOMENT.astimezone(timezone(timedelta(hours=hours)))
        text = local.strftime(date + time) + name
        assert clock.parse(text) == MOMENT.timestamp(), text


@pytest.mark.parametrize("date", DATES)
def test_dates_alone_are_midnight(date):
    assert clock.parse(MOMENT.strftime(date)) == datetime(2024, 1, 31, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "Wed Jan 31 15:30:45 2024",
        "Wed Jan 31 15:30:45 UTC 2024",
        "31/Jan/2024:15:30:45 +0000",
        "2024-01-31 15:30:45 +0000 UTC",
        "2024-01-31 10:30:45 -0500",
        "2024-01-31T16:30:45+01:00[Europe/Berlin]",
        "2024-01-31T15:30:45.000000000Z",
        "20240131T153045Z",
        "20240131153045",
        "/Date(1706715045000)/",
        "1706715045",
        "1706715045.0",
        "1706715045000",
        "1706715045000000",
        "1706715045000000000",
        "1.706715045e9",
        " 1706715045 ",
        20240131153045,
        1706715045,
        1706715045.0,
        1706715045000,
        1706715045000000,
        1706715045000000000,
    ],
)
def test_formats_of_languages_and_servers_are_parsed(text):
    """asctime, Go, Java, .NET, Apache, and counts since the epoch in each unit."""
    assert clock.parse(text) == MOMENT.timestamp()


@given(
    st.datetimes(datetime(1977, 1, 1), datetime(2069, 1, 1)), st.sampled_from((1, 1e3, 1e6, 1e9))
)
def test_units_are_detected_by_size(moment, unit):
    """To the millisecond, as a number and as digits."""
    seconds = moment.replace(tzinfo=UTC).timestamp()
    number = int(seconds * 1000) * int(unit) // 1000
    assert clock.parse(number) == pytest.approx(seconds, abs=1 if unit == 1 else 2e-3)
    assert clock.parse(str(number)) == clock.parse(number)


@given(st.datetimes(datetime(1971, 1, 1), datetime(2068, 1, 1)))
def test_http_dates_are_parsed(moment):
    moment = moment.replace(tzinfo=UTC, microsecond=0)
    assert clock.parse(format_datetime(moment, usegmt=True)) == moment.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2024",
        "1-2-2024",
        "soon",
        "12",
        "12.5",
        "10:30",
        "31.13.2024",
        "32 Jan 2024",
        "3/2",
        "2024-01-31 25:00",
        "31 Foo 2024",
        "2024-01-31 10:00 XYZ",
        "1.2.3.4",
        "20241399",
        "may 2024",
        "2024-01-31 13:00 PM",
        "1e400",
        "+",
        "/Date()/",
        "1" * 40,
        "\ud800",
    ],
)
def test_ambiguous_and_invalid_dates_are_rejected(text):
    """A date that differs by country is not guessed."""
    assert clock.parse(text) is None


def test_the_order_in_a_column_resolves_ambiguous_dates():
    """1 February or 2 January."""
    assert moment_of("01/02/2024", True) == datetime(2024, 2, 1, tzinfo=UTC)
    assert moment_of("01/02/2024", False) == datetime(2024, 1, 2, tzinfo=UTC)
    assert [order_in(text) for text in ("31/01/2024", "1-31-24", "01.02.2024", "x")] == [
        True,
        False,
        None,
        None,
    ]


@given(st.text(max_size=40))
def test_any_text_is_accepted(text):
    assert clock.parse(text) is None or isinstance(clock.parse(text), float)
