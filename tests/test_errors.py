"""The tree of errors, and the nearest right name."""

from __future__ import annotations

import inspect

import pytest

from modeltap import errors


def test_every_error_is_one_of_ours():
    """One `except` catches all that is raised on purpose, and the docstring draws them all."""
    found = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__
    ]
    assert len(found) >= 8
    for kind in found:
        assert issubclass(kind, errors.ModeltapError)
        assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize(
    ("name", "known", "part"),
    [
        ("distence", ["distance", "carrier"], "'distance'"),
        ("zzz", ["b", "a"], ": a, b"),
        ("zzz", [str(n) for n in range(100, 115)], "5 more"),
    ],
)
def test_the_nearest_is_named_or_what_there_is(name, known, part):
    assert part in errors.nearest(name, known)
    assert errors.nearest(name, []) == ""
