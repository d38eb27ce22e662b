"""The package that an app comes from, without importing any."""

from __future__ import annotations


def comes_from(app: object, module: str) -> bool:
    """Say whether the app's class, or one it extends, is defined in `module` or below.

    >>> comes_from(OSError(), "builtins"), comes_from(OSError(), "built")
    (True, False)
    """
    return any(f"{base.__module__}.".startswith(f"{module}.") for base in type(app).__mro__)
