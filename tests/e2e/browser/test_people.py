"""Who may be in the console, and who no longer: sessions that end by themselves, and the page People."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from bot.staff.accounts import IDLE
from bot.staff.console.session_cookie import COOKIE
from tests.e2e.browser.conftest import OpenPage, Site
from tests.e2e.browser.test_staff import asks_for_a_person, entry, sign_in
from tests.e2e.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CHANGED = "Your access was changed. Please sign in again."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A program of their own: these tests need no demo shop, which takes long to be made and fitted."""
    running = Site(Program(tmp_path_factory.mktemp("people") / "home", more={"LIUKE_DEMO": "false"}))
    try:
        running.start()
        yield running
    finally:
        running.kill()
    assert "Traceback" not in running.program.log
    assert "ticket" not in running.program.log


def console(site: Site, open_page: OpenPage, login: str, password: str, **size: int) -> Page:
    page = sign_in(open_page(f"{site.address}/staff/", **size), login, password)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def session_of(page: Page) -> str | None:
    """The session that the browser holds."""
    return next((cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE), None)


def sent_away(page: Page, why: str) -> None:
    page.wait_for_url("**/staff/login*")
    expect(page.get_by_role("status")).to_have_text(why)
    assert session_of(page) is None


def case_about(site: Site, words: str) -> dict[str, Any]:
    (case,) = [
        case
        for case in json.loads(site.liuke("staff", "list", "--json"))["cases"]
        if words in case["about"]["words"]
    ]
    return dict(case)


def another_tab(page: Page, address: str) -> Page:
    tab = page.context.new_page()
    tab.goto(address)
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    return tab


def test_who_is_deactivated_is_out_at_once_everywhere_and_their_case_is_back(
    site: Site, open_page: OpenPage
) -> None:
    words = "a person please, about the lost umbrella"
    asks_for_a_person(open_page, site, words)
    password = site.staff("mal", "--name", "Mal", "--language", "en")
    mal = console(site, open_page, "mal", password)
    entry(mal, words)
    mal.get_by_role("button", name="Take", exact=True).click()
    expect(mal.get_by_placeholder("Write to the customer")).to_be_visible()
    tab = another_tab(mal, f"{site.address}/staff/skills")
    cookies = mal.context.cookies()
    assert "One case is back in the queue." in site.liuke("staff", "deactivate", "mal")
    sent_away(mal, CHANGED)
    sent_away(tab, CHANGED)
    assert case_about(site, words)["state"] == "waiting"
    # Whoever kept the cookie has nothing by it, and the password is no use either.
    thief = open_page(f"{site.address}/healthz")
    thief.context.add_cookies(cookies)  # type: ignore[arg-type]
    thief.goto(f"{site.address}/staff/")
    thief.wait_for_url("**/staff/login*")
    expect(thief.get_by_role("status")).to_have_count(0)
    mal.get_by_label("Login").fill("mal")
    mal.get_by_label("Password").fill(password)
    mal.get_by_label("Password").press("Enter")
    expect(mal.get_by_role("alert")).to_have_text("Wrong login or password.")


def test_a_page_that_does_not_hear_that_it_is_over_does_nothing_any_more(
    site: Site, open_page: OpenPage
) -> None:
    words = "a person please, about the deaf page"
    asks_for_a_person(open_page, site, words)
    page = open_page(f"{site.address}/healthz")
    deaf: list[bool] = []

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(lambda message: None if deaf else socket.send(message))

    page.route_web_socket(lambda _: True, connect)
    page.goto(f"{site.address}/staff/")
    sign_in(page, "dee", site.staff("dee", "--language", "en"))
    entry(page, words)
    take = page.get_by_role("button", name="Take", exact=True)
    expect(take).to_be_visible()
    deaf.append(True)
    site.liuke("staff", "role", "dee", "viewer")
    take.click()
    assert case_about(site, words)["state"] == "waiting"


def test_a_new_password_and_another_role_end_the_session(site: Site, open_page: OpenPage) -> None:
    words = "a person please, about the new role"
    asks_for_a_person(open_page, site, words)
    page = console(site, open_page, "pia", site.staff("pia", "--name", "Pia", "--language", "en"))
    password = site.liuke("staff", "password", "pia").split()[-1]
    sent_away(page, CHANGED)
    page.get_by_label("Login").fill("pia")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_text("Pia · agent")).to_be_visible()
    site.liuke("staff", "role", "pia", "viewer")
    sent_away(page, CHANGED)
    page.get_by_label("Login").fill("pia")
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_text("Pia · viewer")).to_be_visible()
    entry(page, words)
    page.get_by_role("button", name="Take", exact=True).click()
    expect(page.get_by_text("Your role may look but not act.")).to_be_visible()


