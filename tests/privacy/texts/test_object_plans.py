"""Masking plans of objects, computed once for each shape."""

from __future__ import annotations

from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.member_roles import Role
from modeltap.privacy.texts.object_plans import ObjectPlans


def test_a_plan_depends_only_on_the_names_and_their_order():
    plans = ObjectPlans(SensitiveNames())
    first = plans.of({"age": 1, "token": 2, "key": "x"})
    assert plans.of({"age": 7, "token": None, "key": []}) is first
    assert first.sensitive == ("token",)
    assert [(name.key, name.role) for name in first.pair_names] == [("key", Role.NAME)]
    assert plans.of({"age": 1, "token1": 2}).sensitive == ("token1",)
    assert plans.of({"age": 1, "token": 2, "key1": "x"}) is not first


def test_the_cache_of_shapes_is_bounded():
    plans = ObjectPlans(SensitiveNames())
    for number in range(1000):
        assert plans.of({f"token{number}": 1}).sensitive == (f"token{number}",)
    wide = {f"f{number}": 1 for number in range(1000)}
    assert plans.of(wide) == plans.of(wide) and plans.of(wide) is not plans.of(wide)
