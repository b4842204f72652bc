"""The chat as a shop dresses it: what it asks at first, its colour, its mark, and whoever leaves before an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import ANSWERS, OpenPage, Site, greeted
from tests.e2e.program import Program

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A program of their own: these tests need no demo shop, which takes long to be made and fitted."""
    running = Site(Program(tmp_path_factory.mktemp("widget") / "home", more={"LIUKE_DEMO": "false"}))
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
