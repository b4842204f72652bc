"""The chat as a shop dresses it: what it asks at first, its colour, its mark, and whoever leaves before an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Frame, FrameLocator, Locator, Page, expect
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from storage.escalations import Escalation, Escalations
from storage.staff import Staff
from tests.e2e.browser.conftest import ANSWERS, OpenPage, Site, greeted
from tests.e2e.browser.test_staff import sign_in
from tests.e2e.browser.waiting_room import WaitingRoom
from tests.e2e.program import Program, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

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
    assert "example.com" not in running.program.log


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
    kept = rows(
        site.program.home, "SELECT kind, text FROM message WHERE direction = 'in' ORDER BY id DESC LIMIT 1"
    )
    assert kept == [("text", wish)]
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


def test_a_logo_that_is_not_there_leaves_the_first_letter_of_the_shop(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(f"{site.address}/healthz")
    page.route("**/media/logo.png", lambda route: route.abort())
    page.goto(f"{site.address}/chat?lang=en")
    greeted(page)
    expect(page.locator("#mark")).to_have_text("L")


class Colleague:
    """Somebody who answers, straight in the running program's database."""

    def __init__(self, site: Site) -> None:
        self._room = WaitingRoom(site)
        site.staff("ann", "--name", "Ann")

    def case(self, case_id: int | None = None) -> Escalation:
        """A case; without its number the open one that was opened last."""
        if case_id is None:
            return self._room.write(_latest)
        return self._room.write(lambda connection: Escalations(connection).get(case_id))

    def answers(self, *texts: str) -> None:
        """Write to whoever asked for a person last."""

        async def work(connection: AsyncConnection) -> None:
            case, now = await _latest(connection), datetime.now(UTC)
            (ann,) = [one for one in await Staff(connection).all() if one.login == "ann"]
            for text in texts:
                await ownership.answer(connection, case.id, ann.id, ann.name, text, now)

        self._room.write(work)


async def _latest(connection: AsyncConnection) -> Escalation:
    return max(await Escalations(connection).find(), key=lambda case: case.id)


@pytest.fixture(scope="module")
def ann(site: Site) -> Colleague:
    return Colleague(site)


def asks_for_a_person(chat: FrameLocator | Page) -> None:
    expect(chat.locator(ANSWERS)).to_have_count(1)
    chat.locator("#text").fill("I want to talk to a human, please")
    chat.locator("#send").click()
    expect(chat.locator(ANSWERS)).to_have_count(2)


def says_more(page: Page) -> None:
    """Once it is kept, all that the server says at the beginning has come."""
    page.locator("#text").fill("and one thing more")
    page.locator("#send").click()
    expect(page.locator(".mine:not(.waiting) .bubble").last).to_have_text("and one thing more")


def hide(page: Page, hidden: bool) -> None:
    """As when another tab is looked at: a browser without a screen shows all of them."""
    frames: list[Frame] = page.frames
    for frame in frames:
        frame.evaluate(
            "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
            " document.dispatchEvent(new Event('visibilitychange')); }",
            hidden,
        )


@pytest.mark.parametrize(
    ("language", "label", "one", "more"),
    [
        ("en", "Chat with us", "Chat with us, 1 unread message", "Chat with us, 11 unread messages"),
        ("zh", "联系客服", "联系客服，1 条未读消息", "联系客服，11 条未读消息"),
    ],
)
def test_what_came_while_the_chat_was_closed_is_marked_until_it_is_opened(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str, ann: Colleague,
    language: str, label: str, one: str, more: str,
) -> None:  # fmt: skip
    for name in ("index", "other"):
        shop_page(site, shop_folder, name, language)
    page = open_page(f"{shop_site}/index.html", width=390, height=844)
    asks_for_a_person(opened(page))
    launcher(page).click()
    ann.answers("I am here.")
    expect(launcher(page)).to_have_accessible_name(one)
    expect(page.get_by_role("status")).to_contain_text("1")
    page.goto(f"{shop_site}/other.html")
    expect(launcher(page)).to_have_accessible_name(one)
    ann.answers(*(f"number {number}" for number in range(10)))
    expect(launcher(page)).to_have_accessible_name(more)
    expect(page.get_by_role("status")).to_contain_text("9+")
    expect(opened(page).locator(ANSWERS)).to_have_count(13)
    expect(launcher(page)).to_have_accessible_name(label)
    launcher(page).click()
    expect(launcher(page)).to_have_accessible_name(label)
    expect(page.get_by_role("status")).to_have_text("")
    ann.answers("And once more.")
    expect(launcher(page)).to_have_accessible_name(one)


def test_it_is_opened_and_counted_while_the_logo_is_still_on_its_way(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str, ann: Colleague
) -> None:
    shop_page(site, shop_folder)
    page = open_page(f"{shop_site}/index.html")
    asks_for_a_person(opened(page))
    launcher(page).click()
    page.route("**/media/logo.png", lambda _: None)
    # Not fully loaded for as long as the logo is not there.
    page.goto(f"{shop_site}/index.html", wait_until="commit")
    ann.answers("I am here.")
    expect(launcher(page)).to_have_accessible_name("Chat with us, 1 unread message")
    expect(opened(page).locator(ANSWERS)).to_have_count(3)
    launcher(page).click()
    expect(launcher(page)).to_have_accessible_name("Chat with us")
    ann.answers("And this is new.")
    expect(launcher(page)).to_have_accessible_name("Chat with us, 1 unread message")
    page.unroute_all()


