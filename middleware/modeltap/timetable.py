"""What ``[schedules]`` may say: when the scheduler's jobs run."""

from __future__ import annotations

import msgspec

from modeltap.errors import ConfigError
from modeltap.window import parse_seconds


class ScheduleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When jobs run: ``[schedules]``. An interval (``"15m"``) or five fields of cron, in UTC."""

    analysis: str | None = None
    delivery: str = "5s"
    retention: str | None = None
    digest: str | None = None
    retrain: str | None = None

    def check(self) -> None:
        """Raise `ConfigError` for one that cannot be read."""
        for name in self.__struct_fields__:
            said = getattr(self, name)
            if said is not None:
                _check(f"schedules.{name}", said)


_NAMED_SCHEDULES = {"hourly": "0 * * * *", "daily": "0 8 * * *", "weekly": "0 8 * * 1"}


def cron_of(text: str) -> str | None:
    """Return the five cron fields that a schedule stands for; None for an interval.

    >>> cron_of("weekly"), cron_of("15m")
    ('0 8 * * 1', None)
    """
    named = _NAMED_SCHEDULES.get(text.strip().lower(), text)
    return named if len(named.split()) == 5 else None


def _check(name: str, text: str) -> None:
    cron = cron_of(text)
    try:
        if cron is None:
            parse_seconds(text, name)
            return
        from apscheduler.triggers.cron import CronTrigger  # only where somebody says cron

        CronTrigger.from_crontab(cron, timezone="UTC")
    except ValueError as error:
        raise ConfigError(
            f"option {name} = {text!r} is wrong: {error}; write an interval such as '15m', "
            "'daily', 'weekly', or the five fields of cron"
        ) from None
