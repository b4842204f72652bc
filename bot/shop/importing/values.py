"""Turns what stands in a file into values, or says why it can't."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.shop.importing.rows import BadRow, Options
from bot.shop.intake.people import birthday_of
from kernel.money import LARGEST_AMOUNT, decimals, is_currency
from kernel.sentence import Sentence, about
from kernel.tables import MISSING

Parse = Callable[[Any], Any]

_YES = frozenset({"1", "true", "yes", "y", "t", "是", "有"})
_NO = frozenset({"0", "false", "no", "n", "f", "否", "无"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_AMOUNT = re.compile(r"(?:[-+]|(?<![\d.,'\s]))[.,'\s]*+\d[\d.,'\s]*+")
_BETWEEN = re.compile(r"[|;\n]")
_BETWEEN_NAMES = re.compile(r"[,，;；|]")
_SPACING = re.compile(r"[\s']")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
_DAY = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 0?0:00(?::00)?)?"
    r"|(\d{4})(\d{2})(\d{2})|(?:--)?(\d{1,2})[-月](\d{1,2})日?",
    re.ASCII,
)
_EPOCH_UNITS = {10: 1, 13: 1_000, 16: 1_000_000}
_LONGEST_MISSING = max(map(len, MISSING))
_FORMATS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "%Y.%m.%d %H:%M",
    "%Y.%m.%d",
)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def text(raw: Any) -> str | None:
    """Words without control characters and spaces around them; None when nothing is left."""
    if raw is None:
        return None
    if isinstance(raw, float):
        if math.isnan(raw):
            return None
        # Spreadsheets and data frames turn numbers with gaps among them into floats.
        raw = int(raw) if raw.is_integer() else raw
    words = raw.strip() if isinstance(raw, str) else str(raw)
    if not words.isascii() and "\ufffd" in words:
        raise BadRow("unreadable characters: is it another encoding?")
    if not words.isprintable():
        words = _CONTROL.sub("", words).strip()
    return None if len(words) <= _LONGEST_MISSING and words.lower() in MISSING else words


def several(raw: Any) -> list[str] | None:
    """Words with `|`, `;` or line ends between them."""
    return _parted(_BETWEEN, raw)


def several_names(raw: Any) -> list[str] | None:
    """Names with commas, `;` or `|` between them."""
    return _parted(_BETWEEN_NAMES, raw)


def _parted(between: re.Pattern[str], raw: Any) -> list[str] | None:
    words = raw if isinstance(raw, str) else text(raw)
    parts = (text(part) for part in between.split(words or ""))
    return [part for part in parts if part is not None] or None


def at_most(length: int) -> Parse:
    """Words that would mean something else if they were cut."""

    def limited(raw: Any) -> str | None:
        words = text(raw)
        if words is not None and len(words) > length:
            raise BadRow(Sentence("longer than {length} characters", length=length))
        return words

    return limited


def cut(length: int) -> Parse:
    """Words that mean the same without their end, if they are longer."""

    def shortened(raw: Any) -> str | None:
        words = text(raw)
        return words if words is None else words[:length].rstrip()

    return shortened


identifier = at_most(90)
"""What names a thing."""
order_number = at_most(60)


def decimal(raw: Any) -> Decimal | None:
    """A number as people write it: `1,234.50`, `1.234,50`, `¥12`, `-3`."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return Decimal(raw)
    words = text(raw)
    return None if words is None else _decimal(words)


@lru_cache(maxsize=65_536)
def _decimal(words: str) -> Decimal:
    found = _AMOUNT.search(words)
    if found is None or sum(character.isdigit() for character in words) != sum(c.isdigit() for c in found[0]):
        return _exact(words)
    digits = _SPACING.sub("", found[0])
    if words.startswith("(") and words.endswith(")"):
        digits = f"-{digits}"
    return _exact(_with_point(digits))


