"""Staff and a customer, each in a browser, on the real program."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, TimeoutError, expect

from tests.e2e.browser.conftest import ANSWERS, Held, OpenPage, Site, greeted, say

# The first of them waits for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def sign_in(page: Page, login: str, password: str) -> Page:
    """Through the sign-in page, in English."""
    page.get_by_role("button", name="English").click()
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    return page


def entry(page: Page, words: str) -> None:
    """Open the case in which the customer said this."""
    try:
        page.locator(".entry", has_text=words).first.click()
    except TimeoutError as late:
        shown = page.locator("body").inner_text()
        raise AssertionError(f"no case with {words!r} at {page.url}, but:\n{shown}") from late


def asks_for_a_person(open_page: OpenPage, site: Site, words: str) -> Page:
    page = greeted(open_page(f"{site.address}/chat?lang=en"))
    say(page, words)
    expect(page.locator(ANSWERS)).to_have_count(2)
    return page


@pytest.fixture(scope="session")
def passwords(site: Site) -> dict[str, str]:
    return {
        "ann": site.staff("ann", "--name", "Ann", "--language", "en"),
        "bob": site.staff("bob", "--name", "Bob", "--language", "en"),
        "eye": site.staff("eye", "--role", "viewer", "--language", "en"),
    }


def test_nobody_comes_in_without_a_password(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    page = open_page(f"{site.address}/staff/")
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    sign_in(page, "ann", "wrong password")
    expect(page.get_by_role("alert")).to_have_text("Wrong login or password.")
    assert page.url.endswith("/staff/login")
    sign_in_again = page.get_by_label("Password")
    sign_in_again.fill(passwords["ann"])
    sign_in_again.press("Enter")
    expect(page.get_by_text("Ann · agent")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{site.address}/staff/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_wrong_passwords_from_elsewhere_keep_nobody_out(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    def page_from(address: str) -> Page:
        page = open_page(f"{site.address}/healthz")
        page.context.set_extra_http_headers({"X-Forwarded-For": address})
        page.goto(f"{site.address}/staff/login")
        return page

    guesser = sign_in(page_from("203.0.113.6"), "bob", "a guess")
    expect(guesser.get_by_role("alert")).to_have_text("Wrong login or password.")
    while "Too many" not in guesser.get_by_role("alert").inner_text():
        guesser.get_by_label("Password").press("Enter")
    bob = sign_in(page_from("203.0.113.7"), "bob", passwords["bob"])
    expect(bob.get_by_text("Bob · agent")).to_be_visible()


def test_nothing_is_typed_before_the_page_listens(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    held = Held()
    page = open_page(f"{site.address}/staff/login", held=held)
    # Whoever typed now would find Enter ahead of the password.
    page.wait_for_function("window.socket !== undefined")
    expect(page.get_by_label("密码")).to_have_count(0)
    held[0].connect_to_server()
    page.get_by_label("账号").fill("ann")
    page.get_by_label("密码").fill(passwords["ann"])
    page.get_by_label("密码").press("Enter")
    page.wait_for_url("**/staff/")


def test_a_customer_reaches_a_person_and_comes_back_to_the_bot(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    customer = asks_for_a_person(open_page, site, "I want to talk to a human, please")
    ann = sign_in(open_page(f"{site.address}/staff/"), "ann", passwords["ann"])
    entry(ann, "I want to talk to a human, please")
    ann.get_by_role("button", name="Take", exact=True).click()
    box = ann.get_by_placeholder("Write to the customer")
    box.fill("Hello, this is <b>Ann</b>.")
    box.press("Enter")
    expect(customer.locator(ANSWERS).last).to_have_text("Hello, this is <b>Ann</b>.")
    expect(customer.locator(".name").last).to_have_text("Ann")
    expect(box).to_have_value("")
    # What the customer says now reaches the person and not the bot.
    answers = customer.locator(ANSWERS).count()
    say(customer, "my parcel is late")
    expect(ann.locator(".bubble.customer").last).to_have_text("my parcel is late")
    assert customer.locator(ANSWERS).count() == answers
    ann.get_by_role("button", name="Let the bot answer").click()
    expect(ann.get_by_text("Choose a case on the left.")).to_be_visible()
    say(customer, "thank you")
    expect(customer.locator(ANSWERS)).to_have_count(answers + 1)
    expect(customer.locator(".name").last).to_have_text("Liuke")


def test_two_members_do_not_answer_the_same_customer(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    words = "give me a real person now"
    asks_for_a_person(open_page, site, words)
    ann = sign_in(open_page(f"{site.address}/staff/"), "ann", passwords["ann"])
    bob = sign_in(open_page(f"{site.address}/staff/"), "bob", passwords["bob"])
    for page in (ann, bob):
        entry(page, words)
        expect(page.get_by_role("button", name="Take", exact=True)).to_be_visible()
    ann.get_by_role("button", name="Take", exact=True).click()
    expect(ann.get_by_placeholder("Write to the customer")).to_be_visible()
    expect(bob.get_by_text("Ann has this case.")).to_be_visible()
    expect(bob.get_by_role("button", name="Close", exact=True)).to_have_count(0)
    ann.get_by_role("button", name="Close", exact=True).click()
    expect(bob.get_by_text("The bot is looking after this customer")).to_be_visible()


def test_what_a_message_meant_can_be_put_right(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    words = "a human please, about wrapping it as a present"
    asks_for_a_person(open_page, site, words)
    ann = sign_in(open_page(f"{site.address}/staff/"), "ann", passwords["ann"])
    entry(ann, words)
    expect(ann.get_by_text(re.compile("^read as: "))).to_be_visible()
    ann.get_by_role("button", name="correct", exact=True).click()
    ann.get_by_label("Or a meaning of your own: one word").fill("gift_wrap")
    ann.get_by_role("button", name="Keep", exact=True).click()
    expect(ann.get_by_text("corrected to: gift_wrap")).to_be_visible()


def test_a_viewer_is_told_that_they_may_only_look(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    words = "let me talk to a human agent"
    asks_for_a_person(open_page, site, words)
    eye = sign_in(open_page(f"{site.address}/staff/"), "eye", passwords["eye"])
    entry(eye, words)
    eye.get_by_role("button", name="Take", exact=True).click()
    expect(eye.get_by_text("Your role may look but not act.")).to_be_visible()


def test_the_console_speaks_both_languages(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    page = sign_in(open_page(f"{site.address}/staff/"), "bob", passwords["bob"])
    expect(page.get_by_text("Bob · agent")).to_be_visible()
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_text("Bob · 客服")).to_be_visible()
    expect(page.get_by_role("tab", name=re.compile("申请"))).to_be_visible()
