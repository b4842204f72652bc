"""Where something is to go: the entry, and the sentence of it, that speaks of that place; later questions keep it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nlu.pages import MarkdownPages, PagesModel, Section
from nlu.types import Language
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_with_the_model import real_model

PAGES: dict[Language, tuple[tuple[str, str, str], ...]] = {
    "en": (
        ("sending", "What does sending cost in Norway, and how long does it take?",
         "Within Norway sending costs 69 kr and takes 2 days, free from 900 kr."),
        ("sending", "Do you send to Scotland, the other Nordic countries and Canada?",
         "Scotland 210 kr, 5–6 days; other countries of Scandinavia 120 kr, 3–4 days. Canada 390 kr, 12 days."),
        ("shop", "Where is your shop?", "Quay 4 in Bergen, open Monday to Friday."),
        ("care", "How do I wash the wool?", "By hand, in cold water."),
    ),
    "zh": (
        ("sending", "挪威境内运费多少？几天到？", "挪威境内 69 克朗，2 天送到，满 900 克朗包邮。"),
        ("sending", "寄苏格兰、北欧其他国家和加拿大吗？",
         "苏格兰 210 克朗，5–6 天；北欧其他国家 120 克朗，3–4 天；加拿大 390 克朗，12 天。"),
        ("shop", "门店在哪里？", "卑尔根 4 号码头，周一至周五营业。"),
        ("care", "羊毛怎么洗？", "冷水手洗。"),
    ),
}  # fmt: skip


@pytest.fixture
def yarn(new_chat: Callable[..., Chat]) -> Chat:
    """A stranger in front of a shop for yarn."""
    understander, _ = real_model()
    model = PagesModel.of(understander.folder, understander.encoder)
    sections = [
        Section(page=page, title=title, text=text, language=language)
        for language, entries in PAGES.items()
        for page, title, text in entries
    ]
    return new_chat(understander=understander, pages=MarkdownPages(sections, model))


@pytest.mark.parametrize(
    ("text", "has", "lacks"),
    [
        ("how much is sending to Glasgow?", "210", ("69", "390")),
        ("what does sending to Stockholm cost?", "120", ("69", "390")),
        ("what does sending cost to Oslo?", "69", ("210",)),
        ("寄到格拉斯哥运费多少？", "210", ("69", "390")),
        ("寄斯德哥尔摩要多少运费", "120", ("69", "390")),
        ("寄多伦多运费多少", "390", ("69", "210")),
    ],
)
async def test_a_city_hears_what_the_page_says_of_its_country(
    yarn: Chat, text: str, has: str, lacks: tuple[str, ...]
) -> None:
    told = said(await yarn.says(text))
    assert has in told
    assert not [one for one in lacks if one in told]


@pytest.mark.parametrize(
    ("first", "then"),
    [("do you send to Glasgow?", "and how long does it take?"), ("能寄苏格兰吗", "那要几天")],
)
async def test_the_place_holds_for_what_is_asked_on(yarn: Chat, first: str, then: str) -> None:
    await yarn.says(first)
    told = said(await yarn.says(then))
    assert "5–6" in told
    assert "2 " not in told


@pytest.mark.parametrize(
    ("text", "has"), [("how do I wash the wool in Glasgow?", "cold"), ("羊毛怎么洗？", "冷水")]
)
async def test_what_speaks_of_no_place_holds_everywhere(yarn: Chat, text: str, has: str) -> None:
    assert has in said(await yarn.says(text))


async def test_no_sentence_ends_or_begins_within_another(yarn: Chat) -> None:
    told = said(await yarn.says("寄到格拉斯哥运费多少？"))
    assert "；" not in told
    assert told.endswith("。")
