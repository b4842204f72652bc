"""Dates that messages name, in both languages."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.entities import ProductIndex, dates, dates_en, recognise
from nlu.entities.calendar import holiday_in
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
        ("20号买的", "2026-11-20"),
        ("我是15号下单的", "2026-11-15"),
        ("15号下的单还没发货", "2026-11-15"),
        ("我26号付的款", "2026-10-26"),
        ("25号收到的", "2026-11-25"),
        ("20号到货了", "2026-11-20"),
        ("下单时间是20号", "2026-11-20"),
        ("20号下单到现在还没到", "2026-11-20"),
        ("5月3号买的", "2026-05-03"),
        ("I ordered on the 20th", "2026-11-20"),
        ("I placed it on the 15th and it still isn't here", "2026-11-15"),
        ("on the 20th I bought a lamp", "2026-11-20"),
        ("it arrived on the 30th", "2026-10-30"),
        ("nothing since the 3rd", "2026-11-03"),
        ("20号能到吗", "2026-12-20"),
        ("1号之前要", "2026-12-01"),
        ("28号买有优惠吗", "2026-11-28"),
        ("20号买的话有优惠吗", "2026-12-20"),
        ("28号能收到吗", "2026-11-28"),
        ("28号到货了告诉我", "2026-11-28"),
        ("我买的那个20号能到吗", "2026-12-20"),
        ("by the 20th", "2026-12-20"),
        ("I need what I ordered by the 20th", "2026-12-20"),
        ("can the lamp I bought come on the 20th?", "2026-12-20"),
        ("I get paid on the 20th", "2026-12-20"),
    ],
)
def test_a_day_of_the_month_is_past_when_something_was_bought_on_it(message: str, value: str) -> None:
    assert found(message) == [value]


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("上上周五买的", "2026-11-13"),
        ("上上个星期五", "2026-11-13"),
        ("上上个星期买的", "2026-11-09"),
        ("上上个月", "2026-09-01"),
        ("上周五", "2026-11-20"),
        ("下下周三", "2026-12-09"),
        ("每周五", "2026-11-27"),
        ("11.28周六", "2026-11-28"),
        ("周三次日达", "2026-11-25"),
        ("半年前买的", "2026-05-25"),
        ("一年前买的", "2025-11-25"),
        ("一年半前", "2025-05-25"),
        ("12月份", "2026-12-01"),
        ("5月份买的", "2026-05-01"),
        ("a year ago", "2025-11-25"),
        ("half a year ago", "2026-05-25"),
        ("couple of days ago", "2026-11-23"),
        ("2days ago", "2026-11-23"),
        ("母亲节", "2027-05-09"),
        ("父亲节前", "2026-06-21"),
        ("去年母亲节", "2025-05-11"),
        ("Mother's Day", "2027-05-09"),
        ("before Mother’s Day", "2027-05-09"),
        ("last Father's Day", "2026-06-21"),
        ("3-Dec", "2026-12-03"),
        ("Dec-03-2026", "2026-12-03"),
        ("may 3 please", "2027-05-03"),
        ("on 2 May", "2027-05-02"),
        ("the 2nd please", "2026-12-02"),
        ("618买的", "2026-06-18"),
        ("我大学3号开学", "2026-12-03"),
        ("还在路上 5号能到吗", "2026-12-05"),
        ("5号球赛前", "2026-12-05"),
    ],
)
def test_dates_that_were_misread(message: str, value: str) -> None:
    assert found(message) == [value]


@pytest.mark.parametrize(
    ("message", "values"),
    [
        ("from Monday to Wednesday", ["2026-11-30", "2026-12-02"]),
        ("Monday till Wednesday", ["2026-11-30", "2026-12-02"]),
        ("next Monday to Friday", ["2026-11-30", "2026-12-04"]),
        ("tomorrow until next Friday", ["2026-11-26", "2026-12-04"]),
        ("Monday, not Wednesday", ["2026-11-30", "2026-11-25"]),
        ("周一到周五", ["2026-11-30", "2026-12-04"]),
        ("周一周三都行", ["2026-11-30", "2026-11-25"]),
        ("明后天能到吗", ["2026-11-26", "2026-11-27"]),
        ("明后两天都在", ["2026-11-26", "2026-11-27"]),
    ],
)
def test_two_days(message: str, values: list[str]) -> None:
    assert found(message) == values


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
        ("03.12.2026", "2026-12-03"),
        ("12.25.2026", "2026-12-25"),
        ("12.25之前能到吗", "2026-12-25"),
        ("11.20下的单", "2026-11-20"),
        ("10/10下单", "2026-10-10"),
        ("on 10/10", "2026-10-10"),
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
        "7号电池有吗",
        "5号色有货吗",
        "3号球",
        "大1号的有吗",
        "一周三次",
        "两周一次",
        "两个星期一次",
        "2周一次",
        "一周五天",
        "¥618能便宜吗",
        "$618",
        "618元",
        "only 618 dollars",
        "花了12.25买的",
        "版本12.1之前",
        "11.5号鞋",
        "5号的电池",
        "the 20th anniversary",
        "12.25",
        "9.9包邮",
        "10.0.12.2026",
        "20年前",
        "二〇二四年前",
        "去年买的",
        "this is the 3rd time I've asked",
        "the 2nd one is broken",
        "the 2nd item",
        "the 2nd order",
        "the 3rd pair",
        "10/10 would buy again",
        "5/5",
        "2/5 items arrived",
        "at least 2 may be broken",
        "I'll march 10 miles",
        "may 3 people share",
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
        ("春节", 2050, date(2050, 1, 23)),
        ("春节", 2101, None),
    ],
)
def test_holidays(name: str, year: int, day: date | None) -> None:
    assert holiday_in(name, year) == day


LUNAR_DAYS = {
    "春节": "0122 0210 0129 0217 0206 0126 0213 0203 0123 0211 0131 0219 0208 0128",
    "端午": "0622 0610 0531 0619 0609 0528 0616 0605 0624 0612 0601 0620 0610 0530",
    "七夕": "0822 0810 0829 0819 0808 0826 0816 0805 0824 0812 0801 0820 0810 0828",
    "中秋": "0929 0917 1006 0925 0915 1003 0922 0912 1001 0919 0908 0927 0916 1004",
    "重阳节": "1023 1011 1029 1018 1008 1026 1016 1005 1024 1012 1001 1020 1009 1027",
}
"""Month and day in the years from 2023 on, compared with other sources once."""


@pytest.mark.parametrize("name", LUNAR_DAYS)
def test_lunar_holidays_fall_on_the_days_they_are_known_to(name: str) -> None:
    for year, day in enumerate(LUNAR_DAYS[name].split(), start=2023):
        assert holiday_in(name, year) == date(year, int(day[:2]), int(day[2:]))


@given(st.from_regex(dates_en._PATTERN, fullmatch=True))
@settings(max_examples=400)
def test_no_english_date_is_passed_over_for_want_of_a_piece(written: str) -> None:
    assert dates_en.may_hold_a_date(written)


@pytest.mark.parametrize(
    "piece",
    [
        "上",
        "1",
        "12.25.",
        "一",
        "周一到",
        "上上周五到",
        "20号",
        "半年",
        "on the 2nd ",
        "ordered the ",
        "Monday to ",
        "3-",
    ],
)
def test_dates_of_a_text_made_to_be_slow_take_bounded_time(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    began = time.thread_time()
    list(dates.dates(text + "A day ago", WEDNESDAY))
    assert time.thread_time() - began < 1.0
