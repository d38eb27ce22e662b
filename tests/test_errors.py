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


def test_a_package_that_cannot_be_imported_is_named(tmp_path, monkeypatch):
    """With the reason, if it is installed."""
    (tmp_path / "broken_bees.py").write_text("from os import no_such_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    reason = "cannot import name 'no_such_name'"
    with (
        pytest.raises(errors.InputError, match=reason) as caught,
        errors.needs_extra("bees", "the hive"),
    ):
        __import__("broken_bees")
    assert 'install it with: pip install "modeltap[bees]"' in str(caught.value)
    with pytest.raises(ZeroDivisionError), errors.needs_extra("bees", "the hive"):
        _ = 1 / 0
