"""The positive class: the one of the labels' classes that scores are the probability of."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from modeltap.analysis.performance.class_names import boolean_of, comparable
from modeltap.analysis.statistics.confusion import class_name

ClassLabel = str | int | float | bool

_SIGNS = frozenset(("-1", "1"))
"""The classes of support vector machines; by convention, 1 is the positive one."""


class LabelForm(NamedTuple):
    """Settings of labels: the positive class, and the least score that predicts it."""

    positive: ClassLabel | None = None
    decision_threshold: float = 0.5


DEFAULT_FORM = LabelForm()


def positive_classes(
    own: Collection[str], classes: Collection[str], declared: ClassLabel | None
) -> Collection[str] | str:
    """Return the labels' classes that scores refer to, or the reason why they are unknown."""
    if declared is not None:
        positive = class_name(declared)
        matches = {name for name in classes if comparable(positive) == comparable(name)}
        matches = matches or {
            name for name in classes if boolean_of(positive) == (boolean_of(name) or "")
        }
        if matches or len(own) < 2:
            return matches
        return f"no label has the value of the setting positive = {declared!r}"
    if all(map(boolean_of, classes)):
        return {name for name in classes if boolean_of(name) == "1"}
    if _SIGNS.issuperset(classes):
        return {"1"}
    if len(classes) > 2:
        return f"scores are for one class, but labels have {len(classes)} classes"
    return "it is unknown which class the scores are for; set positive to that class"


def two_names(
    classes: Iterable[str], positive: Collection[str], declared: ClassLabel | None
) -> tuple[str, str]:
    """Return the names of the positive class and of the rest."""
    rest = sorted(set(classes) - set(positive))
    opposite = {boolean_of(name): name for name in ("1", "0")}
    if positive:
        yes = min(positive)
    else:
        yes = class_name(declared) if declared is not None else opposite["1"]
    if len(rest) == 1 or (rest and all(map(boolean_of, rest))):
        return yes, rest[0]
    return yes, "0" if boolean_of(yes) else f"not {yes}"
