"""The web chat in a real browser, on the real program."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import ANSWERS, OpenPage, Site, greeted, say

# The first of them waits for the demo shop to be made and fitted.
pytestmark = pytest.mark.timeout(300)


def called(customer: dict[str, Any]) -> str:
    """What a customer is called in a greeting: Western first names, Chinese full names."""
    return str(customer["name"]).split(" ")[0]


def test_a_conversation_in_english_and_its_history(site: Site, open_page: OpenPage) -> None:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    expect(page.locator("#shop")).to_have_text("Liuke Demo Shop")
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
    page.get_by_role("button", name="推荐商品").click()
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
    page.get_by_role("button", name=re.compile("recommend", re.I)).first.click()
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


def _served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def shop_site(shop_folder: Path) -> Iterator[str]:
    """A shop's own site, at another address than the chat's."""
    yield from _served(shop_folder)


def _secret(site: Site) -> str:
    import sqlite3

    with sqlite3.connect(site.program.home / "liuke.db") as database:
        return str(
            jwt_secret(database.execute("SELECT value FROM setting WHERE key = 'web.secret'").fetchone())
        )


def jwt_secret(row: tuple[str]) -> str:
    """A setting is kept as JSON."""
    return row[0].strip('"')


def test_one_line_puts_the_chat_on_a_shops_page(
    site: Site, open_page: OpenPage, shop_folder: Path, shop_site: str
) -> None:
    customer = site.customer()
    token = jwt.encode({"sub": customer["id"], "exp": 9_999_999_999}, _secret(site), algorithm="HS256")
    script = f'<script src="{site.address}/widget.js" data-lang="en" data-token="{token}" async></script>'
    (shop_folder / "index.html").write_text(
        f"<!doctype html><html><head>{script}</head><body>Tea</body></html>"
    )
    page: Page = open_page(f"{shop_site}/index.html")
    page.get_by_role("button", name="Chat with us").click()
    chat = page.frame_locator("iframe")
    expect(chat.locator("#log")).to_contain_text(called(customer))
    page.get_by_role("button", name="Chat with us").click()
    expect(chat.locator("#log")).not_to_be_visible()