def whole(raw: Any) -> int | None:
    """A whole number."""
    number = decimal(raw)
    if number is None:
        return None
    if number != number.to_integral_value() or abs(number) > 2**31 - 1:
        raise BadRow(about(raw, "is not a whole number"))
    return int(number)


def real(raw: Any) -> float | None:
    """Any number."""
    number = decimal(raw)
    return None if number is None else float(number)


def percent(raw: Any) -> float | None:
    """A share that is taken off: `15`, `15 %`."""
    words = text(raw)
    number = decimal(words.rstrip("%％ ") if words is not None else None)
    if number is not None and not 0 <= number <= 100:
        raise BadRow(about(raw, "is no percentage from 0 to 100"))
    return None if number is None else float(number)


def tenths(raw: Any) -> float | None:
    """The share that is taken off where what is left to pay is written in tenths: `8.5`, `85`, `8.5折` are 15 %."""
    words = text(raw)
    number = decimal(words.rstrip("折 ") if words is not None else None)
    if number is None:
        return None
    left = number if number >= 10 else number * 10
    if not 0 < left <= 100:
        raise BadRow(about(raw, "is no 折扣 such as 8.5"))
    return float(100 - left)


def truth(raw: Any) -> bool | None:
    """Yes or no, in the ways people write it."""
    words = text(raw)
    if words is None:
        return None
    if words.lower() in _YES:
        return True
    if words.lower() in _NO:
        return False
    raise BadRow(about(raw, "is neither yes nor no"))


def zone_name(raw: Any) -> str | None:
    """An IANA time zone."""
    words = text(raw)
    if words is None:
        return None
    try:
        return ZoneInfo(words).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRow(about(raw, "is no time zone such as Asia/Shanghai")) from None


def language(raw: Any) -> str | None:
    """zh or en, from the beginning of a language tag or its name."""
    words = text(raw)
    if words is None:
        return None
    lower = words.lower()
    if lower.startswith(("zh", "cn", "chinese", "中", "汉")):
        return "zh"
    return "en"


def minor(amount: Decimal, currency: str, field: str = "") -> int:
    """An amount in minor units of a currency.

    Raises:
        BadRow: it is more than any shop has; it speaks of `field`.
    """
    found = (amount * Decimal(10) ** decimals(currency)).to_integral_value(ROUND_HALF_EVEN)
    if abs(found) > LARGEST_AMOUNT:
        raise BadRow(about(amount, "is too large"), field)
    return int(found)


def currency(raw: Any) -> str | None:
    """The three letters of a currency."""
    words = text(raw)
    if words is None:
        return None
    if not is_currency(words.upper()):
        raise BadRow(about(raw, "is no currency; it has three letters, such as CNY or EUR"))
    return words.upper()


def moment_in(options: Options, *, ahead: bool = False) -> Parse:
    """A moment, UTC; one that names no zone is of the options' zone.

    Args:
        ahead: it may lie in the future.
    """
    latest = None if ahead else options.now

    @lru_cache(maxsize=65_536)
    def parsed(words: str) -> datetime:
        return _checked(_localised(_read_moment(words, options.date_format), options), words, latest)

    def moment(raw: Any) -> datetime | None:
        if isinstance(raw, datetime):
            return _checked(_localised(raw, options), raw, latest)
        if isinstance(raw, date):
            midnight = datetime(raw.year, raw.month, raw.day)  # noqa: DTZ001 - of the options' zone
            return _checked(_localised(midnight, options), raw, latest)
        words = text(raw)
        return None if words is None else parsed(words)

    return moment


def end_in(options: Options) -> Parse:
    """The moment at which something ends, which may lie in the future: of a day alone, its last."""
    moment = moment_in(options, ahead=True)

    def end(raw: Any) -> datetime | None:
        at: datetime | None = moment(raw)
        day_alone = ":" not in raw if isinstance(raw, str) else not isinstance(raw, datetime)
        local = None if at is None else at.astimezone(options.zone)
        if local is None or not day_alone or local.time() != time.min:
            return at
        # The next midnight of this place, however long the day is.
        return (local.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=options.zone).astimezone(UTC)

    return end


