"""Answers of people as labels of the model's type: a number, one of some classes, or a text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from modeltap.errors import InputError, nearest
from modeltap.ingest.files.table import number

MOST_CLASSES = 30
"""With more different texts the model predicts texts, not classes."""

NEW = "+"
"""The beginning of an answer with a class that no row has yet."""


@dataclass(frozen=True)
class AnswerForm:
    """The form of a model's labels: numbers, `classes`, or any text if there are none."""

    is_number: bool = False
    classes: tuple[Any, ...] = ()

    def class_with(self, key: str) -> Any:
        """Return the class with a `class_key`; raise `InputError` if there is none."""
        value = next((own for own in self.classes if class_key(own) == key), None)
        if value is None:
            raise InputError("the classes have changed; answer again")
        return value

    @property
    def hint(self) -> str:
        """The form as text, for the question."""
        if self.is_number:
            return "a number"
        return " / ".join(map(str, self.classes)) if self.classes else "a text"

    def label(self, answer: str) -> Any:
        """Return the label of an answer.

        Raises `InputError` with the reason if it is not of the model's type.

        >>> form = AnswerForm(classes=("late", "on time"))
        >>> form.label("LATE"), form.label("+cancelled"), AnswerForm(is_number=True).label("1e3")
        ('late', 'cancelled', 1000.0)
        >>> form.label("lat")
        Traceback (most recent call last):
        modeltap.errors.InputError: 'lat' is none of the classes; did you mean 'late'? A new class \
begins with +
        """
        text = answer.strip()
        if self.is_number:
            value = number(text)
            if value is None:
                raise InputError(f"{text!r} is not a number, but the model predicts numbers")
            return value
        if not self.classes:
            return text
        if text.startswith(NEW) and text[1:].strip():
            return text[1:].strip()
        same = [own for own in self.classes if _matches(own, text)]
        if not same:
            hint = nearest(text, map(str, self.classes))
            stop = "" if hint.endswith("?") else "."
            raise InputError(
                f"{text!r} is none of the classes{hint}{stop} A new class begins with {NEW}"
            )
        return same[0]


def class_key(value: Any) -> str:
    """Return a name of a class for forms, which change line ends and other characters of texts.

    >>> class_key("yes") == class_key("yes"), class_key(1) == class_key("1")
    (True, False)
    """
    return hashlib.blake2b(repr(value).encode("utf-8", "replace"), digest_size=8).hexdigest()


def answer_form(values: Iterable[Any], task: str | None) -> AnswerForm:
    """Return the form of a model's labels.

    Args:
        values: predictions and labels.
        task: the configured task; None infers it: texts are classes, and so are a few integers.

    >>> answer_form([1, 0, 1], None).classes, answer_form([1.5, 7.0], None).is_number
    ((0, 1), True)
    """
    different = {value for value in values if value is not None}
    texts = {value for value in different if isinstance(value, str)}
    if task == "regression" or (task is None and different and not texts and _is_many(different)):
        return AnswerForm(is_number=True)
    if len(different) > MOST_CLASSES:
        return AnswerForm()
    return AnswerForm(classes=tuple(sorted(different, key=lambda value: (str(type(value)), value))))


def _is_many(numbers: set[Any]) -> bool:
    return len(numbers) > MOST_CLASSES or not all(float(own).is_integer() for own in numbers)


def _matches(own: Any, text: str) -> bool:
    if isinstance(own, str):
        return own.strip().lower() == text.lower()
    return bool(number(text) == own)
