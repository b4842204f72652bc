"""A working day in the queue: many cases, answers half typed, lost connections, a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.e2e.browser.conftest import ANSWERS, OpenPage, Site, greeted
from tests.e2e.browser.test_staff import asks_for_a_person, entry, sign_in
from tests.e2e.browser.waiting_room import WaitingRoom, words

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DRAFTS = "Object.keys(localStorage).filter((key) => key.startsWith('liuke.staff.'))"
HISTORY = [f"word {number} about a parcel that has not come" for number in range(40)]
TOP = "element => element.getBoundingClientRect().top"
SAFARI_ENTER = """element => element.dispatchEvent(new KeyboardEvent('keydown',
    { key: 'Enter', code: 'Enter', keyCode: 229, isComposing: false, bubbles: true, cancelable: true }))"""


@pytest.fixture(scope="session")
def passwords(site: Site) -> dict[str, str]:
    return {
        "amy": site.staff("amy", "--name", "Amy", "--language", "en"),
        "ben": site.staff("ben", "--name", "Ben", "--language", "en"),
    }


@pytest.fixture
def room(site: Site) -> Iterator[WaitingRoom]:
    made = WaitingRoom(site)
    yield made
    made.empty()


@dataclass
class Wire:
    """What a page says to the server and hears from it; what it hears can be held back."""

    holding: bool = False
    held: list[str | bytes] = field(default_factory=list)
    routes: list[WebSocketRoute] = field(default_factory=list)

    def carry(self, route: WebSocketRoute) -> None:
        def hear(message: str | bytes) -> None:
            if self.holding:
                self.held.append(message)
            else:
                route.send(message)

        self.routes.append(route)
        route.connect_to_server().on_message(hear)

    def let_through(self) -> None:
        self.holding = False
        for message in self.held:
            self.routes[-1].send(message)
        self.held.clear()

    def break_off(self) -> None:
        """What was held back is lost, and the connection with it."""
        self.holding = False
        self.held.clear()
        self.routes[-1].close(code=1012)


@pytest.fixture
def amy(site: Site, open_page: OpenPage, passwords: dict[str, str]) -> Page:
    return signed_in(open_page(f"{site.address}/staff/"), passwords["amy"])


def signed_in(page: Page, password: str) -> Page:
    """Amy, with the console before her."""
    sign_in(page, "amy", password)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    return page


def wired(site: Site, open_page: OpenPage, password: str) -> tuple[Page, Wire]:
    """Amy, with a hand on her connection."""
    page, wire = open_page(f"{site.address}/healthz"), Wire()
    page.route_web_socket(lambda _: True, wire.carry)
    page.goto(f"{site.address}/staff/")
    return signed_in(page, password), wire


def waits(site: Site) -> int:
    return int(json.loads(site.liuke("staff", "list", "--json"))["all_cases"])


def answer_box(page: Page) -> Locator:
    return page.get_by_placeholder("Write to the customer")


def take(page: Page, site: Site, conversation: int) -> Locator:
    """Open a conversation and take it; the box to answer in."""
    page.goto(f"{site.address}/staff/?conversation={conversation}")
    page.get_by_role("button", name="Take", exact=True).click()
    expect(answer_box(page)).to_be_focused()
    return answer_box(page)


def test_all_who_wait_are_counted_and_can_be_reached(site: Site, room: WaitingRoom, amy: Page) -> None:
    room.fill(230)
    there = waits(site)
    assert there >= 230
    expect(amy.get_by_role("tab", name=f"Waiting {there}", exact=True)).to_be_visible()
    entries = amy.locator(".lists .entry:visible")
    expect(entries).to_have_count(100)
    more = amy.get_by_role("button", name=re.compile("^Show .* more"))
    more.click()
    expect(entries).to_have_count(200)
    more.click()
    expect(entries).to_have_count(there)
    expect(more).to_be_hidden()
    assert f"Waiting for a person: 5 of {there}" in site.liuke("staff", "list", "--limit", "5")
    assert len(json.loads(site.liuke("staff", "list", "--all", "--json"))["cases"]) == there


def test_a_long_list_keeps_its_place_and_the_focus_when_somebody_comes(
    site: Site, room: WaitingRoom, amy: Page
) -> None:
    room.fill(60)
    there = waits(site)
    expect(amy.get_by_role("tab", name=f"Waiting {there}", exact=True)).to_be_visible()
    fifty = amy.locator(".lists .entry").nth(50)
    fifty.scroll_into_view_if_needed()
    fifty.evaluate("entry => { entry.dataset.seen = 'before'; entry.focus(); }")
    seen = amy.locator("[data-seen=before]")
    top = seen.evaluate(TOP)
    expect(amy.locator(".lists .entry").first).not_to_be_in_viewport()
    room.fill(1, due=timedelta(days=-1))
    expect(amy.get_by_role("tab", name=f"Waiting {there + 1}", exact=True)).to_be_visible()
    expect(amy.locator(".lists .entry").first).to_contain_text("overdue")
    expect(seen).to_be_focused()
    assert seen.evaluate(TOP) == pytest.approx(top, abs=2)


def test_what_is_typed_survives_another_case_a_reload_and_a_restart(
    site: Site, room: WaitingRoom, amy: Page
) -> None:
    one, other = room.fill(2, due=timedelta(hours=-1))
    take(amy, site, other).fill("for the other")
    box = take(amy, site, one)
    box.press_sequentially("Dear customer, ")
    entry(amy, words(other))
    expect(box).to_have_value("for the other")
    amy.wait_for_url(f"**/staff/?conversation={other}")
    entry(amy, words(one))
    expect(box).to_have_value("Dear customer, ")
    amy.wait_for_url(f"**/staff/?conversation={one}")
    amy.reload()
    expect(box).to_have_value("Dear customer, ")
    expect(amy.get_by_role("status").get_by_text("Not sent yet.")).to_be_visible()
    site.kill()
    expect(amy.get_by_role("status").get_by_text("No connection.")).to_be_visible()
    box.press("End")
    box.press_sequentially("we look into it")
    box.press("Enter")
    expect(box).to_have_value("Dear customer, we look into it")
    site.start()
    expect(amy.get_by_role("status").get_by_text("Not sent yet.")).to_be_visible()
    expect(box).to_have_value("Dear customer, we look into it")
    assert room.said(one) == []
    box.press("Enter")
    expect(amy.locator(".bubble.ours").last).to_have_text("Dear customer, we look into it")
    amy.wait_for_function(f"{DRAFTS}.length === 1")
    (kept,) = amy.evaluate(DRAFTS)
    assert kept.endswith(f".{other}")


def test_nothing_typed_stays_after_closing_or_signing_out(
    site: Site, room: WaitingRoom, amy: Page, passwords: dict[str, str]
) -> None:
    one, other = room.fill(2, due=timedelta(hours=-1))
    take(amy, site, one).fill("never sent")
    amy.get_by_role("button", name="Close", exact=True).click()
    expect(amy.get_by_text("Choose a case on the left.")).to_be_visible()
    amy.wait_for_function(f"{DRAFTS}.length === 0")
    take(amy, site, other).fill("private words")
    amy.wait_for_function(f"{DRAFTS}.length === 1")
    amy.get_by_role("button", name="Sign out").click()
    expect(amy.get_by_role("button", name="Sign in")).to_be_visible()
    assert amy.evaluate(DRAFTS) == []
    # Left by somebody whom the browser has not signed out, and for a case that ended elsewhere.
    amy.evaluate("localStorage.setItem('liuke.staff.99999.1', '{}')")
    sign_in_again(amy, "amy", passwords["amy"])
    amy.wait_for_function(f"{DRAFTS}.length === 0")


def sign_in_again(page: Page, login: str, password: str) -> None:
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_enter_sends_what_stands_there_once(site: Site, open_page: OpenPage, amy: Page) -> None:
    wish = "a person please, I type fast"
    customer = asks_for_a_person(open_page, site, wish)
    entry(amy, wish)
    amy.get_by_role("button", name="Take", exact=True).click()
    box = answer_box(amy)
    expect(box).to_be_focused()
    before = customer.locator(ANSWERS).count()
    # Without any time between the keys.
    amy.keyboard.type("first\n\nsecond te")
    expect(box).to_have_value("second te")
    amy.keyboard.type("xt\nthird\n")
    expect(customer.locator(ANSWERS)).to_have_count(before + 3)
    assert customer.locator(ANSWERS).all_inner_texts()[before:] == ["first", "second text", "third"]
    expect(box).to_have_value("")


def test_an_answer_is_sent_once_though_the_connection_broke(
    site: Site, open_page: OpenPage, room: WaitingRoom, passwords: dict[str, str]
) -> None:
    page, wire = wired(site, open_page, passwords["amy"])
    (one,) = room.fill(1)
    box = take(page, site, one)
    wire.holding = True
    box.fill("Hello again.")
    box.press("Enter")
    expect(page.get_by_text("On its way …")).to_be_visible()
    # The server has it, but the page never hears so.
    while room.said(one) != ["Hello again."]:
        page.wait_for_timeout(100)
    wire.break_off()
    expect(page.locator(".bubble.ours").last).to_have_text("Hello again.")
    page.wait_for_function(f"{DRAFTS}.length === 0")
    expect(page.locator(".bubble.unsent")).to_have_count(0)
    assert room.said(one) == ["Hello again."]
    expect(box).to_have_value("")


def test_what_could_not_be_sent_is_back_in_the_box(
    site: Site, open_page: OpenPage, room: WaitingRoom, passwords: dict[str, str]
) -> None:
    page, wire = wired(site, open_page, passwords["amy"])
    (one,) = room.fill(1)
    box = take(page, site, one)
    wire.holding = True
    room.hand_over(one, "ben")
    box.fill("I am on it.")
    box.press("Enter")
    expect(box).to_have_value("")
    wire.let_through()
    expect(box).to_have_value("I am on it.")
    expect(box).not_to_be_editable()
    expect(page.get_by_role("status").get_by_text("Not sent. Somebody was quicker.")).to_be_visible()
    expect(page.get_by_text("Ben has this case.")).to_be_visible()
    assert room.said(one) == []


def test_the_enter_that_chooses_a_chinese_word_sends_nothing(
    site: Site, open_page: OpenPage, room: WaitingRoom, amy: Page
) -> None:
    (one,) = room.fill(1)
    box = take(amy, site, one)
    box.fill("ni hao")
    box.evaluate(SAFARI_ENTER)
    expect(box).to_have_value("ni hao")
    box.press("Enter")
    expect(amy.locator(".bubble.ours")).to_have_text(["ni hao"])
    assert room.said(one) == ["ni hao"]
    customer = greeted(open_page(f"{site.address}/chat?lang=en"))
    customer.locator("#text").fill("shen me")
    customer.locator("#text").evaluate(SAFARI_ENTER)
    expect(customer.locator("#text")).to_have_value("shen me")
    customer.locator("#text").press("Enter")
    expect(customer.locator(".mine .bubble")).to_have_text(["shen me"])


def test_a_note_half_typed_stays_when_another_request_comes(site: Site, room: WaitingRoom, amy: Page) -> None:
    (one,) = room.fill(1)
    first = room.ask(one)
    amy.get_by_role("tab", name="Requests").click()
    card = amy.locator(".lists .entry", has_text=first)
    note = card.get_by_label("A sentence for the customer")
    note.press_sequentially("You get your mon")
    second = room.ask(one, kind="invoice")
    expect(amy.locator(".lists .entry", has_text=second)).to_be_visible()
    expect(note).to_be_focused()
    amy.keyboard.type("ey")
    expect(note).to_have_value("You get your money")
    # Somebody else decides it meanwhile.
    requests = json.loads(site.liuke("staff", "list", "--all", "--json"))["requests"]
    (number,) = [str(request["id"]) for request in requests if request["number"] == first]
    site.liuke("staff", "decide", number, "accepted")
    expect(card.get_by_text("accepted")).to_be_visible()
    expect(note).to_have_value("You get your money")


def test_a_phone_shows_the_list_or_the_conversation(
    site: Site, open_page: OpenPage, room: WaitingRoom, passwords: dict[str, str]
) -> None:
    room.fill(60)
    address = f"{site.address}/staff/"
    page = signed_in(open_page(address, width=390, height=844), passwords["amy"])
    log = page.locator(".scroll-log")
    far = page.locator(".lists .entry").nth(50)
    far.scroll_into_view_if_needed()
    top = far.evaluate(TOP)
    expect(page.locator(".lists .entry").first).not_to_be_in_viewport()
    for way_back in (
        lambda: page.get_by_role("button", name="List", exact=True).click(),
        lambda: page.go_back(),
    ):
        far.click()
        expect(log).to_be_in_viewport()
        expect(page.get_by_role("button", name="Take", exact=True)).to_be_in_viewport()
        expect(far).to_be_hidden()
        page.wait_for_url("**?conversation=*")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        way_back()
        expect(far).to_be_in_viewport()
        expect(log).to_have_count(0)
        page.wait_for_url(address)
        assert far.evaluate(TOP) == top
    page.go_forward()
    expect(log).to_be_in_viewport()
    page.reload()
    expect(log).to_be_in_viewport()
    page.get_by_role("button", name="List", exact=True).click()
    expect(page.locator(".lists .entry").first).to_be_visible()


def test_a_new_message_does_not_pull_away_whoever_reads_what_is_older(
    site: Site, room: WaitingRoom, amy: Page
) -> None:
    (one,) = room.fill(1)
    room.say(one, *HISTORY)
    amy.goto(f"{site.address}/staff/?conversation={one}")
    log, last = amy.locator(".scroll-log"), amy.locator(".bubble").last
    expect(last).to_have_text(HISTORY[-1])
    expect(last).to_be_in_viewport()
    room.say(one, "one more")
    expect(last).to_have_text("one more")
    expect(last).to_be_in_viewport()
    log.evaluate("log => { log.scrollTop = 0 }")
    expect(amy.locator(".bubble").first).to_be_in_viewport()
    room.say(one, "and another")
    expect(last).to_have_text("and another")
    expect(amy.locator(".bubble").first).to_be_in_viewport()
    assert log.evaluate("log => log.scrollTop") == 0
