"""What messages name, in both languages."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.entities import ProductIndex, recognise
from nlu.entities.numbers import chinese_number
from nlu.normalise import normalise
from nlu.types import CatalogueEntry, EntityKind

WEDNESDAY = date(2026, 11, 25)
SHOP = ProductIndex(
    [
        CatalogueEntry(
            product_id="p1", names=("云朵降噪蓝牙耳机", "Cloud noise-cancelling headphones", "CL-1024")
        ),
        CatalogueEntry(product_id="p2", names=("山野保温杯", "Ridge vacuum flask", "RF-5520")),
        CatalogueEntry(product_id="p3", names=("晨露精华液", "Morning Dew serum", "MD-77")),
        CatalogueEntry(product_id="p4", names=("山野登山杖", "Ridge trekking poles", "TP-9")),
    ]
)


def found(message: str, kind: EntityKind) -> list[str]:
    entities = recognise(message, normalise(message), WEDNESDAY, SHOP)
    return [entity.value for entity in entities if entity.kind is kind]


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("订单1024到哪了", "1024"),
        ("我的订单号是LK000934，帮我查下", "LK000934"),
        ("where is order #1024?", "1024"),
        ("Hi, has order 88213-K been dispatched yet?", "88213-K"),
        ("order no. 6600-1482 please", "6600-1482"),
        ("LK-20931", "LK-20931"),
        ("1024", "1024"),
        ("帮我看看20260131555这个", "20260131555"),
        ("订单 ９９２０－４４３ 呢", "9920-443"),
        ("my order number is lk-20931 thx", "LK-20931"),
    ],
)
def test_order_numbers(message: str, value: str) -> None:
    assert found(message, EntityKind.ORDER_NUMBER) == [value]


@pytest.mark.parametrize(
    "message",
    [
        "where is my order",
        "order for 2 pairs",
        "2026年买的",
        "我要退订单里的耳机",
        "花了3000元",
        "手机13800138000",
    ],
)
def test_no_order_number_where_there_is_none(message: str) -> None:
    assert found(message, EntityKind.ORDER_NUMBER) == []


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("后天能到吗", "2026-11-27"),
        ("大后天呢", "2026-11-28"),
        ("下周五之前要", "2026-12-04"),
        ("周六送可以吗", "2026-11-28"),
        ("上周三买的", "2026-11-18"),
        ("12月3号", "2026-12-03"),
        ("十一月二十八日", "2026-11-28"),
        ("2026-12-01发货", "2026-12-01"),
        ("3天前下的单", "2026-11-22"),
        ("两周后", "2026-12-09"),
        ("will it come by next Friday", "2026-12-04"),
        ("can you deliver on Saturday?", "2026-11-28"),
        ("tomorrow please", "2026-11-26"),
        ("the day after tomorrow", "2026-11-27"),
        ("in 3 days", "2026-11-28"),
        ("I bought it two weeks ago", "2026-11-11"),
        ("before December 24th", "2026-12-24"),
        ("before 24 Dec", "2026-12-24"),
        ("need it by the 28th", "2026-11-28"),
        ("圣诞节前", "2026-12-25"),
    ],
)
def test_dates(message: str, value: str) -> None:
    assert found(message, EntityKind.DATE) == [value]


def test_an_impossible_date_is_no_date() -> None:
    assert found("2月31号", EntityKind.DATE) == []


@pytest.mark.parametrize(
    ("message", "kind", "value"),
    [
        ("50块行不行", EntityKind.AMOUNT, "50"),
        ("我付了￥1,299.50", EntityKind.AMOUNT, "1299.50"),
        ("两百五十块", EntityKind.AMOUNT, "250"),
        ("charged $49.99 twice", EntityKind.AMOUNT, "49.99"),
        ("it was 30 pounds", EntityKind.AMOUNT, "30"),
        ("5块5一个", EntityKind.AMOUNT, "5.5"),
        ("我要两双", EntityKind.QUANTITY, "2"),
        ("买10件有优惠吗", EntityKind.QUANTITY, "10"),
        ("I need 2 pairs", EntityKind.QUANTITY, "2"),
        ("a couple of bottles", EntityKind.QUANTITY, "2"),
        ("换成L码", EntityKind.SIZE, "L"),
        ("XXL还有吗", EntityKind.SIZE, "XXL"),
        ("42码的鞋", EntityKind.SIZE, "42"),
        ("do you have it in size M?", EntityKind.SIZE, "M"),
        ("in a medium", EntityKind.SIZE, "M"),
        ("黑色的有吗", EntityKind.COLOUR, "black"),
        ("深蓝色", EntityKind.COLOUR, "dark blue"),
        ("the navy blue one", EntityKind.COLOUR, "navy"),
        ("电话13800138000", EntityKind.PHONE, "13800138000"),
        ("call +44 7911 123456", EntityKind.PHONE, "+447911123456"),
        ("邮箱ming.li@example.com谢谢", EntityKind.EMAIL, "ming.li@example.com"),
        ("地址改成北京市朝阳区建国路88号2栋301室", EntityKind.ADDRESS, "北京市朝阳区建国路88号2栋301室"),
        ("send it to 12 Baker Street, London", EntityKind.ADDRESS, "12 Baker Street, London"),
    ],
)
def test_other_kinds(message: str, kind: EntityKind, value: str) -> None:
    assert found(message, kind) == [value]


@pytest.mark.parametrize(
    ("message", "product"),
    [
        ("云朵降噪蓝牙耳机多少钱", "p1"),
        ("云朵降燥蓝牙耳机有货吗", "p1"),
        ("how much are the cloud noise cancelling headphones", "p1"),
        ("do you still have the ridge vacum flask", "p2"),
        ("md-77 还有吗", "p3"),
        ("山野登山杖", "p4"),
    ],
)
def test_products_by_name_and_code(message: str, product: str) -> None:
    assert found(message, EntityKind.PRODUCT) == [product]


@pytest.mark.parametrize("message", ["我的快递呢", "hello", "where is my parcel", "谢谢", "1024"])
def test_no_product_where_none_is_named(message: str) -> None:
    assert found(message, EntityKind.PRODUCT) == []


def test_a_hundred_thousand_products_take_little_time() -> None:
    makers = ["云朵", "山野", "晨露", "星河", "北木", "青禾", "白露", "赤峰", "海棠", "松间"]
    things = ["蓝牙耳机", "保温杯", "登山杖", "精华液", "连衣裙", "运动鞋", "台灯", "背包", "键盘", "咖啡豆"]
    index = ProductIndex(
        [
            CatalogueEntry(
                product_id=f"p{i}", names=(f"{makers[i % 10]}{things[i // 10 % 10]}{i}号", f"SKU-{i:06}")
            )
            for i in range(50_000)
        ]
    )
    texts = [
        "你好，我想问一下星河保温杯4213号还有没有货，可以今天发吗",
        "SKU-031234多少钱",
        "我的快递到哪里了，怎么还没有到",
    ]
    for text in texts:
        index.find(text)
    times = []
    for text in texts * 20:
        began = time.perf_counter()
        index.find(text)
        times.append(time.perf_counter() - began)
    assert sorted(times)[len(times) // 2] < 0.005
    assert [span.value for span in index.find(texts[1])] == ["p31234"]
    assert index.find(texts[0])[0].value == "p4213"


def test_spans_point_into_the_message_as_received() -> None:
    message = "  订单\u200b号：ＬＫ－２０９３１　谢谢"
    (entity,) = recognise(message, normalise(message), WEDNESDAY, SHOP)
    assert message[entity.start : entity.end] == entity.text == "ＬＫ－２０９３１"
    assert entity.value == "LK-20931"


@given(st.text(max_size=300))
def test_recognising_never_fails_and_spans_hold(message: str) -> None:
    for entity in recognise(message, normalise(message), WEDNESDAY, SHOP):
        assert 0 <= entity.start < entity.end <= len(message)
        assert message[entity.start : entity.end] == entity.text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("两百五", 250),
        ("一千二", 1200),
        ("二十", 20),
        ("十五", 15),
        ("一百零五", 105),
        ("三", 3),
        ("一万二", 12000),
        ("啊", None),
    ],
)
def test_chinese_numbers(text: str, number: int | None) -> None:
    assert chinese_number(text) == number
