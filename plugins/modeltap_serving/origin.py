"""The package that defines an app's class, without importing it."""

from __future__ import annotations


def comes_from(app: object, module: str) -> bool:
    """Return True if the app's class, or a base class, is defined in `module` or a submodule.

    >>> comes_from(OSError(), "builtins"), comes_from(OSError(), "built")
    (True, False)
    """
    return any(f"{base.__module__}.".startswith(f"{module}.") for base in type(app).__mro__)
