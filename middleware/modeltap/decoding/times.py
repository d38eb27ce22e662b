"""Parsing and writing columns of times, as `clock` does single times: 0.1 microseconds each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modeltap import clock

_LENGTH = len("2013-03-04T00:00:00.000Z")
_MARKS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":", 19: ".", 23: "Z"}
_DIGITS = [place for place in range(_LENGTH) if place not in _MARKS]


def parse_times(texts: Sequence[object], day_first: bool | None = None) -> np.ndarray:
    """Return (n,) Unix seconds, NaN for texts that `clock.parse` cannot read.

    Args:
        day_first: whether 01/02/2024 is the first of February; with None it is not read.

    >>> parse_times(["2013-03-04T00:00:00.250Z", None]).tolist()
    [1362355200.25, nan]
    """
    seconds = _stored(texts)
    if seconds is not None:
        return seconds
    return np.array([clock.parse(text, day_first) for text in texts], dtype=np.float64)


def _stored(texts: Sequence[object]) -> np.ndarray | None:
    """Return times that all have the format of the store; None if one has another format."""
    if set(map(type, texts)) != {str} or set(map(len, texts)) != {_LENGTH}:  # type: ignore[arg-type]
        return None
    joined = "".join(texts).encode("utf-8", "replace")  # type: ignore[arg-type]
    if len(joined) != len(texts) * _LENGTH:
        return None
    letters = np.frombuffer(joined, dtype=np.uint8).reshape(-1, _LENGTH)
    marked = all((letters[:, place] == ord(mark)).all() for place, mark in _MARKS.items())
    # Characters below "0" wrap around to more than 9, because the bytes are unsigned.
    digits = letters - np.uint8(ord("0"))
    if not marked or not (digits[:, _DIGITS] <= 9).all():
        return None
    year, month, day, hour, minute, second, millisecond = (
        _number(digits[:, start:end])
        for start, end in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19), (20, 23))
    )
    months = (year - 1970) * 12 + month - 1
    first, following = _day_of(months), _day_of(months + 1)
    valid = (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= following - first)
    if not (valid & (hour <= 23) & (minute <= 59) & (second <= 59)).all():
        return None
    minutes = ((first + day - 1) * 24 + hour) * 60 + minute
    seconds = ((minutes * 60 + second) * 1000 + millisecond) / 1000.0
    in_range = (seconds >= clock.EARLIEST) & (seconds < clock.LATEST)
    return np.asarray(seconds) if in_range.all() else None


def _day_of(months: np.ndarray) -> np.ndarray:
    """Return the first day of each month since 1970, as days since 1970."""
    days: np.ndarray = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def _number(digits: np.ndarray) -> np.ndarray:
    return digits.astype(np.int64) @ 10 ** np.arange(digits.shape[1])[::-1]


def write_times(seconds: np.ndarray) -> list[str | None]:
    """Return (n,) Unix seconds as the text that `clock.iso` writes; None for NaN.

    >>> write_times(np.array([1_362_355_200.25, np.nan]))
    ['2013-03-04T00:00:00.250Z', None]
    """
    known = ~np.isnan(seconds)
    milliseconds = np.rint(np.where(known, seconds, 0.0) * 1000).astype("datetime64[ms]")
    texts = np.datetime_as_string(milliseconds).tolist()
    return [
        f"{text}Z" if is_known else None
        for text, is_known in zip(texts, known.tolist(), strict=True)
    ]
