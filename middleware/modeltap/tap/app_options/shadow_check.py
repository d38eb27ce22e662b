"""Checks of `shadow` against the other options of an app, when its tap is created."""

from __future__ import annotations

from collections.abc import Mapping

from modeltap.config.settings import ModelChooser, Settings
from modeltap.errors import ConfigError, nearest
from modeltap.logs import logger


def check_shadow(settings: Settings, model: ModelChooser, *, masked: bool) -> None:
    """Raise `ConfigError` if requests cannot be sent to the challengers as configured.

    A challenger of a model that this app does not serve is only logged, because several apps may
    share a settings file.

    Args:
        settings: the options of the app.
        model: the option `model`.
        masked: True if the app has a `mask_body` of its own.
    """
    if not settings.challengers:
        return
    if masked:
        raise ConfigError(
            "shadow cannot be combined with mask_body: responses of the challenger cannot be "
            "masked by a function of the app; use mask_body_fields and mask_values instead"
        )
    for shadow in settings.challengers:
        shadow.resolved()
    served = _served(model)
    for name, own in settings.models.items():
        if own.shadow is not None and served and name not in served:
            logger.warning(
                "modeltap: no shadow traffic for model %r: this app serves %s%s",
                name,
                ", ".join(map(repr, served)),
                nearest(name, served),
            )


def _served(model: ModelChooser) -> list[str]:
    """Return the models that an app serves; none if only its requests will show them."""
    if isinstance(model, str):
        return [model]
    return sorted(set(model.values())) if isinstance(model, Mapping) else []
