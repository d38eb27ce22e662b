"""Plans of objects: which of an object's names need a look, worked out once for each shape."""

from __future__ import annotations

from typing import Any, NamedTuple

from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.member_roles import Role, is_place_key, role_of

_REMEMBERED = 256
_MOST_NAMES = 256
"""Clients choose the shapes, so the memory of them is bounded: a few megabytes at most."""


class PairName(NamedTuple):
    """A member that has the name of a pair, and whether that is the last step of a way."""

    key: str
    role: Role
    is_place: bool


class ObjectPlan(NamedTuple):
    """The names of an object that hide something, and its members that have names."""

    sensitive: tuple[str, ...]
    pair_names: tuple[PairName, ...]


class ObjectPlans:
    """Remembers the plan of each shape; a shape is all names of an object, in their order.

    >>> plan = ObjectPlans(SensitiveNames()).of({"age": 7, "token": 1, "name": "x"})
    >>> plan.sensitive, [name.key for name in plan.pair_names]
    (('token',), ['name'])
    """

    def __init__(self, names: SensitiveNames) -> None:
        self._names = names
        self._known: dict[tuple[str, ...], ObjectPlan] = {}

    def of(self, fields: dict[str, Any]) -> ObjectPlan:
        """Return the plan of an object."""
        shape = tuple(fields)
        plan = self._known.get(shape)
        if plan is None:
            plan = self._plan(shape)
            if len(shape) <= _MOST_NAMES:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[shape] = plan
        return plan

    def _plan(self, shape: tuple[str, ...]) -> ObjectPlan:
        roles = ((key, role_of(key)) for key in shape)
        return ObjectPlan(
            tuple(filter(self._names.is_sensitive, shape)),
            tuple(
                PairName(key, role, is_place_key(key))
                for key, role in roles
                if role in (Role.NAME, Role.WEAK_NAME)
            ),
        )
