"""Reading values and mappings, whatever stands in the file."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.importing.fields import (
    customer_fields,
    event_fields,
    log_fields,
    order_fields,
    product_fields,
    read_mapping,
    settle,
)
from bot.shop.importing.orders_log import LogImport
from bot.shop.importing.rejects import harmless
from bot.shop.importing.rows import BadRow, Options
from bot.shop.importing.sources import KINDS, RowParser
from bot.shop.importing.told import Row
from bot.shop.importing.values import decimal, identifier, language, minor, moment_in, text, truth, whole
from kernel.columns import given as parse_columns
from kernel.tables import TableRefused

OPTIONS = Options(now=datetime(2026, 3, 2, tzinfo=UTC), zone=ZoneInfo("Asia/Shanghai"))


def money(said: Any, currency: str = "CNY") -> int | None:
    amount = decimal(said)
    return None if amount is None else minor(amount, currency)


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("12.5", 1_250), ("¥12.50", 1_250), ("1,234.50", 123_450), ("1.234,50", 123_450), ("12,50", 1_250),
        ("1,234", 123_400), ("1 234,5", 123_450), ("-3", -300), ("(3.00)", -300), (12.5, 1_250), (7, 700),
        ("12.505", 1_250), ("£2.55", 255), ("2.55 GBP", 255), ("", None), (None, None), (float("nan"), None),
        ("0", 0), ("1e3", 100_000),
    ],
)  # fmt: skip
def test_amounts_are_read_as_people_write_them(said: Any, amount: int | None) -> None:
    assert money(said) == amount


@pytest.mark.parametrize(
    "said", ["abc", "12-34", "1.2.3", "inf", "NaNs", "1e40", "12/5", "..", "٣٫٥,", float("inf")]
)
def test_what_is_no_amount_is_refused(said: Any) -> None:
    with pytest.raises(BadRow):
        money(said)


def test_currencies_have_their_own_minor_units() -> None:
    assert money("1200", "JPY") == 1_200
    assert money("1.234", "KWD") == 1_234


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-01-02 03:04:05", datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("2026/1/2 3:04", datetime(2026, 1, 1, 19, 4, tzinfo=UTC)),
        ("2026年1月2日", datetime(2026, 1, 1, 16, tzinfo=UTC)),
        ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600000", datetime(2026, 1, 1, tzinfo=UTC)),
        (1767225600, datetime(2026, 1, 1, tzinfo=UTC)),
        (date(2026, 1, 2), datetime(2026, 1, 1, 16, tzinfo=UTC)),
        (datetime(2026, 1, 2, 3), datetime(2026, 1, 1, 19, tzinfo=UTC)),  # noqa: DTZ001
        (None, None),
    ],
)
def test_times_are_read_in_the_shops_zone(said: Any, moment: datetime | None) -> None:
    assert moment_in(OPTIONS)(said) == moment


@pytest.mark.parametrize(
    "said", ["12/1/2010 8:26", "soon", "2026-13-01", "9999-12-31", "0001-01-01", "1" * 30]
)
def test_a_time_that_can_be_read_in_two_ways_or_none_is_refused(said: str) -> None:
    with pytest.raises(BadRow):
        moment_in(OPTIONS)(said)


def test_the_form_of_times_can_be_said() -> None:
    options = Options(now=OPTIONS.now, zone=ZoneInfo("UTC"), date_format="%m/%d/%Y %H:%M")
    assert moment_in(options)("12/1/2010 8:26") == datetime(2010, 12, 1, 8, 26, tzinfo=UTC)
    with pytest.raises(BadRow, match="form"):
        moment_in(options)("2010-12-01")


def test_words_lose_what_no_one_sees() -> None:
    assert text("  a\x00b\x07 ") == "ab"
    assert text("NULL") is None
    assert text(17850.0) == "17850"
    assert identifier(85123) == "85123"
    assert truth("是") is True
    assert truth("no") is False
    assert language("zh-CN") == "zh"
    assert language("de") == "en"
    with pytest.raises(BadRow):
        identifier("x" * 500)
    with pytest.raises(BadRow):
        whole("2.5")
    with pytest.raises(BadRow):
        truth("perhaps")


@given(
    st.one_of(st.text(), st.floats(), st.integers(), st.binary(), st.datetimes(), st.none(), st.booleans())
)
def test_any_value_is_read_or_refused_but_never_breaks_the_import(value: Any) -> None:
    for make in (customer_fields, product_fields, order_fields, event_fields, log_fields):
        for field in make(OPTIONS).values():
            with suppress(BadRow):
                field.parse(value)


@given(st.integers(-(10**12), 10**12))
def test_an_amount_survives_being_written_with_a_point(amount: int) -> None:
    sign = "-" if amount < 0 else ""
    written = f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02}"
    assert money(written) == amount
    grouped = f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02}"
    assert money(grouped) == amount
    assert decimal(written) is not None


@given(st.lists(st.one_of(st.text(), st.floats(), st.none()), min_size=11, max_size=11))
def test_any_row_is_taken_or_refused_but_never_breaks_the_import(values: list[Any]) -> None:
    for fields_of, importer in KINDS.values():
        fields = fields_of(OPTIONS)
        parser = RowParser(fields, {name: position % 11 for position, name in enumerate(fields)})
        if importer is LogImport:
            continue  # made from a look through the whole log: tests/bot/shop/test_orders_log.py
        made = importer(OPTIONS)
        made.take(Row(Path("f.csv"), 1, values), *parser.parse(values))
        assert callable(made.complete(True))


@given(st.text("=+-@\t\r'a1 "))
def test_no_cell_of_the_reject_file_is_a_formula(words: str) -> None:
    assert not harmless(words).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(
    st.dictionaries(
        st.text("abcxyz_", min_size=1), st.text("ABC xyz=客户", min_size=1).filter(str.strip), max_size=5
    )
)
def test_columns_said_are_columns_understood(columns: dict[str, str]) -> None:
    said = ",".join(f"{name}={column}" for name, column in columns.items())
    assert parse_columns(said) == {name: column.strip() for name, column in columns.items()}


@pytest.mark.parametrize("said", ["customer", "=x", "customer=", "a=b,c"])
def test_a_pair_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(TableRefused, match="pair"):
        parse_columns(said)


def test_a_mapping_file_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text('[columns]\ncustomer = "Kunde, Nr."\n', encoding="utf-8")
    assert read_mapping(file) == {"customer": "Kunde, Nr."}
    for broken in ("columns = 3", "[columns", "[columns]\ncustomer = 3"):
        file.write_text(broken, encoding="utf-8")
        with pytest.raises(TableRefused):
            read_mapping(file)
    with pytest.raises(TableRefused):
        read_mapping(tmp_path / "gone.toml")


def test_columns_are_recognised_by_their_own_names() -> None:
    fields = log_fields(OPTIONS)
    header = ["Invoice No", "STOCK_CODE", "描述", "qty", "invoice date", "Unit-Price", "客户编号"]
    found = settle(fields, header, None)
    assert found == {"order": 0, "item": 1, "quantity": 3, "time": 4, "price": 5, "customer": 6}
