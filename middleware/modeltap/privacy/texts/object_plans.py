"""Masking plans: the names of an object that need a check, computed once for each shape."""

from __future__ import annotations

from typing import Any, NamedTuple

from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.member_roles import Role, is_path_key, role_of

_MAX_CACHED = 256
_MAX_NAMES = 256
"""Bounds of the cache, because clients choose the shapes: a few megabytes at most."""


class PairName(NamedTuple):
    """A member that contains the name of a pair; `is_path` is True if it is a path to a field."""

    key: str
    role: Role
    is_path: bool


class ObjectPlan(NamedTuple):
    """The sensitive names of an object, and its members that contain names of pairs."""

    sensitive: tuple[str, ...]
    pair_names: tuple[PairName, ...]


class ObjectPlans:
    """Caches the plan of each shape; a shape is the sequence of an object's names.

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
            if len(shape) <= _MAX_NAMES:
                if len(self._known) >= _MAX_CACHED:
                    self._known.clear()
                self._known[shape] = plan
        return plan

    def _plan(self, shape: tuple[str, ...]) -> ObjectPlan:
        roles = ((key, role_of(key)) for key in shape)
        return ObjectPlan(
            tuple(filter(self._names.is_sensitive, shape)),
            tuple(
                PairName(key, role, is_path_key(key))
                for key, role in roles
                if role in (Role.NAME, Role.WEAK_NAME)
            ),
        )
