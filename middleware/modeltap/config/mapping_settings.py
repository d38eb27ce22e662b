"""Mappings of a model's bodies: the places of rows and answers in them, as JMESPath."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from modeltap.config.validation import refuse_unknown
from modeltap.errors import ConfigError


class MappingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of ``[models.NAME.mapping]``: where rows and answers are, as JMESPath.

    `rows`, `id`: of the request's JSON; the others of the response's, each one value or a list.
    Without `rows` and `prediction` the protocol is found out, and only `columns` count: the
    names of values that come without.
    """

    rows: str | None = None
    columns: tuple[str, ...] = ()
    prediction: str | None = None
    score: str | None = None
    probabilities: str | None = None
    id: str | None = None


def check_mapping(said: object, where: str) -> None:
    """Raise `ConfigError` for an unknown name in a mapping, or for what is no JMESPath."""
    if not isinstance(said, Mapping):
        return
    refuse_unknown(said, MappingSettings.__struct_fields__, f"option of {where}")
    for name, path in said.items():
        if name != "columns" and isinstance(path, str):
            _check_jmespath(path, f"{where}.{name}")


def _check_jmespath(path: str, where: str) -> None:
    from jmespath import compile as compiled  # only for who says one: not for the app's start
    from jmespath.exceptions import JMESPathError

    try:
        compiled(path)
    except JMESPathError as error:
        reason = str(error).splitlines()[0].removeprefix("Bad jmespath expression: ")
        raise ConfigError(
            f"{where} = {path!r} is no JMESPath: {reason}; write one such as 'payload.items[].x'"
        ) from None
