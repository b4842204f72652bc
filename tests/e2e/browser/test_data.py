"""The page Data: files are dropped, looked at and imported; nobody but admins gets at them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.bot.shop.presets.exports import table, written
from tests.bot.shop.presets.test_shopify import JACKET, PRODUCTS
from tests.bot.shop.presets.test_shopify_orders import ORDERS, PLACED, row
from tests.e2e.browser.conftest import OpenPage, Site
from tests.e2e.browser.test_staff import sign_in
from tests.e2e.program import Program, rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_EMPTY_FILE = (
    "() => { const all = new DataTransfer(); all.items.add(new File([], 'empty.csv')); return all; }"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A program of their own, without the demo shop."""
    running = Site(Program(tmp_path_factory.mktemp("data") / "home", more={"LIUKE_DEMO": "false"}))
    try:
        running.start()
        yield running
    finally:
        running.kill()
    assert "Traceback" not in running.program.log
    assert "_export" not in running.program.log


@pytest.fixture(scope="module")
def chief(site: Site) -> str:
    return site.staff("chief", "--name", "Chief", "--role", "admin", "--language", "en")


def data(site: Site, open_page: OpenPage, login: str, password: str, **size: int) -> Page:
    page = sign_in(open_page(f"{site.address}/staff/", **size), login, password)
    page.get_by_role("link", name="Data", exact=True).click()
    expect(page.locator("[aria-current=page]")).to_have_text("Data")
    return page


def bring(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files([str(file) for file in files])


def test_shopify_s_files_are_looked_at_imported_and_reported(
    site: Site, open_page: OpenPage, chief: str, tmp_path: Path
) -> None:
    products = written(tmp_path / "products_export.csv", table(PRODUCTS, JACKET))
    bought = row("#1001", "Rain Jacket", "129.00", Lineitem_sku="'RJ-R-M") | PLACED
    bad = row("#1002", price="dear") | PLACED
    orders = written(tmp_path / "orders_export.csv", table(ORDERS, bought, bad))
    page = data(site, open_page, "chief", chief)
    bring(page, products, orders)
    expect(page.get_by_label("Where they are from")).to_have_value("Shopify")
    page.get_by_role("button", name="Preview").click()
    would = page.get_by_text("Rows: 3 read, 2 would be taken, 1 rejected.")
    expect(would).to_be_visible()
    expect(page.get_by_role("row", name="orders_export.csv 2")).to_contain_text("'dear' is not a number")
    assert rows(site.program.home, "SELECT count(*) FROM product") == [(0,)]
    # What was tried is what is imported.
    page.get_by_label("Currency").fill("EUR")
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    page.get_by_label("Currency").fill("")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Rows: 3 read, 2 taken, 1 rejected.")).to_be_visible()
    assert rows(site.program.home, "SELECT number, total FROM orders") == [("1001", 12900)]
    expect(page.locator(".import-row")).to_contain_text("products_export.csv, orders_export.csv")
    # Whoever comes back finds the report, and what was rejected.
    page.reload()
    with page.expect_download() as began:
        page.get_by_role("link", name="Download the rejected rows of orders_export.csv").click()
    assert began.value.suggested_filename == "rejects-orders_export.csv"
    assert "dear" in Path(began.value.path()).read_text("utf-8")
    assert not list((site.program.home / "uploads").iterdir())
    page.get_by_role("link", name="Who did what").click()
    expect(page.locator(".log-row").first).to_contain_text("Shopify · 2 files")


def test_a_bad_file_is_refused_in_a_sentence_and_columns_are_changed(
    site: Site, open_page: OpenPage, chief: str, tmp_path: Path
) -> None:
    page = data(site, open_page, "chief", chief)
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": page.evaluate_handle(_EMPTY_FILE)})
    expect(page.get_by_role("alert").filter(has_text="empty.csv is empty")).to_be_visible()
    page.get_by_role("button", name="Remove empty.csv").click()
    expect(page.get_by_role("button", name="Preview")).to_have_count(0)
    bring(page, written(tmp_path / "kunden.csv", "KundenNr,Name\nc1,Ann\n"))
    page.get_by_label("Where they are from").click()
    page.get_by_role("option", name="rows of customers").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("alert").filter(has_text="which column is customer?")).to_be_visible()
    page.get_by_role("combobox", name="KundenNr is taken for").click()
    page.get_by_role("option", name="customer’s number").click()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("Rows: 1 read, 1 would be taken, 0 rejected.")).to_be_visible()


def test_the_data_page_speaks_chinese_and_fits_a_telephone(
    site: Site, open_page: OpenPage, chief: str, tmp_path: Path
) -> None:
    page = data(site, open_page, "chief", chief, width=390, height=844)
    page.get_by_role("button", name="中文").click()
    expect(page.locator("[aria-current=page]")).to_have_text("数据")
    expect(page.get_by_role("button", name="选择文件")).to_be_visible()
    bring(page, written(tmp_path / "顾客.csv", "会员号,姓名\n1,林小雨\n,张三\n"))
    remove = page.get_by_role("button", name="移除 顾客.csv")
    expect(remove).to_be_visible()
    page.get_by_role("button", name="重新开始").click()
    expect(remove).to_have_count(0)
    bring(page, written(tmp_path / "会员.csv", "会员号,姓名\n1,林小雨\n,张三\n"))
    expect(page.get_by_label("文件来源")).to_have_value("顾客表")
    # By the keyboard alone.
    page.get_by_role("button", name="预览", exact=True).press("Enter")
    expect(page.get_by_text("读取 2 行：将接受 1 行，拒绝 1 行。")).to_be_visible()
    expect(page.get_by_role("row", name="会员.csv 2")).to_contain_text("customer：没有值")
    with page.expect_download() as began:
        page.get_by_role("link", name="会员.csv").click()
    assert "2,customer：没有值" in Path(began.value.path()).read_text("utf-8-sig")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nobody_else_gets_at_files(site: Site, open_page: OpenPage, chief: str) -> None:
    page = data(site, open_page, "gus", site.staff("gus", "--language", "en"))
    expect(page.get_by_text("Admins import.")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)
    address = f"{site.address}/staff/data"
    assert page.request.post(f"{address}/files?name=a.csv", data="a").status == 403
    assert page.request.get(f"{address}/rejects/0").status == 404
    stranger = open_page(f"{site.address}/healthz").request
    assert stranger.post(f"{address}/files?name=a.csv", data="a").status == 403
    assert stranger.get(f"{address}/rejects/0").status == 404
    admin = data(site, open_page, "chief", chief).request
    for path in ("rejects/99", "rejects/..%2f..%2fliuke.db", "rejects/-1", "files"):
        assert admin.get(f"{address}/{path}").status in (404, 405)
    files = [path for path in (site.program.home / "uploads").rglob("*") if path.is_file()]
    assert not [path for path in files if path.read_bytes() == b"a"]
