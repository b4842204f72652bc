"""Staff see where an answer comes from, below it; the customer doesn't."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import ANSWERS, OpenPage, Site, greeted, say
from tests.e2e.browser.test_staff import entry, sign_in

# It may wait for the demo shop to be made and fitted.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_staff_open_why_below_an_answer(site: Site, open_page: OpenPage) -> None:
    customer = greeted(open_page(f"{site.address}/chat?lang=en"))
    say(customer, "How many days do I have to return something?")
    expect(customer.locator(ANSWERS)).to_have_count(2)
    say(customer, "I want to talk to a human about returning it")
    expect(customer.locator(ANSWERS)).to_have_count(3)
    expect(customer.locator("details.why")).to_have_count(0)
    password = site.staff("yan", "--name", "Yan", "--language", "en")
    yan = sign_in(open_page(f"{site.address}/staff/"), "yan", password)
    entry(yan, "I want to talk to a human about returning it")
    why = yan.locator(".bubble-box", has_text="7 days").locator("details.why").first
    lines = why.get_by_text("Page: returns")
    expect(lines).to_be_hidden()
    why.get_by_text("Why?").click()
    expect(lines).to_be_visible()
    expect(why).to_contain_text("Read as: return policy")
    expect(why).to_contain_text("Answered by: The shop's rules")
    yan.get_by_role("button", name="中文").click()
    entry(yan, "I want to talk to a human about returning it")
    expect(why.get_by_text("依据", exact=True)).to_be_visible()
    why.get_by_text("依据", exact=True).click()
    expect(why).to_contain_text("识别为：")
