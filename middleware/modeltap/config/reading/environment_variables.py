"""Environment variables that set options."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress

from modeltap.config.settings import Settings
from modeltap.errors import ConfigError, nearest
from modeltap.logs import logger

_PREFIX = "MODELTAP_"

TRAINING_VARIABLES = (
    "MODELTAP_DATA",
    "MODELTAP_ARTEFACT",
    "MODELTAP_REASON",
    "MODELTAP_ROWS",
    "MODELTAP_RUN",
    "MODELTAP_SINCE",
    "MODELTAP_UNTIL",
)
"""Variables for the command or the function that retrains a model, which may use modeltap."""

_OTHER_VARIABLES = ("MODELTAP_CONFIG", "MODELTAP_MODEL", "MODELTAP_PYTHON", *TRAINING_VARIABLES)
"""Variables with this prefix that are not options."""

_SERVICE_VARIABLE = (
    r"MODELTAP_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?"
    r"|PORT_\d+_(TCP|UDP|SCTP)(_PROTO|_PORT|_ADDR)?)"
)
_PORT_VARIABLE = r"MODELTAP_(\w+_)?PORT=(tcp|udp|sctp)://.*"
"""Kubernetes sets these in each container for a Service named modeltap or modeltap-..."""

_OFF_IF_EMPTY = (
    "id_header",
    "environment",
    "labels_endpoint",
    "labels_token",
    "otel",
    "dashboard",
    "dashboard_token",
    "dashboard_trace_url",
    "metrics_endpoint",
    "metrics_token",
    "shadow",
)
"""Options that an empty variable turns off."""

_warned: set[str] = set()
"""Variables for which this process has logged a warning."""


def read_environment(environ: Mapping[str, str]) -> dict[str, object]:
    """Return the options set by environment variables; log a warning for unknown names.

    Variables may come from Kubernetes or a base image, not from the app's author, so an unknown
    name must not stop the app.
    """
    ours = {name: text for name, text in environ.items() if name.startswith(_PREFIX)}
    options: dict[str, object] = {}
    unknown = []
    for variable, text in ours.items():
        name = variable.removeprefix(_PREFIX).lower()
        if variable == variable.upper() and name in Settings.__struct_fields__:
            options[name] = _from_text(name, text)
        elif variable not in _OTHER_VARIABLES:
            unknown.append(variable)
    _warn_of([variable for variable in unknown if variable not in _warned], ours)
    return options


def _warn_of(unknown: list[str], environ: Mapping[str, str]) -> None:
    """Log each unknown variable once, and the variables of a Kubernetes Service together."""
    _warned.update(unknown)
    service = [name for name in unknown if _is_of_a_service(name, environ[name])]
    if service:
        logger.warning(
            "modeltap: ignored %s: Kubernetes sets these variables for a Service whose name starts "
            "with modeltap; to avoid them, set 'enableServiceLinks: false' in the pod's spec",
            ", ".join(sorted(service)),
        )
    known = [f"{_PREFIX}{field.upper()}" for field in Settings.__struct_fields__]
    for name in sorted(set(unknown) - set(service)):
        reason = nearest(name.upper(), [*known, *_OTHER_VARIABLES], _PREFIX)
        logger.warning("modeltap: ignored unknown environment variable %r%s", name, reason)


def _is_of_a_service(variable: str, text: str) -> bool:
    """Return True if Kubernetes has set this variable for a Service.

    >>> _is_of_a_service("MODELTAP_PORT", "tcp://10.0.0.1:80")
    True
    >>> _is_of_a_service("MODELTAP_PORT", "8000")
    False
    """
    is_port = re.fullmatch(_PORT_VARIABLE, f"{variable}={text}")
    return bool(is_port or re.fullmatch(_SERVICE_VARIABLE, variable))


def _from_text(name: str, text: str) -> object:
    default = getattr(Settings(), name)
    if isinstance(default, bool):
        lowered = text.strip().lower()
        if lowered in ("1", "true", "yes", "on"):
            return True
        return False if lowered in ("0", "false", "no", "off", "") else text
    if text.lstrip().startswith("[{"):  # tables, as rules are
        with suppress(ValueError):
            return json.loads(text)
    if isinstance(default, tuple):
        return [part.strip() for part in text.split(",") if part.strip()]
    is_table = name in ("mapping", "retrain", "judge") or (
        name in ("shadow", "otel") and text.lstrip().startswith("{")
    )
    if isinstance(default, dict) or (is_table and text):
        try:
            return json.loads(text)
        except ValueError:
            raise ConfigError(f"MODELTAP_{name.upper()} is not valid JSON: {text!r}") from None
    return None if text == "" and name in _OFF_IF_EMPTY else text
