"""Postal addresses in messages, whole or in part."""

from __future__ import annotations

import time
from datetime import date

import pytest

from nlu import redact
from nlu.entities import ProductIndex, addresses, recognise
from nlu.normalise import normalise
from nlu.types import EntityKind

WEDNESDAY = date(2026, 11, 25)


def found(message: str, *kinds: EntityKind) -> list[str]:
    entities = recognise(message, normalise(message), WEDNESDAY, ProductIndex(()))
    return [entity.value for entity in entities if entity.kind in kinds]


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("四川省成都市武侯区天府大道1700号", "四川省成都市武侯区天府大道1700号"),
        ("成都市锦江区春熙路8号", "成都市锦江区春熙路8号"),
        ("地址改成成都市锦江区春熙路8号", "成都市锦江区春熙路8号"),
        ("北京市海淀区成府路45号", "北京市海淀区成府路45号"),
        ("深圳市福田区福成路12号3栋", "深圳市福田区福成路12号3栋"),
        ("寄到广州市天河区体育西路寄语花园3栋501", "广州市天河区体育西路寄语花园3栋501"),
        ("我住天津市和平区为民路3号", "天津市和平区为民路3号"),
        ("和平区为民路3号", "和平区为民路3号"),
        ("上海市浦东新区成山路100号", "上海市浦东新区成山路100号"),
        ("南京市玄武区北京东路41号", "南京市玄武区北京东路41号"),
        ("我在北京市海淀区中关村大街1号", "北京市海淀区中关村大街1号"),
        ("地址写成北京市朝阳区建国路88号", "北京市朝阳区建国路88号"),
        ("朝阳区阳光住宅小区5号楼", "朝阳区阳光住宅小区5号楼"),
        ("建国路8号能送到吗", "建国路8号"),
    ],
)
def test_an_address_is_found_whole(message: str, value: str) -> None:
    assert found(message, EntityKind.ADDRESS, EntityKind.DATE) == [value]


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("3号楼2单元501", "3号楼2单元501"),
        ("地址改成3号楼2单元501", "3号楼2单元501"),
        ("改成5栋1203", "5栋1203"),
        ("5栋1203室", "5栋1203室"),
        ("寄到万科翡翠5栋1203", "万科翡翠5栋1203"),
        ("换到2号楼", "2号楼"),
        ("2单元501", "2单元501"),
        ("宿舍楼502", "宿舍楼502"),
        ("武汉大学3号宿舍楼502", "武汉大学3号宿舍楼502"),
    ],
)
def test_a_part_of_an_address_is_found(message: str, value: str) -> None:
    assert found(message, EntityKind.ADDRESS, EntityKind.DATE) == [value]


@pytest.mark.parametrize(
    "address",
    [
        "123 N Main St, Austin, TX 78701",
        "350 5th Ave, New York, NY 10118",
        "45 W 34th St",
        "221 East 18th Street Apt 5",
        "45 5th Avenue, New York",
        "Unit 5, 88 George St, Sydney NSW 2000",
        "Apt 4, Oak House, Leeds",
        "15 Bethnal Green, London",
    ],
)
def test_english_addresses(address: str) -> None:
    assert found(f"send it to {address}", EntityKind.ADDRESS) == [address]
    assert redact(address) == "[address]"


@pytest.mark.parametrize(
    "message",
    [
        "还在路上 5号能到吗",
        "快递在路上说是3号到",
        "一路上坏了3号",
        "我大学3号开学",
        "学校3号放假之前能到吗",
        "iPhone 15 Pro Green",
        "phone 15 Mint Green",
        "2 Olive Green please",
        "2号楼",
        "这里有5栋1200户",
        "宿舍300元",
        "宿舍220v能用吗",
        "有3个单元测试",
        "the 5th of May",
        "a flat 4 inch box",
    ],
)
def test_what_is_no_address(message: str) -> None:
    assert found(message, EntityKind.ADDRESS) == []


@pytest.mark.parametrize(
    "message", ["地址改成3号楼2单元501", "北京市海淀区成府路45号", "南京市玄武区北京东路41号", "宿舍楼502"]
)
def test_nothing_of_an_address_is_left_in_a_log(message: str) -> None:
    assert redact(message) in {"[address]", "地址改成[address]"}


@pytest.mark.parametrize(
    "piece",
    [
        "路",
        "栋",
        "1",
        "一",
        "3号楼",
        "2单元",
        "改成",
        "宿舍楼",
        "住区",
        "省市区",
        "大学3号",
        "12 N ",
        "5th ",
        "Apt 4, Oak ",
    ],
)
def test_addresses_of_a_text_made_to_be_slow_take_bounded_time(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    began = time.thread_time()
    list(addresses.addresses(f"{text}单元路", scan=10_100))
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize("piece", ["a", "a ", "A, ", "'", "Leeds ", "1"])
def test_what_follows_a_street_is_read_in_bounded_time(piece: str) -> None:
    text = "12 Elm Road, " + piece * (10_000 // len(piece))
    began = time.thread_time()
    list(addresses.addresses(text, scan=10_100))
    assert time.thread_time() - began < 1.0
