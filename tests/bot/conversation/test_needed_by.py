"""By which day and where to something is needed: what the shop's pages say of it, and nothing promised."""

from __future__ import annotations

import pytest

from nlu.products.places import named, region, sent_to
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

_PAGE = "Standard delivery takes 2–4 days, and 5–7 days to Xinjiang and Tibet."
_PAGE_ZH = "普通快递 2–4 天送达，新疆、西藏 5–7 天。"


def _looks(day: tuple[str, str] | None) -> Meaning:
    return Meaning(intents=(("recommend_request", 0.9),), wishes=(("recommend_request", ""),), day=day)


@pytest.fixture
def paged(chat: Chat) -> Chat:
    chat.language = "en"
    chat.pages.passages = {"How long does delivery take?": _PAGE, "多久能送到": _PAGE_ZH}
    return chat


@pytest.mark.parametrize(
    ("day", "where", "verdict"),
    [
        ("2026-11-26", "Hangzhou", "it can't be there by standard delivery"),
        ("2026-11-28", "Hangzhou", "I can't promise"),
        ("2026-12-10", "Hangzhou", "That is before"),
        ("2026-11-29", "Urumqi", "it can't be there by standard delivery"),
        ("2026-12-02", "Urumqi", "I can't promise"),
    ],
)
async def test_a_day_is_compared_with_what_the_page_says(
    paged: Chat, day: str, where: str, verdict: str
) -> None:
    await paged.says(f"a tea for my mum by then in {where}", _looks(("then", day)))
    assert verdict in said(paged.last)
    assert _PAGE in said(paged.last)


async def test_in_chinese_the_place_stands_before_its_days(paged: Chat) -> None:
    paged.language = "zh"
    await paged.says("给妈妈 买 茶 ，周日前 送到 乌鲁木齐", _looks(("周日", "2026-11-29")))
    assert "前到不了" in said(paged.last)
    assert _PAGE_ZH in said(paged.last)


async def test_without_a_stated_time_nothing_is_said_to_be_in_time(chat: Chat) -> None:
    chat.language = "en"
    await chat.says("a tea for my mum by then", _looks(("then", "2026-12-20")))
    assert "states no delivery time" in said(chat.last)


async def test_another_day_is_judged_anew(paged: Chat) -> None:
    await paged.says("a tea for my mum by then in Hangzhou", _looks(("then", "2026-11-26")))
    asks = Meaning(
        intents=(("delivery_time", 0.9),), wishes=(("delivery_time", ""),), day=("later", "2026-12-20")
    )
    await paged.says("and if it is later", asks)
    assert "That is before" in said(paged.last)


def test_a_city_is_of_its_region() -> None:
    assert region("delivered to Urumqi please") == region("寄到新疆") == "xinjiang"
    assert region("寄到杭州") == "zhejiang"
    assert named("a tea for mum") == ""


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a tea for mum in Hangzhou", "Hangzhou"),
        ("寄到新疆乌鲁木齐", "新疆乌鲁木齐"),
        ("大理石花纹的杯子", ""),
        ("云南普洱茶", ""),
        ("能买到云南普洱吗", ""),
        ("想送云南普洱给妈妈", ""),
        ("Sichuan pepper sauce", ""),
        ("a cup made in Fujian", ""),
    ],
)
def test_where_goods_are_from_is_not_where_they_are_sent(text: str, place: str) -> None:
    assert sent_to(text) == place
