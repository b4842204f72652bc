"""The web chat in a real browser, on the real program."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from tests.e2e.browser.conftest import ANSWERS, Held, OpenPage, Site, greeted, say

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def called(customer: dict[str, Any]) -> str:
    """What a customer is called in a greeting: Western first names, Chinese full names."""
    return str(customer["name"]).split(" ")[0]


def test_a_conversation_in_english_and_its_history(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    expect(page.locator("#shop")).to_have_text("Liuke Demo Shop")
    # Without a logo the shop goes by the first letter of its name.
    expect(page.locator("#mark")).to_have_text("L")
    expect(page.locator("#demo")).to_contain_text("made up")
    expect(page.locator("#status")).to_contain_text("Online")
    before = page.locator(ANSWERS).count()
    say(page, "how long does delivery take?")
    expect(page.locator(ANSWERS)).to_have_count(before + 1)
    expect(page.locator(".waiting")).to_have_count(0)
    told = page.locator(".bubble").all_inner_texts()
    page.reload()
    expect(page.locator(".bubble")).to_have_count(len(told))
    assert page.locator(".bubble").all_inner_texts() == told


def test_what_a_customer_writes_is_never_markup(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    nasty = "<img src=x onerror=\"document.title='owned'\"><b>x</b> **y** \u202eabc"
    say(page, nasty)
    expect(page.locator(".mine .bubble").last).to_have_text(nasty)
    expect(page.locator(ANSWERS)).to_have_count(2)
    page.reload()
    expect(page.locator(".mine .bubble").last).to_have_text(nasty)
    assert page.locator("#log b, #log .bubble img").count() == 0
    assert page.title() == "Liuke Demo Shop"


def test_products_come_as_cards_with_pictures(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=zh"))
    page.get_by_role("button", name="帮我选一款").click()
    picture = page.locator(".card img").first
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.locator(".card button").first.click()
    expect(page.locator(".mine .bubble")).to_have_count(2)


def test_the_language_can_be_switched(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=zh"))
    page.locator("#language").click()
    expect(page.locator("#send")).to_have_text("Send")
    expect(page.locator(ANSWERS).last).to_contain_text("English")
    say(page, "hello")
    expect(page.locator(ANSWERS).last).not_to_contain_text(re.compile("[\u4e00-\u9fff]"))
    page.goto(f"{site.address}/chat")
    expect(page.locator("#send")).to_have_text("Send")


def test_a_phone_shows_everything_without_scrolling_sideways(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en", width=390, height=844))
    page.get_by_role("button", name="Help me choose").click()
    expect(page.locator(".card").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#send")).to_be_in_viewport()


def test_a_message_written_while_the_server_is_down_arrives_once(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    site.kill()
    expect(page.locator("#status")).to_contain_text("Connection lost")
    say(page, "are you there?")
    expect(page.locator(".mine.waiting")).to_have_count(1)
    site.start()
    expect(page.locator("#status")).to_contain_text("Online")
    expect(page.locator(".waiting")).to_have_count(0)
    expect(page.locator(ANSWERS)).to_have_count(2)
    page.reload()
    expect(page.locator(".mine .bubble")).to_have_text(["are you there?"])


def test_a_deep_link_connects_once_and_leaves_the_address(site: Site, open_page: OpenPage) -> None:
    customer = site.customer()
    link = site.liuke("customer", "link", customer["id"]).split()[0]
    page = greeted(open_page(link))
    expect(page.locator("#log")).to_contain_text(called(customer))
    assert "start=" not in page.url
    order = customer["orders"][0]["number"]
    say(page, f"{order}")
    expect(page.locator(ANSWERS).last).to_contain_text(order)
    thief = greeted(open_page(link))
    assert called(customer) not in thief.locator("#log").inner_text()


def _secret(site: Site) -> str:
    import sqlite3

    with sqlite3.connect(site.program.home / "liuke.db") as database:
        return str(
            jwt_secret(database.execute("SELECT value FROM setting WHERE key = 'web.secret'").fetchone())
        )


def jwt_secret(row: tuple[str]) -> str:
    """A setting is kept as JSON."""
    return row[0].strip('"')


def _token(site: Site, customer: str, seconds: float) -> str:
    """What the shop's site signs; good from now on for so long."""
    claims = {"sub": customer, "exp": time.time() + seconds}
    return jwt.encode(claims, _secret(site), algorithm="HS256")


