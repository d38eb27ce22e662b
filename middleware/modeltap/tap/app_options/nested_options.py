"""Options for a request that passes two taps: those of the inner tap, with the masks of both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from modeltap.config.settings import ModelChooser, Settings

if TYPE_CHECKING:
    from modeltap.config.options import MaskBody

_DEFAULTS = Settings()

_UNITED = ("mask_headers", "mask_query_params", "mask_body_fields", "mask_values")
"""Options with lists of patterns, which are combined."""

_MASKS = (
    *_UNITED,
    "unmask_body_fields",
    "mask_bodies",
    "mask_with",
    "mask_key",
    "capture_request_body",
    "capture_response_body",
)

_SHOWN = ("model", "environment", "version", "sample_rate", "store")
"""Options with short values that may be logged; a webhook's URL is a secret."""


def with_masks_of(inner: Settings, outer: Settings) -> Settings:
    """Return the settings of the inner tap, with the masks and omissions of the outer tap.

    >>> both = with_masks_of(Settings(mask_values=("a",)), Settings(mask_values=("b",)))
    >>> both.mask_values
    ('a', 'b')
    """
    changed: dict[str, Any] = {
        name: _united(getattr(inner, name), getattr(outer, name)) for name in _UNITED
    }
    unmasked = outer.unmask_body_fields
    return msgspec.structs.replace(
        inner,
        **changed,
        unmask_body_fields=tuple(name for name in inner.unmask_body_fields if name in unmasked),
        mask_bodies=inner.mask_bodies or outer.mask_bodies,
        mask_with=_stricter(inner, outer),
        mask_key=inner.mask_key or outer.mask_key,
        capture_request_body=inner.capture_request_body and outer.capture_request_body,
        capture_response_body=inner.capture_response_body and outer.capture_response_body,
    )


def both_masks(inner: MaskBody | None, outer: MaskBody | None) -> MaskBody | None:
    """Return a function that masks a body with the functions of both taps."""
    if inner is None or outer is None or inner is outer:
        return inner or outer

    def masked(body: bytes, content_type: str) -> bytes | None:
        kept = inner(body, content_type)
        return None if kept is None else outer(kept, content_type)

    return masked


def conflict_message(
    inner: Settings, inner_model: ModelChooser, outer: Settings, outer_model: ModelChooser
) -> str | None:
    """Return a log message about conflicting options, or None if there is no conflict.

    >>> conflict_message(Settings(), "a", Settings(sample_rate=0.5), "a")
    'requests pass through two taps; the inner tap records them with its sample_rate (1.0, not 0.5)'
    """
    conflicts = _conflicts(inner, inner_model, outer, outer_model)
    masks = _changed_masks(inner, outer)
    parts = [f"with its {', '.join(conflicts)}"] if conflicts else []
    if masks:
        parts.append(f"with the masks of both taps ({', '.join(masks)})")
    if not parts:
        return None
    return f"requests pass through two taps; the inner tap records them {' and '.join(parts)}"


def _conflicts(
    inner: Settings, inner_model: ModelChooser, outer: Settings, outer_model: ModelChooser
) -> list[str]:
    """Describe the options of the outer tap that the inner tap overrides."""
    differing = [
        _described(name, getattr(inner, name), getattr(outer, name))
        for name in Settings.__struct_fields__
        if name not in _MASKS and getattr(outer, name) not in (getattr(inner, name), _default(name))
    ]
    if outer_model is not None and inner_model != outer_model:
        differing.insert(0, _described("model", inner_model, outer_model))
    return differing


def _changed_masks(inner: Settings, outer: Settings) -> list[str]:
    """Return the names of the inner tap's options that change because of the outer tap's masks."""
    both = with_masks_of(inner, outer)
    return [name for name in _MASKS if getattr(both, name) != getattr(inner, name)]


def _united(inner: tuple[str, ...], outer: tuple[str, ...]) -> tuple[str, ...]:
    return (*inner, *(pattern for pattern in outer if pattern not in inner))


def _stricter(inner: Settings, outer: Settings) -> Any:
    """Return the replacement that reveals least: a hash shows equal values, a mark presence."""
    for replacement in ("drop", "mark"):
        if replacement in (inner.mask_with, outer.mask_with):
            return replacement
    return inner.mask_with


def _default(name: str) -> Any:
    default = getattr(_DEFAULTS, name)
    return str(Path(default).absolute()) if name == "store" else default


def _described(name: str, inner: object, outer: object) -> str:
    plain = all(isinstance(value, (str, int, float, type(None))) for value in (inner, outer))
    return f"{name} ({inner!r}, not {outer!r})" if plain and name in _SHOWN else name
