"""Youzan's exports: orders in one file or in two, goods by 规格, and customers without an id."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.shop.importing.presets import cleaning
from bot.shop.intake.records import CustomerRecord, OrderRecord, ProductRecord
from tests.bot.shop.presets.exports import read, table, written

CUSTOMERS = (
    "客户姓名,客户昵称,客户手机号,客户生日,客户性别,标签,是否会员,成长值,免费等级,付费等级,权益卡,客户积分,客户储值余额,"
    "消费次数,消费金额,成为客户时间,"
)
ORDERS = (
    "订单号,订单状态,订单创建时间,买家付款时间,付款方式,订单实付金额,运费,店铺优惠合计,买家姓名,买家手机号,商品名称,商品规格,"
    "规格编码,商品编码,商品单价,商品数量,收货人/提货人,收货人手机号/提货人手机号,收货人城市,详细收货地址/提货地址,"
    "商品发货物流公司,商品发货物流单号,订单已退款金额"
)
HEADS = (
    "订单号,销售渠道,归属店铺,订单类型,订单状态,订单来源,订单创建时间,买家付款时间,交易成功时间,付款方式,支付流水号,"
    "商品金额合计,运费,店铺优惠合计,应收订单金额,订单实付金额,全部商品名称,商品种类数,收货人省份,收货人城市,收货人地区,"
    "详细收货地址/提货地址,收货人/提货人,收货人手机号/提货人手机号,买家备注,买家昵称,买家手机号,分销员,订单退款状态,"
    "订单已退款金额,分销员"
)
LINES = (
    "订单号,外部订单号,订单商品状态,交易成功时间,商品名称,商品类型,商品类目,商品规格,规格编码,商品编码,商品单价,"
    "商品优惠方式,商品优惠后价格,商品数量,商品金额小计,商品实际成交金额,收货人/提货人,商品发货状态,商品发货物流公司,"
    "商品发货物流单号,商品退款状态,商品已退款金额"
)
GOODS = "商品名称,商品分组,商品规格,价格,划线价,库存,商品编码,规格编码,成本价,商品状态,商品图片"
ORDER = {
    "订单号": "E20261120090200000100001",
    "订单状态": "商家已发货",
    "订单创建时间": "2026/11/20 9:02",
    "买家付款时间": "2026/11/20 9:05",
    "付款方式": "微信支付",
    "订单实付金额": "￥1,108.00",
    "运费": "￥10.00",
    "店铺优惠合计": "￥-2.00",
    "买家手机号": "13911112222",
    "商品名称": "羊绒围巾",
    "商品规格": "颜色:红色",
    "规格编码": "SC-R",
    "商品单价": "￥1,000.00",
    "商品数量": "1",
    "收货人/提货人": "林小雨",
    "收货人手机号/提货人手机号": "139****2222",
    "收货人城市": "杭州市",
    "详细收货地址/提货地址": "浙江省杭州市西湖区文三路1号",
    "商品发货物流公司": "顺丰速运",
    "商品发货物流单号": "SF1",
}
SECOND = {"商品名称": "手套", "商品规格": "麦田", "商品单价": "￥50.00", "商品数量": "2"}
SECOND |= {"商品发货物流公司": "顺丰速运", "商品发货物流单号": "SF1"}
AT = datetime(2026, 11, 20, 1, 2, tzinfo=UTC)
TOLD = {
    "number": "E20261120090200000100001",
    "status": "shipped",
    "phone": "13911112222",
    "placed_at": AT,
    "paid_at": datetime(2026, 11, 20, 1, 5, tzinfo=UTC),
    "currency": "CNY",
    "payment_method": "微信支付",
    "total": 110800,
    "discount": 200,
    "shipping_fee": 1000,
    "ship_to": {"recipient": "林小雨", "city": "杭州市", "line": "浙江省杭州市西湖区文三路1号"},
    "lines": [
        {"product_id": "SC-R", "quantity": 1, "unit_price": 100000},
        {"product_id": cleaning.named_id("手套", "麦田"), "quantity": 2, "unit_price": 5000},
    ],
    "parcels": [{"carrier": "顺丰速运", "tracking_number": "SF1"}],
}


def orders(tmp_path: Path, *rows: dict[str, str]) -> Path:
    return written(tmp_path / "orders.csv", table(ORDERS, *rows), "utf-8-sig")


def test_lines_without_a_number_belong_to_the_order_above(tmp_path: Path) -> None:
    other = ORDER | {"订单号": "E2", "订单状态": "交易完成"}
    came = read("youzan", [orders(tmp_path, ORDER, SECOND, other)])
    assert came.records[0] == TOLD
    assert (came.records[1]["number"], came.records[1]["status"]) == ("E2", "delivered")
    assert came.rows == [[1, 2], [3]]


def test_two_files_say_the_same_as_one(tmp_path: Path) -> None:
    names = HEADS.split(",")
    head = {name: value for name, value in ORDER.items() if name in names}
    lines = [
        {name: value for name, value in row.items() if name in LINES.split(",")} | {"订单号": ORDER["订单号"]}
        for row in (ORDER, SECOND)
    ]
    files = [
        written(tmp_path / "l.csv", table(LINES, *lines)),
        written(tmp_path / "h.csv", table(HEADS, head)),
    ]
    assert read("youzan", files).records == [TOLD]
    assert read("youzan", files[::-1]).records == [TOLD]


@pytest.mark.parametrize(
    ("said", "paid", "status"),
    [
        ("等待买家付款", False, "placed"),
        ("等待商家发货", True, "paid"),
        ("待成团", True, "paid"),
        ("商家已发货", True, "shipped"),
        ("交易完成", True, "delivered"),
        ("交易关闭", True, "cancelled"),
        ("交易关闭", False, "cancelled"),
    ],
)
def test_statuses_with_and_without_payment(tmp_path: Path, said: str, paid: bool, status: str) -> None:
    cells = {"订单状态": said} | ({} if paid else {"买家付款时间": "-"})
    (came,) = read("youzan", [orders(tmp_path, ORDER | cells)]).records
    assert (came["status"], "paid_at" in came) == (status, paid)


def test_refunds_in_part_are_kept(tmp_path: Path) -> None:
    (came,) = read("youzan", [orders(tmp_path, ORDER | {"订单已退款金额": "50.00"})]).records
    assert came["refunds"] == [{"amount": 5000, "currency": "CNY", "status": "paid"}]


def test_lines_sent_apart_are_in_parcels_of_their_own(tmp_path: Path) -> None:
    second = SECOND | {"商品发货物流公司": "中通快递", "商品发货物流单号": "ZT2"}
    (came,) = read("youzan", [orders(tmp_path, ORDER, second)]).records
    scarf, gloves = (line["product_id"] for line in TOLD["lines"])
    assert came["parcels"] == [
        {"carrier": "顺丰速运", "tracking_number": "SF1", "lines": [{"product_id": scarf, "quantity": 1}]},
        {"carrier": "中通快递", "tracking_number": "ZT2", "lines": [{"product_id": gloves, "quantity": 2}]},
    ]
    both = SECOND | {"商品发货物流单号": "SF1,ZT2"}
    (came,) = read("youzan", [orders(tmp_path, ORDER, both)]).records
    assert [box["lines"] for box in came["parcels"]] == [
        [{"product_id": scarf, "quantity": 1}, {"product_id": gloves}], [{"product_id": gloves}]
    ]  # fmt: skip


def test_a_line_that_has_not_left_is_in_no_parcel(tmp_path: Path) -> None:
    names = HEADS.split(",")
    head = {name: value for name, value in ORDER.items() if name in names} | {"订单状态": "部分发货"}
    unsent = SECOND | {"商品发货物流公司": "", "商品发货物流单号": "", "商品发货状态": "待发货"}
    lines = [
        {name: value for name, value in row.items() if name in LINES.split(",")} | {"订单号": ORDER["订单号"]}
        for row in (ORDER | {"商品发货状态": "已发货"}, unsent)
    ]
    files = [
        written(tmp_path / "l.csv", table(LINES, *lines)),
        written(tmp_path / "h.csv", table(HEADS, head)),
    ]
    (came,) = read("youzan", files).records
    assert came["status"] == "shipped"
    assert [box["lines"] for box in came["parcels"]] == [[{"product_id": "SC-R", "quantity": 1}]]


def test_a_bad_line_refuses_its_whole_order(tmp_path: Path) -> None:
    rows = ORDER, SECOND | {"商品单价": "面议"}, ORDER | {"订单号": "E2"}
    came = read("youzan", [orders(tmp_path, *rows)])
    assert [one["number"] for one in came.records] == ["E2"]
    assert came.refused == [([1, 2], "商品单价", "'面议' is not a number", 2)]


def test_a_file_cut_in_the_middle_keeps_its_last_order_out(tmp_path: Path) -> None:
    whole = table(ORDERS, ORDER | {"订单号": "E2"}, ORDER, SECOND)
    came = read("youzan", [written(tmp_path / "o.csv", whole[: whole.index("麦田") + 2], "gbk")])
    assert [one["number"] for one in came.records] == ["E2"]
    assert [rows for rows, *_ in came.refused] == [[2, 3]]


def test_an_order_without_lines_is_refused(tmp_path: Path) -> None:
    names = HEADS.split(",")
    head = {name: value for name, value in ORDER.items() if name in names}
    came = read("youzan", [written(tmp_path / "h.csv", table(HEADS, head))])
    reason = "its goods are in none of the files: add the 订单报表 of the same time by 商品维度"
    assert came.refused == [([1], "订单号", reason, 1)]


def test_goods_are_told_by_their_specification(tmp_path: Path) -> None:
    rows = (
        {
            "商品名称": "羊绒围巾",
            "商品分组": "冬季新品,围巾",
            "商品规格": "颜色:红色",
            "价格": "￥1,000.00",
            "划线价": "1200",
            "库存": "3",
            "商品编码": "SC",
            "规格编码": "SC-R",
            "成本价": "400",
            "商品状态": "销售中",
            "商品图片": "https://img.example.com/1.jpg",
        },
        {"商品规格": "颜色:蓝色", "价格": "1000", "库存": "0"},
        {"商品名称": "手套", "商品规格": "麦田", "价格": "50", "库存": "9", "商品状态": "已下架"},
        {"商品名称": "手套", "商品规格": "星空", "价格": "五十", "库存": "9"},
    )
    goods = written(tmp_path / "goods.csv", table(GOODS, *rows), "gbk")
    came = read("youzan", [orders(tmp_path, ORDER, SECOND), goods])
    shared = {"currency": "CNY"}
    scarf = shared | {
        "category": {"id": "冬季新品", "name_zh": "冬季新品"},
        "picture": "https://img.example.com/1.jpg",
        "active": True,
        "list_price": 100000,
    }
    assert came.of(ProductRecord) == [
        scarf
        | {
            "id": "SC-R",
            "code": "SC-R",
            "name": "羊绒围巾，颜色 红色",
            "attributes": {"颜色": {"zh": ("颜色", "红色"), "en": ("颜色", "红色")}},
            "cost": 40000,
            "stock": 3,
        },
        scarf
        | {
            "id": cleaning.named_id("SC", "颜色:蓝色"),
            "code": "SC",
            "name": "羊绒围巾，颜色 蓝色",
            "attributes": {"颜色": {"zh": ("颜色", "蓝色"), "en": ("颜色", "蓝色")}},
            "cost": None,
            "stock": 0,
        },
        shared
        | {
            "id": cleaning.named_id("手套", "麦田"),
            "name": "手套，麦田",
            "list_price": 5000,
            "cost": None,
            "stock": 9,
            "active": False,
        },
    ]
    assert came.refused == [([4], "价格", "'五十' is not a number", 4)]
    assert [line["product_id"] for line in came.of(OrderRecord)[0]["lines"]] == [
        "SC-R",
        cleaning.named_id("手套", "麦田"),
    ]


def test_customers_are_known_by_their_phone_number(tmp_path: Path) -> None:
    rows = (
        {
            "客户姓名": "林小雨",
            "客户昵称": "雨",
            "客户手机号": "'13911112222",
            "免费等级": "黄金会员",
            "客户积分": "200",
            "成为客户时间": "2024-01-01 10:00:00",
        },
        {"客户昵称": "沙拉", "客户手机号": "13800138000", "客户积分": "0"},
        {"客户姓名": "佚名", "客户手机号": "186******05", "客户积分": "0"},
    )
    came = read("youzan", [written(tmp_path / "c.csv", table(CUSTOMERS, *rows), "gbk")])
    assert came.of(CustomerRecord) == [
        {
            "id": "13911112222",
            "name": "林小雨",
            "phone": "13911112222",
            "tier": "黄金会员",
            "points": 200,
            "created_at": datetime(2024, 1, 1, 2, tzinfo=UTC),
        },
        {"id": "13800138000", "name": "沙拉", "phone": "13800138000", "points": 0},
    ]
    assert came.left_out == [([3], "a customer without an id, an e-mail address and a phone number")]
