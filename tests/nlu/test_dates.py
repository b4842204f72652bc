"""Dates that messages name, in both languages."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.entities import ProductIndex, dates_en, feasts, recognise
from nlu.normalise import normalise
from nlu.types import EntityKind

WEDNESDAY = date(2026, 11, 25)


def found(message: str) -> list[str]:
    entities = recognise(message, normalise(message), WEDNESDAY, ProductIndex(()))
    return [entity.value for entity in entities if entity.kind is EntityKind.DATE]


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("后天能到吗", "2026-11-27"),
        ("大后天呢", "2026-11-28"),
        ("下周五之前要", "2026-12-04"),
        ("周六送可以吗", "2026-11-28"),
        ("上周三买的", "2026-11-18"),
        ("12月3号", "2026-12-03"),
        ("十一月二十八日", "2026-11-28"),
        ("2026-12-01发货", "2026-12-01"),
        ("3天前下的单", "2026-11-22"),
        ("两周后", "2026-12-09"),
        ("will it come by next Friday", "2026-12-04"),
        ("can you deliver on Saturday?", "2026-11-28"),
        ("tomorrow please", "2026-11-26"),
        ("the day after tomorrow", "2026-11-27"),
        ("in 3 days", "2026-11-28"),
        ("I bought it two weeks ago", "2026-11-11"),
        ("before December 24th", "2026-12-24"),
        ("before 24 Dec", "2026-12-24"),
        ("need it by the 28th", "2026-11-28"),
        ("圣诞节前", "2026-12-25"),
        ("on the 3rd of March", "2027-03-03"),
        ("December 5th 2025", "2025-12-05"),
        ("ordered on 5 Dec, 2025", "2025-12-05"),
        ("the 5th of next month", "2026-12-05"),
        ("this weekend please", "2026-11-28"),
        ("next weekend", "2026-12-05"),
        ("before the weekend", "2026-11-28"),
        ("这个周末送", "2026-11-28"),
        ("下周末", "2026-12-05"),
        ("next month", "2026-12-01"),
        ("下个月再付", "2026-12-01"),
        ("上个月买的", "2026-10-01"),
        ("上个月15号买的", "2026-10-15"),
        ("月底前", "2026-11-30"),
        ("下个月底", "2026-12-31"),
        ("12月底", "2026-12-31"),
        ("年底", "2026-12-31"),
        ("马上月底了", "2026-11-30"),
        ("by the end of the month", "2026-11-30"),
        ("at the end of March", "2027-03-31"),
        ("in eight days", "2026-12-03"),
        ("in a fortnight", "2026-12-09"),
        ("a couple of weeks ago", "2026-11-11"),
        ("within 3 days", "2026-11-28"),
        ("三天内发货", "2026-11-28"),
        ("two days later", "2026-11-27"),
        ("前两天买的", "2026-11-23"),
        ("过两天再说", "2026-11-27"),
        ("半个月前", "2026-11-10"),
        ("3个月前", "2026-08-25"),
        ("春节前能到吗", "2027-02-06"),
        ("除夕", "2027-02-05"),
        ("中秋买的", "2026-09-25"),
        ("明年中秋", "2027-09-15"),
        ("去年双十一", "2025-11-11"),
        ("去年12月3号", "2025-12-03"),
        ("last Christmas", "2025-12-25"),
        ("on Black Friday", "2026-11-27"),
        ("十五号发", "2026-12-15"),
    ],
)
def test_dates(message: str, value: str) -> None:
    assert found(message) == [value]


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("12/3发货", "2026-12-03"),
        ("12-03发货", "2026-12-03"),
        ("3/12的订单", "2027-03-12"),
        ("25/12/2026", "2026-12-25"),
        ("12/25/2026", "2026-12-25"),
        ("by 12/3 please", "2026-12-03"),
        ("by 3/12 please", "2026-12-03"),
    ],
)
def test_a_date_in_figures_is_read_as_its_language_writes_it(message: str, value: str) -> None:
    assert found(message) == [value]


@pytest.mark.parametrize(
    "message",
    [
        "2月31号",
        "are you open 24/7",
        "1/2 price",
        "10-12天能到吗",
        "it takes 03-05 days",
        "My order hasn't moved in nine days",
        "等一天了",
        "错过年中大促",
        "三十五一罐",
        "我上礼拜四十五买的",
        "五号电池",
    ],
)
def test_what_is_no_date(message: str) -> None:
    assert found(message) == []


@pytest.mark.parametrize(
    ("name", "year", "day"),
    [
        ("春节", 2024, date(2024, 2, 10)),
        ("春节", 2035, date(2035, 2, 8)),
        ("中秋", 2028, date(2028, 10, 3)),
        ("端午", 2030, date(2030, 6, 5)),
        ("除夕", 2026, date(2026, 2, 16)),
        ("元宵节", 2026, date(2026, 3, 3)),
        ("black friday", 2024, date(2024, 11, 29)),
        ("春节", 2050, None),
    ],
)
def test_feasts(name: str, year: int, day: date | None) -> None:
    assert feasts.day_of(name, year) == day


@given(st.from_regex(dates_en._PATTERN, fullmatch=True))
@settings(max_examples=400)
def test_no_english_date_is_passed_over_for_want_of_a_piece(written: str) -> None:
    assert dates_en.may_hold_a_date(written)
