"""When people are there to answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PART = re.compile(
    r"(?:(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? )?(?P<opens>\d{1,2}:\d{2})-(?P<closes>\d{1,2}:\d{2})"
)
_MIDNIGHT = timedelta(days=1)
_LOOK_AHEAD = 15
"""Days: a shop opens at least once a week, and a promise counts over two weeks at most."""

Span = tuple[timedelta, timedelta]
"""From, to, since midnight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """The hours of a week in which people answer, at the shop's place."""

    week: Mapping[int, tuple[Span, ...]]
    """By weekday, 0 is Monday; in order and apart."""
    zone: ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: ZoneInfo) -> OpeningHours:
        """Read `09:00-21:00`, or `Mon-Fri 9:00-12:00, Mon-Fri 13:00-18:00, Sat 10:00-16:00`, or `always`.

        Raises:
            ValueError: it says none of that; the message says what is wrong.
        """
        if text.strip().lower() == "always":
            return always(zone)
        week: dict[int, list[Span]] = {}
        for part in text.split(","):
            found = _PART.fullmatch(" ".join(part.lower().split()))
            if found is None:
                raise ValueError(f"{part.strip()!r} is not like Mon-Fri 09:00-18:00")
            span = (_since_midnight(found["opens"]), _since_midnight(found["closes"]))
            if span[0] >= span[1]:
                raise ValueError(f"{part.strip()!r} ends before it begins; write a night as two parts")
            for day in _days(found["first"], found["last"]):
                week.setdefault(day, []).append(span)
        return cls(week={day: _apart(spans) for day, spans in week.items()}, zone=zone)

    def next_open(self, moment: datetime) -> datetime:
        """The moment itself when people are there, else when they come; aware, UTC where it isn't the moment."""
        opens, _ = next(self._spans(moment))
        return max(opens, moment)

    def closes(self, moment: datetime) -> datetime:
        """When those leave who are there at the moment or come next."""
        return next(self._spans(moment))[1]

    def after(self, moment: datetime, within: timedelta) -> datetime:
        """When so much time with people there has passed."""
        left = within
        for opens, closes in self._spans(moment):
            begins = max(opens, moment)
            if begins + left <= closes:
                return begins + left
            left -= closes - begins
        return moment + within

    def _spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Spans that end after the moment, in order; those that touch at midnight are one."""
        first = moment.astimezone(self.zone).date()
        waiting: tuple[datetime, datetime] | None = None
        for number in range(_LOOK_AHEAD):
            day = first + timedelta(days=number)
            for opens, closes in self.week.get(day.weekday(), ()):
                span = (self._at(day, opens), self._at(day, closes))
                if waiting is not None and waiting[1] == span[0]:
                    waiting = (waiting[0], span[1])
                    continue
                if waiting is not None and waiting[1] > moment:
                    yield waiting
                waiting = span
        if waiting is not None and waiting[1] > moment:
            yield waiting

    def _at(self, day: date, since_midnight: timedelta) -> datetime:
        """A time of the clock on a day: a day with a change of clocks has other hours than 24."""
        if since_midnight == _MIDNIGHT:
            return self._at(day + timedelta(days=1), timedelta(0))
        hour, minute = divmod(since_midnight // timedelta(minutes=1), 60)
        return datetime.combine(day, time(hour, minute), self.zone).astimezone(UTC)


def always(zone: ZoneInfo) -> OpeningHours:
    """People are there day and night."""
    return OpeningHours(week=dict.fromkeys(range(7), ((timedelta(0), _MIDNIGHT),)), zone=zone)


ALWAYS = always(ZoneInfo("UTC"))


def _since_midnight(clock: str) -> timedelta:
    hour, minute = (int(part) for part in clock.split(":"))
    if (hour, minute) == (24, 0):
        return _MIDNIGHT
    try:
        time(hour, minute)
    except ValueError:
        raise ValueError(f"{clock} is no time of day") from None
    return timedelta(hours=hour, minutes=minute)


def _days(first: str | None, last: str | None) -> range | list[int]:
    if first is None:
        return range(7)
    for name in (first, last):
        if name is not None and name not in _DAYS:
            raise ValueError(f"{name!r} is no day; they are Mon, Tue, Wed, Thu, Fri, Sat, Sun")
    begin = _DAYS.index(first)
    length = (_DAYS.index(last) - begin) % 7 + 1 if last is not None else 1
    return [(begin + number) % 7 for number in range(length)]


def _apart(spans: list[Span]) -> tuple[Span, ...]:
    """In order; those that overlap or touch become one."""
    joined: list[Span] = []
    for opens, closes in sorted(spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return tuple(joined)