def birthday_in(options: Options) -> Parse:
    """A birthday as `intake.people.birthday_of` keeps it: in the forms of other days, with or without its year."""

    def birthday(raw: Any) -> str | None:
        if isinstance(raw, date):
            return f"{raw:%Y-%m-%d}"
        words = text(raw)
        return None if words is None else _read_birthday(words, options.date_format)

    return birthday


def _read_birthday(words: str, date_format: str | None) -> str:
    if date_format is not None:
        for form in (date_format, date_format.split()[0]):
            if _fits(words, form):
                return f"{datetime.strptime(words, form):%Y-%m-%d}"  # noqa: DTZ007 - a day
    found = _DAY.fullmatch(words)
    if found is None:
        raise BadRow(about(words, "is no birthday; write it as 1990-05-17, or as 05-17 without the year"))
    *year, month, day = filter(None, found.groups())
    try:
        return birthday_of("-".join([*year, month.zfill(2), day.zfill(2)]))
    except ValueError as error:
        raise BadRow(about(words, str(error))) from None


def is_moment(words: str, options: Options) -> bool:
    """Whether words are a time as `moment_in` reads it."""
    try:
        _read_moment(words, options.date_format)
    except BadRow:
        return False
    return True


GUESSED_FORMATS = tuple(
    f"{day}{time}"
    for day in (
        "%m/%d/%Y",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%m/%d/%y",
        "%d/%m/%y",
        "%d %b %Y",
        "%b %d, %Y",
    )
    for time in (" %H:%M", " %H:%M:%S", "", " %I:%M %p", " %I:%M:%S %p")
)
"""Of times that several countries write in different orders: one has to say which is meant."""


def fitting_formats(words: Sequence[str]) -> list[str]:
    """Those of the guessed formats that read all of some times."""
    return [form for form in GUESSED_FORMATS if all(_fits(one, form) for one in words)]


def _fits(words: str, form: str) -> bool:
    try:
        datetime.strptime(words, form)  # noqa: DTZ007 - only looked at
    except ValueError:
        return False
    return True


def _read_moment(words: str, date_format: str | None) -> datetime:
    if date_format is not None:
        try:
            return datetime.strptime(words, date_format)  # noqa: DTZ007 - the zone is put on afterwards
        except ValueError:
            raise BadRow(
                about(words, Sentence("is not a time of the form {form}", form=date_format))
            ) from None
    if words.isdecimal() and len(words) in _EPOCH_UNITS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(words) / _EPOCH_UNITS[len(words)])
    try:
        return datetime.fromisoformat(words)
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.strptime(words, form)  # noqa: DTZ007 - the zone is put on afterwards
        except ValueError:
            continue
    raise BadRow(about(words, "is not a time; say how times are written with --date-format"))


def _localised(moment: datetime, options: Options) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=options.zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise BadRow("the time is out of range") from None


def _checked(moment: datetime, raw: Any, latest: datetime | None) -> datetime:
    if moment < _EARLIEST:
        raise BadRow(about(raw, "is too long ago to be true"))
    if latest is not None and moment > latest:
        raise BadRow(about(raw, "lies in the future"))
    return moment


def _with_point(digits: str) -> str:
    """The decimal sign as a point, and no other signs between digits."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
        return digits.replace(thousands, "").replace(",", ".")
    if comma >= 0 and not _THOUSANDS.fullmatch(digits.lstrip("+-")):
        return digits.replace(",", ".")
    return digits.replace(",", "")


def _exact(digits: str) -> Decimal:
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise BadRow(about(digits, "is not a number")) from None
    if not number.is_finite():
        raise BadRow(about(digits, "is not a number"))
    return number
