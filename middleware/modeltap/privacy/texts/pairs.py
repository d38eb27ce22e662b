"""Masking of pairs: objects with a name in one member and its value in another.

Examples are form fields, headers and tensors (`{"key": ..., "value": ...}`), and validation errors
with the path to a field (`{"loc": ["body", "pin"], "input": ...}`).
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from modeltap.privacy.marks import Marks
from modeltap.privacy.sensitive.names import SensitiveNames
from modeltap.privacy.texts.cells import replaced
from modeltap.privacy.texts.member_roles import Role, is_error_context, is_error_text, role_of
from modeltap.privacy.texts.object_plans import ObjectPlans

_MAX_NAME_LENGTH = 100
_IN_QUOTES = re.compile(r"""(?<!\w)(?:'[^']*+'|"[^"]*+")""")


class PairMasker:
    """Masks pairs in place.

    >>> names = SensitiveNames()
    >>> pairs = PairMasker(names, Marks(), ObjectPlans(names))
    >>> error = {"loc": ["body", "pin", "str"], "msg": "'12ab' is too long", "input": "12ab"}
    >>> pairs.mask(error), error
    (True, {'loc': ['body', 'pin', 'str'], 'msg': '[masked] is too long', 'input': '[masked]'})
    """

    def __init__(self, names: SensitiveNames, marks: Marks, plans: ObjectPlans) -> None:
        self._names = names
        self._marks = marks
        self._plans = plans
        self._changed = False

    def mask(self, fields: dict[str, Any]) -> bool:
        """Mask the value of each pair in an object; return True if anything was masked."""
        self._changed = False
        for key, role, is_path in self._plans.of(fields).pair_names:
            name = self._name_in_path(fields[key]) if is_path else fields[key]
            if isinstance(name, str) and self._is_sensitive(name):
                self._mask_values(fields, key, name, role)
                if is_path:
                    self._mask_error(fields, name)
        return self._changed

    def _name_in_path(self, place: Any) -> str | None:
        """Return the first sensitive name in the path to a field, or None.

        Everything below a sensitive name is masked. A path given as text may be a URL or a file
        path, of which only the end counts.
        """
        steps = _steps(place)
        if isinstance(place, str):
            steps = steps[-2:]
        for half, step in pairwise(steps):
            if first_half := self._names.facts(half).first_half:
                steps.append(f"{first_half}_{step}")
        named = steps[1:] if isinstance(place, str) and len(steps) > 1 else steps
        return next(filter(self._is_sensitive, named), None)

    def _mask_error(self, fields: dict[str, Any], name: str) -> None:
        """Mask the values of a sensitive field in an error, and quotes of them in its message."""
        for key, value in fields.items():
            kept = value
            if is_error_context(key) and self._names.masks(name, value):
                kept = replaced(value, self._marks)
            elif is_error_text(key) and isinstance(value, str):
                kept = _IN_QUOTES.sub(lambda match: self._marks.mark(match[0]), value)
            if kept != value:
                fields[key] = kept
                self._changed = True

    def _is_sensitive(self, name: str) -> bool:
        return len(name) <= _MAX_NAME_LENGTH and self._names.is_sensitive(name)

    def _mask_values(self, fields: dict[str, Any], key: str, name: str, role: Role) -> None:
        roles = (Role.VALUE,) if role is Role.WEAK_NAME else (Role.VALUE, Role.CONTENT)
        for other, value in fields.items():
            if other == key or role_of(other) not in roles:
                continue
            if role_of(other) is Role.CONTENT and "role" in fields:
                continue  # a message of a chat
            if self._names.masks(name, value):
                fields[other] = replaced(value, self._marks)
                self._changed = True


def _steps(place: Any) -> list[str]:
    """Return the names in the path to a field: `["body", "password", 0]`, "/user/password"."""
    if isinstance(place, str):
        place = place.replace("/", ".").split(".")
    return [step for step in place if isinstance(step, str)] if isinstance(place, list) else []
