"""``[schedules]``: the times of the scheduler's jobs."""

from __future__ import annotations

import msgspec

from modeltap.config.windows import parse_seconds
from modeltap.errors import ConfigError


class ScheduleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[schedules]``: for each job an interval (``"15m"``) or five cron fields, in UTC."""

    analysis: str | None = None
    delivery: str = "5s"
    retention: str | None = None
    digest: str | None = None
    retrain: str | None = None

    def check(self) -> None:
        """Raise `ConfigError` for an invalid schedule."""
        for name in self.__struct_fields__:
            schedule = getattr(self, name)
            if schedule is not None:
                check_schedule(f"schedules.{name}", schedule)


_NAMED_SCHEDULES = {"hourly": "0 * * * *", "daily": "0 8 * * *", "weekly": "0 8 * * mon"}
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def cron_of(text: str) -> str | None:
    """Return the five cron fields of a schedule, or None for an interval.

    Weekdays are replaced by names, because APScheduler counts from Monday and cron from Sunday.

    >>> cron_of("weekly"), cron_of("15m")
    ('0 8 * * mon', None)
    >>> cron_of("0 6 * * 1-5"), cron_of("0 6 * * 7,3")
    ('0 6 * * mon,tue,wed,thu,fri', '0 6 * * sun,wed')
    """
    fields = _NAMED_SCHEDULES.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        return None
    return " ".join([*fields[:4], _weekdays(fields[4].lower())])


def _weekdays(field: str) -> str:
    if field == "*":
        return field
    days = set()
    for part in field.split(","):
        reach, _, step = part.partition("/")
        first, _, last = ("0-6" if reach == "*" else reach).partition("-")
        begin, end = _day(first), _day(last or ("6" if step else first))
        if begin > end:  # a range over the weekend, such as sat-mon
            end += 7
        days |= {day % 7 for day in range(begin, end + 1, int(step or 1))}
    return ",".join(_DAYS[day] for day in sorted(days))


def _day(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if not text.isdigit() or int(text) > 7:
        raise ValueError(f"{text!r} is not a weekday: must be 0 to 7, or sun to sat")
    return int(text)


def check_schedule(name: str, text: str) -> None:
    """Raise `ConfigError` unless `text` is an interval, a name, or five cron fields."""
    try:
        cron = cron_of(text)
        if cron is None:
            parse_seconds(text, name)
            return
        from apscheduler.triggers.cron import CronTrigger  # not needed for intervals

        CronTrigger.from_crontab(cron, timezone="UTC")
    except (ValueError, ConfigError):
        raise ConfigError(
            f"option {name} = {text!r} is invalid: must be an interval such as '15m', 'hourly', "
            "'daily', 'weekly', or five cron fields"
        ) from None
