"""The console's pages beside the queue: campaigns, the skills' switches, who did what."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser.conftest import OpenPage, Site, greeted, say
from tests.e2e.browser.test_staff import sign_in
from tests.e2e.program import Program

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WIDTHS = (390, 820, 1280)


@pytest.fixture(scope="session")
def passwords(site: Site) -> dict[str, str]:
    site.liuke("outreach", "plan")
    return {
        "boss": site.staff("boss", "--name", "Boss", "--role", "admin", "--language", "en"),
        "cam": site.staff("cam", "--name", "Cam", "--role", "campaigner", "--language", "en"),
        "gaze": site.staff("gaze", "--role", "viewer", "--language", "en"),
    }


@pytest.fixture
def enter(site: Site, open_page: OpenPage, passwords: dict[str, str]) -> OpenPage:
    def go(login: str, page: str, **size: int) -> Page:
        opened = sign_in(open_page(f"{site.address}/staff/", **size), login, passwords[login])
        opened.get_by_role("link", name=page, exact=True).click()
        expect(opened.locator("[aria-current=page]")).to_have_text(page)
        return opened

    return go


def switch(page: Page, skill: str) -> Locator:
    return page.get_by_role("group", name=skill, exact=True)


def pressed(page: Page, skill: str) -> Locator:
    return switch(page, skill).locator("[aria-pressed=true]")


def test_a_skill_is_put_on_trial_and_it_is_seen_who_did_so(enter: OpenPage) -> None:
    page = enter("boss", "Skills")
    expect(pressed(page, "Reviews")).to_have_text("On")
    switch(page, "Reviews").get_by_role("button", name="Trial").click()
    expect(page.get_by_text("Switched; it holds within seconds.")).to_be_visible()
    page.reload()
    expect(pressed(page, "Reviews")).to_have_text("Trial")
    switch(page, "Reviews").get_by_role("button", name="On", exact=True).click()
    expect(pressed(page, "Reviews")).to_have_text("On")
    page.get_by_role("link", name="Who did what").click()
    rows = page.locator(".log-row")
    expect(rows.nth(0)).to_contain_text("switched a skill on")
    expect(rows.nth(1)).to_contain_text("put a skill on trial")
    expect(rows.nth(1)).to_contain_text("Reviews")
    expect(rows.nth(1).locator(".log-who")).to_have_text("you")


def test_what_customers_must_always_reach_has_no_switch(enter: OpenPage) -> None:
    page = enter("boss", "Skills")
    card = page.locator(".skill", has=page.get_by_text("A person, please", exact=True))
    expect(card.get_by_text("always on")).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)


def test_a_viewer_may_look_at_everything_and_change_nothing(site: Site, enter: OpenPage) -> None:
    page = enter("gaze", "Skills")
    switch(page, "Stock").get_by_role("button", name="Off").click()
    expect(page.get_by_text("Your role may look but not act.")).to_be_visible()
    expect(pressed(page, "Stock")).to_have_text("On")
    page.get_by_role("link", name="Outreach").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Your role may look but not act.")).to_be_visible()
    assert state_of_the_campaign(site) == "active"


def state_of_the_campaign(site: Site) -> str:
    (campaign,) = json.loads(site.liuke("outreach", "show", "--json"))
    return str(campaign["state"])


def test_a_campaign_is_paused_and_goes_on(site: Site, enter: OpenPage) -> None:
    restored = {"made_at": 1, "restored_at": 2, "campaigns": ["win-back"], "messages": 0, "updates": 0}
    with closing(sqlite3.connect(site.program.home / "liuke.db", timeout=20)) as file, file:
        file.execute("INSERT INTO setting VALUES ('restored', ?, 1)", (json.dumps(restored),))
    page = enter("cam", "Outreach")
    expect(page.get_by_text("since a back-up of")).to_be_visible()
    expect(page.get_by_text("win-back", exact=True)).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("What was planned is dropped")).to_be_visible()
    expect(page.get_by_text("paused", exact=True)).to_be_visible()
    expect(page.get_by_text("since a back-up of")).to_have_count(0)
    assert state_of_the_campaign(site) == "paused"
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("active", exact=True)).to_be_visible()
    page.get_by_role("button", name="End …").click()
    expect(page.get_by_text("it can't be started again")).to_be_visible()
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_text("it can't be started again")).to_have_count(0)
    assert state_of_the_campaign(site) == "active"


@pytest.fixture
def real_site(tmp_path: Path) -> Iterator[Site]:
    """A shop that has just imported its goods."""
    running = Site(Program(tmp_path / "home", more={"LIUKE_DEMO": "false"}))
    goods = tmp_path / "products.csv"
    goods.write_text("product,name,price\np1,Longjing Tea,128.00\n", "utf-8")
    try:
        running.liuke("import", "products", str(goods))
        running.start()
        yield running
    finally:
        running.kill()


def test_a_real_shop_starts_win_back_itself(real_site: Site, open_page: OpenPage) -> None:
    password = real_site.staff("lin", "--role", "campaigner", "--language", "en")
    page = sign_in(open_page(f"{real_site.address}/staff/"), "lin", password)
    page.get_by_role("link", name="Outreach", exact=True).click()
    expect(page.get_by_text("not started", exact=True)).to_be_visible()
    expect(page.get_by_text("nobody is written to before you press Start")).to_be_visible()
    assert state_of_the_campaign(real_site) == "paused"
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("active", exact=True)).to_be_visible()
    expect(page.get_by_text("not started", exact=True)).to_have_count(0)
    assert state_of_the_campaign(real_site) == "active"


def test_rules_for_prices_are_written_in_the_console_and_hold(real_site: Site, open_page: OpenPage) -> None:
    password = real_site.staff("ada", "--role", "admin", "--language", "en")
    page = sign_in(open_page(f"{real_site.address}/staff/"), "ada", password)
    page.get_by_role("link", name="Prices", exact=True).click()
    expect(page.get_by_text("no budget is set").first).to_be_visible()
    expect(page.get_by_text("1 of 1 products on sale get no personal price").first).to_be_visible()
    box = page.get_by_role("textbox", name="prices.toml")
    box.fill("largest_discount = 120\n[caps]\nat_onc = 1\n")
    expect(page.get_by_role("alert")).to_contain_text(
        "caps.at_onc: is no rule; there are at_once, made, in_days"
    )
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    rules = '[budget]\ncurrency = "CNY"\neach = "month"\ntotal = 800\n'
    box.fill(rules)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved; it holds within seconds.")).to_be_visible()
    expect(page.get_by_text("no budget is set")).to_have_count(0)
    assert (real_site.program.home / "prices.toml").read_text("utf-8") == rules
    page.get_by_role("tab", name="Budget").click()
    expect(page.get_by_text("left ¥800.00 of ¥800.00")).to_be_visible()
    page.get_by_role("link", name="Who did what").click()
    expect(page.locator(".log-row").first).to_contain_text("saved the rules for prices")


def test_from_a_decision_to_the_conversation(site: Site, open_page: OpenPage, enter: OpenPage) -> None:
    customer = greeted(open_page(f"{site.address}/chat?lang=en"))
    say(customer, "a living person, please, about the colour mauve")
    page = enter("gaze", "Who did what")
    row = page.locator(".log-row", has_text="handed over to people").first
    expect(row.locator(".log-who")).to_have_text("Bot")
    row.get_by_role("link").click()
    expect(page.locator(".bubble.customer").last).to_have_text(
        "a living person, please, about the colour mauve"
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(enter: OpenPage, width: int) -> None:
    page = enter("boss", "Queue", width=width)
    page.get_by_role("button", name="中文").click()
    for name in ("营销", "价格", "技能", "成员", "操作记录", "会话"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("[aria-current=page]")).to_have_text(name)
        expect(page.locator(".page")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    page.get_by_role("button", name="English").click()
    expect(page.locator("[aria-current=page]")).to_have_text("Queue")
