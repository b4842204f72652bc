"""The page of codes, for a person at a till: in a browser, on the real program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import create_engine

from storage.schema import offer
from tests.e2e.browser.conftest import OpenPage, Site
from tests.e2e.browser.test_staff import sign_in
from tests.e2e.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NOW = datetime.now(UTC)
CUSTOMERS = {"customers": [{"id": "c1", "name": "王芳", "phone": "13800001234"}]}
PRODUCTS = {
    "products": [
        {"id": "p1", "code": "TEA-7", "name_zh": "明前龙井", "name_en": "Longjing tea", "list_price": 9_900,
         "currency": "CNY"}
    ]
}  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A shop with one customer, and personal prices for three products of hers, the last of which an order used."""
    running = Site(Program(tmp_path_factory.mktemp("codes") / "home", more={"LIUKE_DEMO": "false"}))
    try:
        running.start()
        _fill(running)
        yield running
    finally:
        running.kill()
    assert "Traceback" not in running.program.log


def _fill(site: Site) -> None:
    key = site.liuke("api-key").strip().splitlines()[0]
    with httpx.Client(
        base_url=f"{site.address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=30
    ) as api:
        products = [{**PRODUCTS["products"][0], "id": f"p{n}", "code": f"TEA-{n}"} for n in (1, 2, 3)]
        for path, batch in (("customers", CUSTOMERS), ("products", {"products": products})):
            api.post(f"/{path}", json=batch).raise_for_status()
        _promise(site)
        line = {"product_id": "p3", "quantity": 1, "unit_price": 9_900}
        order: dict[str, Any] = {
            "id": "o1", "number": "A1024", "customer_id": "c1", "status": "paid", "placed_at": NOW.isoformat(),
            "currency": "CNY", "coupon_code": "LKTHREE", "lines": [line],
        }  # fmt: skip
        api.post("/orders", json={"orders": [order]}).raise_for_status()
        assert api.get("/codes", params={"discrepancy": "true"}).json()["codes"][0]["code"] == "LKTHREE"


def _promise(site: Site) -> None:
    engine = create_engine(f"sqlite:///{site.program.home / 'liuke.db'}")
    rows = [
        {
            "code": code, "customer_id": "c1", "product_id": product, "price": 8_000, "list_price": 9_900, "floor": 1,
            "currency": "CNY", "reason": "asked", "reasons": [], "policy": "p", "probability": 1.0,
            "created_at": NOW - timedelta(hours=1), "valid_until": NOW + timedelta(days=2),
        }
        for code, product in (("LKONE22", "p1"), ("LKTWO33", "p2"), ("LKTHREE", "p3"))
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(offer.insert(), rows)
    engine.dispose()


@pytest.fixture(scope="module")
def passwords(site: Site) -> dict[str, str]:
    return {
        "ann": site.staff("ann", "--name", "Ann", "--language", "en"),
        "eye": site.staff("eye", "--name", "Eye", "--role", "viewer", "--language", "en"),
    }


def codes_page(site: Site, open_page: OpenPage, login: str, password: str, **size: int) -> Page:
    page = sign_in(open_page(f"{site.address}/staff/codes", **size), login, password)
    page.get_by_role("link", name="Codes", exact=True).click()
    expect(page.locator("[aria-current=page]")).to_have_text("Codes")
    return page


def scan(page: Page, code: str, label: str = "Code") -> None:
    """As a scanner does: the code, and Enter."""
    box = page.get_by_label(label, exact=True)
    box.fill(code)
    box.press("Enter")


def test_a_code_is_looked_up_used_and_given_back(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    page = codes_page(site, open_page, "ann", passwords["ann"])
    card = page.locator(".code-card")
    scan(page, "lk one 99")
    expect(page.get_by_role("status")).to_contain_text("There is no code lk one 99.")
    scan(page, " lkone 22 ")
    expect(card).to_contain_text("LKONE22")
    expect(card).to_contain_text("¥80.00 for Longjing tea")
    expect(card).to_contain_text("王芳 · 138****1234 · Customer c1")
    card.get_by_role("button", name="Use").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Order number, or phone").fill("5678")
    dialog.get_by_role("button", name="Use").click()
    expect(page.get_by_text("This is no order of the code's customer")).to_be_visible()
    dialog.get_by_label("Order number, or phone").fill("1234")
    dialog.get_by_role("button", name="Use").click()
    expect(card).to_contain_text("without an order")
    expect(card.get_by_text("used", exact=True)).to_be_visible()
    card.get_by_role("button", name="Give back").click()
    dialog.get_by_role("button", name="Give back").click()
    expect(card.get_by_text("holds", exact=True)).to_be_visible()
    page.get_by_role("link", name="Who did what").click()
    rows = page.locator(".log-row")
    for number, words in enumerate(["gave a code back", "used a code"]):
        expect(rows.nth(number)).to_contain_text(words)
        expect(rows.nth(number).locator(".log-who")).to_have_text("you")


def test_what_differs_is_shown_on_a_telephone_in_chinese(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    page = codes_page(site, open_page, "ann", passwords["ann"], width=390, height=844)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("[aria-current=page]")).to_have_text("优惠码")
    differing = page.locator(".differing")
    expect(differing).to_contain_text("与承诺不符的订单：1 个")
    expect(differing).to_contain_text("单件实付 ¥99.00，承诺价 ¥80.00。")
    scan(page, "lkthree", "优惠码")
    expect(page.locator(".code-card")).to_contain_text("由订单 A1024 使用")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_how_many_are_linked_is_shown(
    site: Site, open_page: OpenPage, passwords: dict[str, str], tmp_path: Path
) -> None:
    site.liuke("customer", "links", str(tmp_path / "links.csv"))
    page = codes_page(site, open_page, "ann", passwords["ann"])
    page.get_by_role("link", name="Outreach", exact=True).click()
    reach = page.locator(".reach")
    expect(reach).to_contain_text("Of all: 0 of 1 (0.0 %)")
    expect(reach).to_contain_text("Of those given a link: 0 of 1 (0.0 %)")


def test_who_may_only_look_has_nothing_to_press(
    site: Site, open_page: OpenPage, passwords: dict[str, str]
) -> None:
    page = codes_page(site, open_page, "eye", passwords["eye"])
    scan(page, "LKONE22")
    expect(page.locator(".code-card")).to_contain_text("LKONE22")
    # The next one is scanned into the same box, with nobody's hand at it.
    page.keyboard.type("LKTWO33\n")
    expect(page.locator(".code-card")).to_contain_text("LKTWO33")
    expect(page.locator(".code-card").get_by_role("button")).to_have_count(0)
    (entry,) = [one for one in json.loads(site.liuke("codes", "list", "--json")) if one["code"] == "LKTWO33"]
    assert entry["state"] == "live"
