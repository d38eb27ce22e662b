"""A user's function of a row: importing it, calling it, and the reason if that fails."""

from __future__ import annotations

import contextlib
import importlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from modeltap.analysis.row_metrics.labelled_documents import Document
from modeltap.wording import plural

_MOST_SECONDS = 30.0
"""The time that the rows of a window may take. The analysis has other work, and a limit itself."""

_LONGEST = 200
"""Characters of an error that are quoted."""


@dataclass(frozen=True)
class RowValues:
    """(n,) the values of n rows, NaN where a row does not count, or why there are none."""

    values: np.ndarray
    problem: str | None = None


def own_function(path: str) -> Callable[[Document], Any] | str:
    """Import a function by ``module:function``; return the reason if that is not possible.

    The module may be in the working directory.

    >>> own_function("math:sin") is math.sin
    True
    >>> own_function("nowhere:profit")
    "cannot import nowhere: No module named 'nowhere'"
    """
    module, _, name = path.partition(":")
    try:
        with _working_directory(), contextlib.redirect_stdout(sys.stderr):
            member: Any = importlib.import_module(module)
            for part in name.split("."):
                member = getattr(member, part)
    except AttributeError:
        return f"{module} has no function {name}"
    except (Exception, SystemExit) as error:
        return f"cannot import {module}: {_described(error)}"
    return member if callable(member) else f"{path} is not a function"


def row_values(
    function: Callable[..., Any], rows: Sequence[Document], *, passes_row: bool = True
) -> RowValues:
    """Return the function's value of each of n rows.

    An error in one row is the reason for all: a mean of the other rows would look right and be
    wrong.

    Args:
        passes_row: whether the function takes a row; otherwise it returns the next value.

    >>> row_values(lambda row: row["label"] or None, [{"label": 2}, {"label": 0}]).values.tolist()
    [2.0, nan]
    >>> row_values(lambda row: row["price"], [{"id": "a7"}]).problem
    "KeyError: 'price' (in exchange a7)"
    """
    values = np.full(len(rows), np.nan)
    deadline = time.monotonic() + _MOST_SECONDS
    with contextlib.redirect_stdout(sys.stderr):
        for place, row in enumerate(rows):
            try:
                value = function(row) if passes_row else function()
            except (Exception, SystemExit) as error:
                return RowValues(values, f"{_described(error)} (in exchange {row.get('id')})")
            number = _number(value)
            if number is None:
                return RowValues(values, f"{_refused(value)} (in exchange {row.get('id')})")
            values[place] = number
            if time.monotonic() > deadline:
                done = f"{place + 1:,} of {plural(len(rows), 'row')}"
                return RowValues(values, f"took over {_MOST_SECONDS:.0f} s for {done}")
    return RowValues(values)


def _number(value: Any) -> float | None:
    """Return a function's result as a number, NaN for None; None unless it is a finite number."""
    if value is None:
        return math.nan
    try:
        number = float(value) if not isinstance(value, str) else math.inf
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _refused(value: Any) -> str:
    return (
        f"returned {str(value)[:_LONGEST]!r}, a {type(value).__name__}; return a finite number, "
        "or None for a row that does not count"
    )


def _described(error: BaseException) -> str:
    lines = str(error).splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    if isinstance(error, ImportError):
        text = lines[0] if lines else text
    return text[:_LONGEST]


@contextlib.contextmanager
def _working_directory() -> Iterator[None]:
    """Add the working directory to the end of the import path, as `python -m` does."""
    folder = str(Path.cwd())
    if folder in sys.path:
        yield
        return
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)