def _widget(site: Site, folder: Path, **data: str) -> None:
    """A page of the shop's with the chat's line on it."""
    facts = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    script = f'<script src="{site.address}/widget.js" data-lang="en" {facts} async></script>'
    (folder / "index.html").write_text(f"<!doctype html><html><head>{script}</head><body>Tea</body></html>")


def _opened(page: Page) -> FrameLocator:
    page.get_by_role("button", name="Chat with us").click()
    return page.frame_locator("iframe")


def test_one_line_puts_the_chat_on_a_shops_page(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    customer = site.customer()
    _widget(site, shop_folder, token=_token(site, customer["id"], 3_600))
    page: Page = open_page(f"{shop_site}/index.html")
    chat = _opened(page)
    expect(chat.locator("#log")).to_contain_text(called(customer))
    page.get_by_role("button", name="Chat with us").click()
    expect(chat.locator("#log")).not_to_be_visible()


def test_a_token_that_runs_out_is_followed_by_a_fresh_one(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    customer = site.customer()
    _widget(site, shop_folder, **{"token": _token(site, customer["id"], 4), "token-url": "token"})
    (shop_folder / "token").write_text(_token(site, customer["id"], 3_600))
    page: Page = open_page(f"{shop_site}/index.html")
    with page.expect_request(f"{shop_site}/token"):
        chat = _opened(page)
        expect(chat.locator("#log")).to_contain_text(called(customer))
    expect(chat.locator("#status")).to_contain_text("Online")
    chat.locator("#text").fill("show my orders")
    chat.locator("#send").click()
    expect(chat.locator("#log")).to_contain_text(customer["orders"][0]["number"])


def test_without_a_fresh_one_nothing_of_theirs_stays_on_the_screen(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    customer = site.customer()
    _widget(site, shop_folder, token=_token(site, customer["id"], 4))
    page: Page = open_page(f"{shop_site}/index.html")
    connections = list[object]()
    page.on("websocket", lambda opened: connections.append(opened))
    chat = _opened(page)
    expect(chat.locator("#log")).to_contain_text(called(customer))
    expect(chat.locator("#log")).not_to_contain_text(called(customer))
    expect(chat.locator(ANSWERS)).to_contain_text("Liuke Demo Shop")
    chat.locator("#text").fill("show my orders")
    chat.locator("#send").click()
    expect(chat.locator(ANSWERS).last).to_contain_text("last four digits")
    assert len(connections) == 1, "it goes on at once, not only after the connection is lost"


def test_a_site_may_sign_its_visitor_in_and_out_without_a_new_page(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    customer = site.customer()
    _widget(site, shop_folder)
    page: Page = open_page(f"{shop_site}/index.html")
    chat = _opened(page)
    expect(chat.locator(ANSWERS)).to_have_count(1)
    page.evaluate("token => LiukeChat.setToken(token)", _token(site, customer["id"], 3_600))
    expect(chat.locator("#log")).to_contain_text(called(customer))
    page.evaluate("LiukeChat.setToken(null)")
    expect(chat.locator("#log")).not_to_contain_text(called(customer))
    expect(chat.locator(ANSWERS)).to_have_count(1)


def test_what_is_typed_too_fast_arrives_by_itself_and_in_order(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    said = [f"number {number}" for number in range(24)]
    for text in said:
        say(page, text)
    expect(page.locator(".mine .note")).to_have_count(1)
    expect(page.locator(".waiting")).to_have_count(0)
    page.reload()
    expect(page.locator(".mine .bubble")).to_have_text(said)


def test_the_greeting_stays_first_when_they_have_written(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    hello = page.locator(".bubble").first.inner_text()
    page.get_by_role("button", name="Where is my order?").click()
    expect(page.locator(ANSWERS)).to_have_count(2)
    expect(page.locator(".bubble")).to_have_text(
        [hello, "Where is my order?", re.compile("last four digits")]
    )
    page.reload()
    expect(page.locator(".bubble")).to_have_text(
        [hello, "Where is my order?", re.compile("last four digits")]
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "We can't be reached just now, trying again…"), ("zh", "服务暂时不可用，正在重试…")],
)
def test_a_page_that_is_sent_away_says_so(site: Site, open_page: OpenPage, language: str, words: str) -> None:
    """As while the database is away: the server closes with "try again later"."""
    held = Held()
    page = open_page(f"{site.address}/chat?lang={language}", held=held)
    expect(page.locator("#status")).to_contain_text("…")
    held[0].close(code=1013)
    expect(page.locator("#status")).to_have_text(words)
