"""``[models.NAME.mapping]``: the location of rows and predictions in bodies, as JMESPath."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from modeltap.config.validation import refuse_unknown
from modeltap.errors import ConfigError

_HEADING = re.compile(r"(Bad|Invalid) jmespath expression: ", re.IGNORECASE)
"""The beginning of the messages of `jmespath`, which the error already contains."""


class MappingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """JMESPath expressions for the rows, predictions and ids in a model's bodies.

    `rows` and `id` apply to the request's JSON, the others to the response's. Each selects one
    value or a list. Without `rows` and `prediction` the protocol is detected, and only `columns`
    is used: the names of values that have none.
    """

    rows: str | None = None
    columns: tuple[str, ...] = ()
    prediction: str | None = None
    score: str | None = None
    probabilities: str | None = None
    id: str | None = None


def check_mapping(table: object, where: str) -> None:
    """Raise `ConfigError` for an unknown name or an invalid JMESPath expression."""
    if not isinstance(table, Mapping):
        return
    refuse_unknown(table, MappingSettings.__struct_fields__, where)
    for name, path in table.items():
        if name != "columns" and isinstance(path, str):
            _check_jmespath(path, f"{where}.{name}")


def _check_jmespath(path: str, where: str) -> None:
    from jmespath import compile as compiled  # not needed to start an app without mappings
    from jmespath.exceptions import JMESPathError

    try:
        compiled(path)
    except JMESPathError as error:
        reason = (
            _HEADING.sub("", str(error).splitlines()[0])
            .removesuffix(":")
            .removesuffix(", for expression")
        )
        raise ConfigError(
            f"{where} = {path!r} is not a valid JMESPath expression: {reason}; write one such as "
            "'payload.items[].x'"
        ) from None
