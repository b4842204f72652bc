"""What a real browser makes of the headers. That no page of ours does what they forbid is seen in every other test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser.conftest import PATIENCE, OpenPage, Site, greeted

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def watched(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what its console says."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page, said
    context.close()


@pytest.mark.parametrize("path", ["/staff/login", "/staff/", "/staff/nowhere", "/nowhere", "/healthz"])
def test_the_chat_alone_is_shown_in_a_frame(
    site: Site, shop_site: str, shop_folder: Path, watched: tuple[Page, list[str]], path: str
) -> None:
    page, said = watched
    frames = "".join(f'<iframe src="{site.address}{each}"></iframe>' for each in (path, "/chat?lang=en"))
    (shop_folder / "index.html").write_text(f"<!doctype html><p>Tea</p>{frames}")
    page.goto(shop_site)
    expect(page.frame_locator("iframe >> nth=1").locator("#text")).to_be_visible()
    assert [frame.url for frame in page.frames[1:]] == [
        "chrome-error://chromewebdata/",
        f"{site.address}/chat?lang=en",
    ]
    refused = [line for line in said if "Content Security Policy" in line]
    assert len(refused) == 1
    assert "frame-ancestors 'none'" in refused[0]


def test_markup_that_got_into_the_console_runs_nothing(site: Site, watched: tuple[Page, list[str]]) -> None:
    page, said = watched
    page.goto(f"{site.address}/staff/login")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    assert said == [line for line in said if "Content Security Policy" not in line]
    page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", done, { once: true });
            document.body.insertAdjacentHTML("beforeend", '<img src="data:," onerror="window.ran = true">');
        })"""
    )
    page.evaluate(
        """() => new Promise((done) => {
            document.addEventListener("securitypolicyviolation", done, { once: true });
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        })"""
    )
    assert page.evaluate("window.ran === undefined")
    forbidden = [line for line in said if "Content Security Policy" in line]
    assert len(forbidden) == 2


def test_from_a_wrong_address_back_to_the_chat_and_the_console(site: Site, open_page: OpenPage) -> None:
    page = open_page(f"{site.address}/chat/nowhere")
    page.get_by_role("link", name="Open the chat").click()
    greeted(page)
    page = open_page(f"{site.address}/staff/?conversation=abc")
    page.get_by_role("link", name="回到客服工作台").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
