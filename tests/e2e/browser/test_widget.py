"""The chat as a shop dresses it: what it asks at first, its colour, its mark, and whoever leaves before an answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.browser.conftest import ANSWERS, OpenPage, Site, greeted
from tests.e2e.program import Program

pytestmark = pytest.mark.timeout(300)

SETTINGS = {
    "LIUKE_DEMO": "false",
    "LIUKE_CHAT_COLOR": "#FFD400",
    "LIUKE_CHAT_LOGO": "logo.png",
    "LIUKE_BOT_NAME_EN": "Ada",
    "LIUKE_BOT_NAME_ZH": "阿达",
}
FILL, INK = "rgb(255, 212, 0)", "rgb(0, 0, 0)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A program of their own: these tests need no demo shop, which takes long to be made and fitted."""
    home = tmp_path_factory.mktemp("widget") / "home"
    (home / "media").mkdir(parents=True)
    Image.new("RGB", (32, 32), "red").save(home / "media" / "logo.png")
    running = Site(Program(home, more=SETTINGS))
    try:
        running.start()
        yield running
    finally:
        running.kill()
    assert "Traceback" not in running.program.log


@pytest.mark.parametrize(
    ("language", "hello", "first", "wish"),
    [
        ("en", "Hi, this is Liuke Demo Shop.", "Where is my order?", "How do returns work?"),
        ("zh", "您好，这里是留客演示店。", "我的订单到哪了？", "退货有什么规定？"),
    ],
)
def test_a_visitor_is_greeted_once_with_questions_that_are_sent_as_if_typed(
    site: Site, open_page: OpenPage, language: str, hello: str, first: str, wish: str
) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang={language}", width=390, height=844))
    expect(page.locator(ANSWERS)).to_contain_text(hello)
    questions = page.locator("#questions button")
    expect(questions).to_have_count(3)
    expect(questions.first).to_have_text(first)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(box["height"] >= 44 for one in questions.all() if (box := one.bounding_box()))
    page.get_by_role("button", name=wish).click()
    expect(page.locator("#questions")).to_be_hidden()
    expect(page.locator(ANSWERS)).to_have_count(2)
    expect(page.locator(".mine .bubble")).to_have_text([wish])
    page.reload()
    expect(page.locator(ANSWERS)).to_have_count(2)
    expect(page.locator(ANSWERS).first).to_contain_text(hello)
    expect(page.locator("#questions")).to_be_hidden()


def _reach(page: Page, name: str) -> None:
    """Press Tab until something has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == name:
            return
    raise AssertionError(f"the keyboard doesn't reach {name!r}")


def test_the_questions_are_for_the_keyboard_and_the_ear_as_well(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    group = page.get_by_role("group", name="You may ask")
    expect(group).to_have_attribute("aria-live", "polite")
    expect(group.get_by_role("button")).to_have_count(3)
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()
    _reach(page, "Help me choose")
    page.keyboard.press("Enter")
    expect(page.locator(".mine .bubble")).to_have_text(["Help me choose"])
    expect(page.locator(ANSWERS)).to_have_count(2)
    expect(page.locator("#log")).to_be_focused()


def test_the_questions_follow_the_language(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    page.locator("#language").click()
    expect(page.locator("#questions button").first).to_have_text("我的订单到哪了？")
    page.locator("#questions button").first.click()
    expect(page.locator("#questions")).to_be_hidden()


def shop_page(site: Site, folder: Path, name: str = "index", language: str = "en") -> None:
    """A page of the shop's with the chat's line on it."""
    script = f'<script src="{site.address}/widget.js" data-lang="{language}" async></script>'
    (folder / f"{name}.html").write_text(
        f"<!doctype html><html><head><title>Tea</title>{script}</head><body>Tea</body></html>"
    )


def launcher(page: Page) -> Locator:
    return page.locator("button")


def opened(page: Page) -> FrameLocator:
    launcher(page).click()
    return page.frame_locator("iframe")


def colours(of: Locator) -> tuple[str, str]:
    """What something is painted with, and what is written on it."""
    found = of.evaluate("one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]")
    return found[0], found[1]


def test_the_shops_colour_logo_and_name_are_on_chat_and_button(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    shop_page(site, shop_folder)
    page = open_page(f"{shop_site}/index.html", width=390, height=844)
    expect(launcher(page).locator("img")).to_have_js_property("naturalWidth", 32)
    assert colours(launcher(page)) == (FILL, INK)
    chat = opened(page)
    expect(chat.locator("#mark img")).to_have_js_property("naturalWidth", 32)
    expect(chat.locator(".name").first).to_have_text("Ada")
    assert colours(chat.locator("#send")) == (FILL, INK)
    chat.locator("#questions button").first.click()
    expect(chat.locator(".mine.waiting")).to_have_count(0)
    assert colours(chat.locator(".mine .bubble")) == (FILL, INK)
    expect(launcher(page)).to_have_text("×")
    launcher(page).click()
    expect(launcher(page).locator("img")).to_be_visible()


def test_words_in_the_colour_are_darkened_by_day_and_not_by_night(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=zh"))
    expect(page.locator(".name").first).to_have_text("阿达")
    person = page.get_by_role("button", name="转人工")
    expect(person).not_to_have_css("color", FILL)
    page.emulate_media(color_scheme="dark")
    expect(person).to_have_css("color", FILL)
    expect(page.locator("#send")).to_have_css("color", INK)


def test_a_logo_that_is_not_there_leaves_the_chats_own_mark(site: Site, open_page: OpenPage) -> None:
    page = open_page(f"{site.address}/healthz")
    page.route("**/media/logo.png", lambda route: route.abort())
    page.goto(f"{site.address}/chat?lang=en")
    greeted(page)
    expect(page.locator("#mark")).to_have_text("留")
