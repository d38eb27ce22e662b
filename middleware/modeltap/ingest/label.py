"""What was right, as a log tells it."""

from __future__ import annotations

import math
from typing import Any

from modeltap.errors import InputError
from modeltap.store.labels import storable_label


def label_of(value: Any) -> Any:
    """Return a label as the store holds it; raises `InputError` for what is none.

    A number beyond 64 bits is a text; one that is not finite is no label.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"label {value} is no finite number")
    return storable_label(value)
