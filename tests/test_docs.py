"""The documentation says what the program does: commands, settings, links, examples."""

from __future__ import annotations

import re
import runpy
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.settings import Settings
from bot.shop.importing import fields
from bot.shop.importing.rows import Options
from bot.shop.intake.events import EventRecord
from bot.shop.intake.people import CustomerRecord, PointRecord
from bot.shop.intake.records import OrderRecord, ProductRecord

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "README.zh-CN.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMAND = re.compile(r"^(?:\.venv/bin/)?liuke (?P<words>[a-z-]+(?: [a-z-]+)?)", re.MULTILINE)


def test_the_page_of_commands_is_what_the_program_says_of_itself() -> None:
    make = runpy.run_path(str(ROOT / "docs" / "reference" / "make.py"))
    page = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert page == make["reference"](), "run `python docs/reference/make.py`"
    page = (ROOT / "docs" / "recommenders.md").read_text(encoding="utf-8")
    assert page == make["recommenders"](), "run `python docs/reference/make.py`"


def test_every_setting_is_described_with_its_default() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(LIUKE_\w+)` \| (.+?) \|", page, re.MULTILINE))
    fields = Settings.model_fields
    assert set(rows) == {f"LIUKE_{name.upper()}" for name in fields}
    for name, field in fields.items():
        if isinstance(field.default, str | int | float):
            shown = rows[f"LIUKE_{name.upper()}"].strip("`")
            assert shown == str(field.default).lower().removesuffix(".0") or shown == field.default


def test_every_column_that_is_imported_is_named() -> None:
    page = (ROOT / "docs" / "how-to" / "connect-a-shop.md").read_text(encoding="utf-8")
    options = Options(now=datetime(2026, 11, 25, tzinfo=UTC))
    kinds = {
        "customers": fields.customer_fields, "products": fields.product_fields, "orders": fields.order_fields,
        "coupons": fields.coupon_fields, "events": fields.event_fields, "orders-log": fields.log_fields,
        "addresses": fields.address_fields, "points": fields.point_fields,
    }  # fmt: skip
    for kind, made in kinds.items():
        (row,) = re.findall(rf"^\| `{kind}` \|.+$", page, re.MULTILINE)
        named = {f"{name}…" if name.endswith(".") else name for name in made(options)}
        assert named <= set(re.findall(r"`([\w.…-]+)`", row))


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("customers", CustomerRecord),
        ("products", ProductRecord),
        ("orders", OrderRecord),
        ("events", EventRecord),
        ("points", PointRecord),
    ],
)
def test_every_field_of_the_api_is_named(path: str, row: type[BaseModel]) -> None:
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    _, _, section = page.partition(f"## `POST /api/v1/{path}`")
    assert set(row.model_fields) <= set(re.findall(r"`(\w+)`", section.partition("\n## ")[0]))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_examples_exist(page: Path) -> None:
    reference = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^#+ `liuke ([a-z-]+(?: [a-z-]+)?)", reference, re.MULTILINE))
    groups = {words.split()[0] for words in known if " " in words}
    for words in _COMMAND.findall(page.read_text(encoding="utf-8")):
        first = words.split()[0]
        assert (words if first in groups else first) in known


def _anchors(file: Path) -> set[str]:
    headings = _HEADING.findall(file.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
