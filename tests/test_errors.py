"""The exceptions, and the hint about the nearest name."""

from __future__ import annotations

import inspect

import pytest

from modeltap import errors


def test_every_error_derives_from_the_base_class():
    """And is shown in the module docstring."""
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
def test_the_hint_has_the_nearest_name_or_all_names(name, known, part):
    assert part in errors.nearest(name, known)
    assert errors.nearest(name, []) == ""
