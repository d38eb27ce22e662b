"""Parsing and writing columns of times, as `clock` does single times: 0.1 microseconds each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modeltap import clock

_FORM = b"0000-00-00T00:00:00.000Z"
_LENGTH = len(_FORM)
_LOWEST = np.frombuffer(_FORM, dtype=np.uint8)
_HIGHEST = np.frombuffer(_FORM.replace(b"0", b"9"), dtype=np.uint8)


def parse_times(texts: Sequence[object], day_first: bool | None = None) -> np.ndarray:
    """Return (n,) Unix seconds, NaN for texts that `clock.parse` cannot read.

    Args:
        day_first: whether 01/02/2024 is the first of February; with None it is not read.

    >>> parse_times(["2013-03-04T00:00:00.250Z", None]).tolist()
    [1362355200.25, nan]
    """
    seconds = stored_times(texts)
    if seconds is not None:
        return seconds
    return np.array([clock.parse(text, day_first) for text in texts], dtype=np.float64)


def stored_times(texts: Sequence[object]) -> np.ndarray | None:
    """Return (n,) Unix seconds if all texts have the format of the store, else None.

    >>> stored_times(["2013-03-04T00:00:00.250Z"]), stored_times(["2013-03-04"])
    (array([1.3623552e+09]), None)
    """
    try:
        if set(map(len, texts)) != {_LENGTH}:  # type: ignore[arg-type]
            return None
        joined = "".join(texts).encode("utf-8", "replace")  # type: ignore[arg-type]
    except TypeError:  # numbers and None among them
        return None
    if len(joined) != len(texts) * _LENGTH:
        return None
    letters = np.frombuffer(joined, dtype=np.uint8).reshape(-1, _LENGTH)
    if not ((letters >= _LOWEST) & (letters <= _HIGHEST)).all():
        return None
    without_zone = np.ascontiguousarray(letters[:, :-1]).view(f"S{_LENGTH - 1}").ravel()
    try:
        moments = without_zone.astype("datetime64[ms]")
    except ValueError:  # the 30th of February
        return None
    seconds = moments.astype(np.int64) / 1000.0
    in_range = (seconds >= clock.EARLIEST) & (seconds < clock.LATEST)
    return np.asarray(seconds) if in_range.all() else None


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
