"""Taobao's exports: orders and their goods in two files, joined; numbers as spreadsheets are told to keep them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.shop.importing.presets import cleaning
from bot.shop.intake.records import OrderRecord, ProductRecord
from tests.bot.shop.presets.exports import read, table, written

ORDERS = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,"
    "买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,"
    "宝贝标题 ,宝贝种类 ,物流单号 ,物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,"
    "发票抬头,是否手机订单,修改后的sku,修改后的收货地址,异常信息,退款金额"
)
DETAILS = "订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码"
GOODS = "商品ID,商品标题,类目,销售属性,价格,库存,商家编码,商品状态,主图,商品链接"
NUMBER = "1958320014402156790"
ORDER = {
    "订单编号": f'="{NUMBER}"',
    "买家会员名": "tb_88**21",
    "买家应付货款": "229.00",
    "买家应付邮费": "10.00",
    "总金额": "239.00",
    "买家实际支付金额": "239.00",
    "订单状态": "卖家已发货，等待买家确认",
    "收货人姓名": "林小雨",
    "收货地址 ": "浙江省 杭州市 西湖区 文三路 1 号",
    "联系手机": "'13911112222",
    "订单创建时间": "2026-11-20 09:02:11",
    "订单付款时间 ": "2026-11-20 09:03:00",
    "宝贝标题 ": "连衣裙",
    "物流单号 ": "No:SF1400123456789",
    "物流公司": "顺丰速运",
    "退款金额": "0.00",
}
LINES = (
    {
        "订单编号": f'="{NUMBER}"',
        "标题": "碎花连衣裙",
        "价格": "199.00",
        "购买数量": "1",
        "商品属性": "颜色分类：红色；尺码：M",
        "商家编码": "DR-R-M",
    },
    {
        "订单编号": f'="{NUMBER}"',
        "标题": "发带",
        "价格": "20.00",
        "购买数量": "2",
        "商品属性": "颜色分类:红色",
    },
)


def orders(tmp_path: Path, *rows: dict[str, str], name: str = "ExportOrderList.csv") -> Path:
    return written(tmp_path / name, table(ORDERS, *rows), "gbk")


def details(tmp_path: Path, *rows: dict[str, str], name: str = "ExportOrderDetailList.csv") -> Path:
    return written(tmp_path / name, table(DETAILS, *rows), "gbk")


def numbered(row: dict[str, str], number: int) -> dict[str, str]:
    return row | {"订单编号": f'="{number}"'}


def test_an_order_and_its_goods_are_joined(tmp_path: Path) -> None:
    came = read("taobao", [details(tmp_path, *LINES), orders(tmp_path, ORDER)])
    assert came.records == [
        {
            "number": NUMBER,
            "status": "shipped",
            "phone": "13911112222",
            "placed_at": datetime(2026, 11, 20, 1, 2, 11, tzinfo=UTC),
            "paid_at": datetime(2026, 11, 20, 1, 3, tzinfo=UTC),
            "currency": "CNY",
            "total": 23900,
            "discount": 1000,
            "shipping_fee": 1000,
            "ship_to": {
                "recipient": "林小雨",
                "phone": "13911112222",
                "city": "杭州市",
                "line": "浙江省 杭州市 西湖区 文三路 1 号",
            },
            "lines": [
                {"product_id": "DR-R-M", "quantity": 1, "unit_price": 19900},
                {
                    "product_id": cleaning.named_id("发带", "颜色分类", "红色"),
                    "quantity": 2,
                    "unit_price": 2000,
                },
            ],
            "parcels": [{"carrier": "顺丰速运", "tracking_number": "SF1400123456789"}],
        }
    ]
    assert came.rows == [[1, 1, 2]]
    assert came.refused == []


@pytest.mark.parametrize(
    ("said", "paid", "status"),
    [
        ("等待买家付款", False, "placed"),
        ("买家已付款，等待卖家发货", True, "paid"),
        ("卖家部分发货", True, "shipped"),
        ("卖家已发货,等待买家确认", True, "shipped"),
        ("交易成功", True, "delivered"),
        ("交易关闭", True, "cancelled"),
        ("交易关闭", False, "cancelled"),
        ("付款以后用户退款成功，交易自动关闭", True, "returned"),
        ("付款以前，卖家或买家主动关闭交易", False, "cancelled"),
    ],
)
def test_statuses_with_and_without_payment(tmp_path: Path, said: str, paid: bool, status: str) -> None:
    cells = {"订单状态": said} | ({} if paid else {"订单付款时间 ": ""})
    (came,) = read("taobao", [orders(tmp_path, ORDER | cells), details(tmp_path, *LINES)]).records
    assert (came["status"], "paid_at" in came) == (status, paid)


def test_refunds_changed_addresses_and_masked_numbers(tmp_path: Path) -> None:
    cells = {"退款金额": "20.00", "修改后的收货地址": "上海市 上海市 静安区 1 号", "联系手机": "139****2222"}
    (came,) = read("taobao", [orders(tmp_path, ORDER | cells), details(tmp_path, *LINES)]).records
    assert came["refunds"] == [{"amount": 2000, "currency": "CNY", "status": "paid"}]
    assert came["ship_to"] == {"recipient": "林小雨", "city": "上海市", "line": "上海市 上海市 静安区 1 号"}
    assert "phone" not in came


def test_several_parcels_have_their_carriers(tmp_path: Path) -> None:
    cells = {"物流单号 ": "No:SF1,No:YT2", "物流公司": "顺丰速运,圆通速递"}
    (came,) = read("taobao", [orders(tmp_path, ORDER | cells), details(tmp_path, *LINES)]).records
    assert came["parcels"] == [
        {"carrier": "顺丰速运", "tracking_number": "SF1"},
        {"carrier": "圆通速递", "tracking_number": "YT2"},
    ]


@pytest.mark.parametrize(
    ("first", "second", "within"),
    [
        ("卖家已发货，等待买家确认", "买家已付款，等待卖家发货", ["DR-R-M"]),
        ("卖家已发货，等待买家确认", "卖家已发货，等待买家确认", None),
        ("卖家已发货，等待买家确认", "交易关闭", None),
    ],
)
def test_goods_that_have_not_left_are_in_no_parcel(
    tmp_path: Path, first: str, second: str, within: list[str] | None
) -> None:
    lines = (LINES[0] | {"订单状态": first}, LINES[1] | {"订单状态": second})
    (came,) = read("taobao", [orders(tmp_path, ORDER), details(tmp_path, *lines)]).records
    (box,) = came["parcels"]
    assert [line["product_id"] for line in box.get("lines", ())] == (within or [])


def test_goods_may_say_their_own_tracking_number(tmp_path: Path) -> None:
    lines = (LINES[0] | {"物流单号": "No:SF1", "物流公司": "顺丰速运"}, LINES[1] | {"物流单号": "No:YT2"})
    goods = written(tmp_path / "d.csv", table(f"{DETAILS},物流单号,物流公司", *lines), "gbk")
    (came,) = read("taobao", [orders(tmp_path, ORDER), goods]).records
    assert [(box["tracking_number"], box["lines"][0]["quantity"]) for box in came["parcels"]] == [
        ("SF1", 1), ("YT2", 2)
    ]  # fmt: skip


def test_an_order_without_its_goods_is_refused_and_goods_without_their_order(tmp_path: Path) -> None:
    files = [
        orders(tmp_path, ORDER, numbered(ORDER, 2)),
        details(tmp_path, *LINES, numbered(LINES[0], 3), numbered(LINES[1], 3)),
    ]
    came = read("taobao", files)
    assert [one["number"] for one in came.records] == [NUMBER]
    assert came.refused == [
        (
            [2],
            "订单编号",
            "its goods are in none of the files: add the 宝贝报表 (ExportOrderDetailList) of the same time",
            2,
        ),
        (
            [3, 4],
            "",
            "its order is in none of the files: add 订单报表 (ExportOrderList) of the same time",
            None,
        ),
    ]


def test_goods_alone_are_refused(tmp_path: Path) -> None:
    came = read("taobao", [details(tmp_path, *LINES)])
    assert came.records == []
    assert [rows for rows, *_ in came.refused] == [[1, 2]]
    assert "says nothing of the orders themselves" in came.refused[0][2]


def test_a_bad_line_refuses_its_whole_order(tmp_path: Path) -> None:
    rows = LINES[0], LINES[1] | {"购买数量": "两件"}, numbered(LINES[0], 2)
    came = read("taobao", [orders(tmp_path, ORDER, numbered(ORDER, 2)), details(tmp_path, *rows)])
    assert [one["number"] for one in came.records] == ["2"]
    assert came.refused == [([1, 1, 2], "购买数量", "'两件' is not a number", 2)]


def test_goods_cut_in_the_middle_refuse_their_order(tmp_path: Path) -> None:
    whole = table(DETAILS, numbered(LINES[0], 2), *LINES)
    cut = written(tmp_path / "d.csv", whole[: whole.index("发带") + 1], "gbk")
    came = read("taobao", [cut, orders(tmp_path, ORDER, numbered(ORDER, 2))])
    assert [one["number"] for one in came.records] == ["2"]
    ((rows, _, reason, bad),) = came.refused
    assert (rows, bad, reason) == ([1, 2, 3], 3, "2 values for 10 columns")


def test_months_come_in_files_of_their_own_in_any_order(tmp_path: Path) -> None:
    files = [
        orders(tmp_path, ORDER, name="10.csv"),
        orders(tmp_path, numbered(ORDER, 2), name="11.csv"),
        # The same order in two exports is one order: the last file's goods count, not both.
        details(tmp_path, *LINES, name="10-lines.csv"),
        details(tmp_path, numbered(LINES[0], 2), *LINES, name="11-lines.csv"),
    ]
    came = [read("taobao", one) for one in itertools.permutations(files)]
    for one in came:
        assert one.refused == []
        assert {order["number"]: len(order["lines"]) for order in one.records} == {NUMBER: 2, "2": 1}


def test_goods_are_known_by_their_code_or_title_and_properties(tmp_path: Path) -> None:
    rows = (
        {
            "商品标题": "碎花连衣裙",
            "类目": "女装/连衣裙",
            "销售属性": "颜色分类:红色;尺码:M",
            "价格": "￥199.00",
            "库存": "１２",
            "商家编码": "DR-R-M",
            "商品状态": "出售中",
            "主图": "//img.example.com/1.jpg",
            "商品链接": "https://item.example.com/1",
        },
        {"商品标题": "发带", "销售属性": "颜色分类：红色", "价格": "20", "库存": "5", "商品状态": "仓库中"},
        {"商品标题": "帽子", "价格": "30", "库存": "1", "商品状态": "飞走了"},
    )
    goods = written(tmp_path / "goods.csv", table(GOODS, *rows, separator="\t"), "utf-16")
    came = read("taobao", [goods, orders(tmp_path, ORDER), details(tmp_path, *LINES)])
    red = ("颜色分类", "红色")
    assert came.of(ProductRecord) == [
        {
            "id": "DR-R-M",
            "code": "DR-R-M",
            "name": "碎花连衣裙，颜色分类 红色，尺码 M",
            "category": {"id": "女装 > 连衣裙", "name_zh": "连衣裙"},
            "attributes": {
                "颜色分类": {"zh": red, "en": red},
                "尺码": {"zh": ("尺码", "M"), "en": ("尺码", "M")},
            },
            "list_price": 19900,
            "currency": "CNY",
            "stock": 12,
            "picture": "https://img.example.com/1.jpg",
            "url": "https://item.example.com/1",
            "active": True,
        },
        {
            "id": cleaning.named_id("发带", *red),
            "name": "发带，颜色分类 红色",
            "attributes": {"颜色分类": {"zh": red, "en": red}},
            "list_price": 2000,
            "currency": "CNY",
            "stock": 5,
            "active": False,
        },
    ]
    assert came.refused == [([3], "商品状态", "'飞走了' is no status that is known of goods", 3)]
    (order,) = came.of(OrderRecord)
    assert [line["product_id"] for line in order["lines"]] == [one["id"] for one in came.of(ProductRecord)]