def test_what_was_seen_is_not_marked_on_the_next_page(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str, ann: Colleague
) -> None:
    shop_page(site, shop_folder)
    page = open_page(f"{shop_site}/index.html")
    chat = opened(page)
    asks_for_a_person(chat)
    ann.answers("Seen at once.")
    expect(chat.locator(ANSWERS)).to_have_count(3)
    page.reload()
    expect(page.frame_locator("iframe").locator(ANSWERS)).to_have_count(3)
    expect(launcher(page)).to_have_accessible_name("Chat with us")
    ann.answers("And this is new.")
    expect(launcher(page)).to_have_accessible_name("Chat with us, 1 unread message")


def test_nobody_is_connected_before_they_have_opened_the_chat(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    shop_page(site, shop_folder)
    page = open_page(f"{shop_site}/index.html")
    expect(launcher(page)).to_have_accessible_name("Chat with us")
    page.reload()
    expect(launcher(page)).to_be_visible()
    assert [frame.url for frame in page.frames[1:]] == ["about:blank"]


def test_a_hidden_tab_says_in_its_title_that_something_has_come(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str, ann: Colleague
) -> None:
    shop_page(site, shop_folder)
    page = open_page(f"{shop_site}/index.html")
    asks_for_a_person(opened(page))
    hide(page, True)
    ann.answers("Are you still there?")
    expect(page).to_have_title("(1) Tea")
    hide(page, False)
    expect(page).to_have_title("Tea")
    hide(page, True)
    ann.answers("Hello?")
    expect(page).to_have_title("(1) Tea")
    # The shop's page may go on changing its title.
    page.evaluate("document.title = 'Coffee'")
    hide(page, False)
    expect(page).to_have_title("Coffee")


def test_the_chats_own_page_says_so_as_well(site: Site, open_page: OpenPage, ann: Colleague) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    asks_for_a_person(page)
    hide(page, True)
    ann.answers("one", "two")
    expect(page).to_have_title("(2) Liuke Demo Shop")
    hide(page, False)
    expect(page).to_have_title("Liuke Demo Shop")


@pytest.mark.parametrize(
    ("language", "wish", "label", "keep", "wrong", "noted", "change"),
    [
        ("en", "I want to talk to a human, please", "Your e-mail address", "Save", "This is no e-mail address.",
         "we can write to lin@example.com", "Change"),
        ("zh", "转人工", "您的邮箱", "保存", "这不是邮箱地址", "我们可以写到 lin@example.com", "修改"),
    ],
)  # fmt: skip
def test_who_leaves_before_an_answer_says_where_to_write(
    site: Site, open_page: OpenPage, ann: Colleague,
    language: str, wish: str, label: str, keep: str, wrong: str, noted: str, change: str,
) -> None:  # fmt: skip
    page = greeted(open_page(f"{site.address}/chat?lang={language}", width=390, height=844))
    page.locator("#text").fill(wish)
    page.locator("#send").click()
    field = page.get_by_label(label)
    expect(field).to_be_visible()
    expect(page.get_by_role("button", name=keep, exact=True)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    field.fill("lin")
    page.get_by_role("button", name=keep, exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text(wrong)
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile(wrong))
    assert ann.case().reply_email is None
    field.fill("mistyped@example.com")
    field.press("Enter")
    page.get_by_role("button", name=change, exact=True).click()
    expect(field).to_be_focused()
    page.keyboard.type("lin@example.com")
    page.keyboard.press("Enter")
    expect(page.locator("#log")).to_contain_text(noted)
    assert ann.case().reply_email == "lin@example.com"
    page.reload()
    says_more(page)
    expect(field).to_have_count(0)


def test_who_would_rather_not_is_left_alone(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    asks_for_a_person(page)
    page.get_by_role("button", name="No, thanks").click()
    expect(page.locator("#text")).to_be_focused()
    page.reload()
    says_more(page)
    expect(page.locator(".leaving")).to_have_count(0)


def test_the_form_follows_the_language_and_goes_with_the_answer(
    site: Site, open_page: OpenPage, ann: Colleague
) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    asks_for_a_person(page)
    page.get_by_label("Your e-mail address").fill("lin@")
    page.locator("#language").click()
    expect(page.get_by_label("您的邮箱")).to_have_value("lin@")
    ann.answers("I am here.")
    expect(page.locator(".leaving")).to_have_count(0)


def test_staff_see_where_to_write_and_it_is_erased_with_the_visitor(
    site: Site, open_page: OpenPage, ann: Colleague
) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    asks_for_a_person(page)
    field = page.get_by_label("Your e-mail address")
    field.fill("o'hara+1@example.com")
    field.press("Enter")
    expect(page.locator("#log")).to_contain_text("Noted.")
    case = ann.case()
    desk = sign_in(
        open_page(f"{site.address}/staff/"), "ann", site.liuke("staff", "password", "ann").split()[-1]
    )
    expect(desk.get_by_role("button", name="Sign out")).to_be_visible()
    desk.goto(f"{site.address}/staff/?conversation={case.conversation_id}")
    link = desk.get_by_role("link", name="o'hara+1@example.com")
    expect(link).to_have_attribute("href", "mailto:o%27hara%2B1@example.com")
    expect(desk.locator(".reply-email")).to_contain_text("for this answer alone, no advertising")
    expect(desk.locator(".reply-email")).to_contain_text("not for advertising.”")
    assert "write to o'hara+1@example.com" in site.liuke("staff", "show", str(case.id))
    site.liuke("customer", "erase", "--account", f"web:{case.address}", "--yes")
    expect(desk.locator(".reply-email")).to_have_count(0)
    erased = ann.case(case.id)
    assert (erased.reply_email, erased.reply_wording) == (None, None)