def test_a_session_that_nobody_uses_ends_on_the_server(site: Site, open_page: OpenPage) -> None:
    page = console(site, open_page, "ida", site.staff("ida", "--language", "en"))
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    long_ago = int(IDLE / timedelta(microseconds=1))
    with closing(sqlite3.connect(site.program.home / "liuke.db", timeout=30)) as database, database:
        database.execute(
            "UPDATE staff_session SET used_at = used_at - ?"
            " WHERE staff_id = (SELECT id FROM staff WHERE login = 'ida')",
            (long_ago,),
        )
    sent_away(page, "超过 12 小时没有操作，已自动退出。")


def test_the_session_is_new_at_sign_in_and_gone_at_sign_out(site: Site, open_page: OpenPage) -> None:
    password = site.staff("fay", "--language", "en")
    page = open_page(f"{site.address}/healthz")
    planted = {"name": COOKIE, "value": "planted", "url": site.address}
    page.context.add_cookies([planted])  # type: ignore[list-item]
    page.goto(f"{site.address}/staff/")
    page.wait_for_url("**/staff/login")
    sign_in(page, "fay", password)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE]
    assert cookie["value"] != "planted"
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    tab = another_tab(page, f"{site.address}/staff/audit")
    # A link that somebody sends signs nobody out.
    tab.goto(f"{site.address}/staff/leave")
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/staff/login")
    tab.wait_for_url("**/staff/login")
    assert session_of(page) is None
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{site.address}/staff/")
    page.wait_for_url("**/staff/login")


@pytest.fixture(scope="module")
def chief(site: Site) -> str:
    return site.staff("chief", "--name", "Chief", "--role", "admin", "--language", "en")


def people(site: Site, open_page: OpenPage, login: str, password: str, **size: int) -> Page:
    page = console(site, open_page, login, password, **size)
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.locator("[aria-current=page]")).to_have_text("People")
    return page


def test_an_admin_adds_changes_and_keeps_out(site: Site, open_page: OpenPage, chief: str) -> None:
    page = people(site, open_page, "chief", chief)
    page.get_by_role("button", name="Add a member …").click()
    page.get_by_label("Login").fill("two words")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("A login has 1 to 60 characters without spaces.")).to_be_visible()
    page.get_by_label("Login").fill("newbie")
    page.get_by_label("Name that customers see").fill("New Bee")
    page.get_by_role("button", name="Add", exact=True).click()
    password = page.locator(".password").inner_text()
    page.get_by_role("button", name="I have passed it on").click()
    expect(page.locator(".password")).to_have_count(0)
    row = page.locator(".member-row", has_text="newbie")
    expect(row).to_contain_text("New Bee")
    expect(row).to_contain_text("agent")
    newbie = console(site, open_page, "newbie", password)

    row.get_by_role("button", name="Role …").click()
    page.get_by_label("Role").click()
    page.get_by_role("option", name="campaigner").click()
    page.get_by_role("button", name="Change role").click()
    expect(page.get_by_text("The role is changed.")).to_be_visible()
    expect(row).to_contain_text("campaigner")
    sent_away(newbie, CHANGED)

    row.get_by_role("button", name="New password …").click()
    page.get_by_role("button", name="Make a new password").click()
    another = page.locator(".password").inner_text()
    assert another != password
    page.get_by_role("button", name="I have passed it on").click()
    newbie = console(site, open_page, "newbie", another)

    row.get_by_role("button", name="Deactivate …").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    row.get_by_role("button", name="Deactivate …").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate", exact=True).click()
    expect(row).to_contain_text("deactivated")
    sent_away(newbie, CHANGED)
    row.get_by_role("button", name="Activate").click()
    expect(row.get_by_role("button", name="Deactivate …")).to_be_visible()

    page.goto(f"{site.address}/staff/audit")
    rows = page.locator(".log-row")
    for number, (words, whom) in enumerate(
        [("activated", ""), ("deactivated", ""), ("gave a new password to", ""), ("changed the role of", "campaigner"),
         ("added a member", "agent")]
    ):  # fmt: skip
        expect(rows.nth(number)).to_contain_text(words)
        expect(rows.nth(number)).to_contain_text("New Bee")
        expect(rows.nth(number)).to_contain_text(whom)
        expect(rows.nth(number).locator(".log-who")).to_have_text("you")


def test_the_people_page_speaks_chinese_and_fits_a_telephone(
    site: Site, open_page: OpenPage, chief: str
) -> None:
    page = people(site, open_page, "chief", chief, width=390, height=844)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("[aria-current=page]")).to_have_text("成员")
    expect(page.locator(".member-row", has_text="chief")).to_contain_text("管理员")
    page.get_by_role("button", name="添加成员…").click()
    expect(page.get_by_label("姓名（顾客可见）")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="取消").click()


def test_others_look_at_the_people_page(site: Site, open_page: OpenPage) -> None:
    page = people(site, open_page, "gus", site.staff("gus", "--language", "en"))
    expect(page.locator(".member-row", has_text="gus")).to_contain_text("you")
    expect(page.locator(".page").get_by_role("button")).to_have_count(0)
