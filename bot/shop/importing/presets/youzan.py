"""有赞 Youzan: what its 商家后台 exports.

No page of Youzan's that is open to all lists the columns; these are what public programs that read such files name:

- 订单报表: in its older form one file with an order's number on the first of its lines only, or two, 订单维度 with what
  is true of an order (a header of 2026) and 商品维度 with its lines (one of 2022), joined by 订单号;
- 商品导出, a row for each 规格; nothing public says how it calls all columns, so several names of each are known;
- 客户导出, by a header of 2026, which has no id: customers are known by their phone number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.shop.importing.presets import cleaning, statuses, telling
from bot.shop.importing.presets.columns import Reading, cell, code, moment, money, text, whole
from bot.shop.importing.presets.preset import Preset
from bot.shop.importing.presets.shapes import Group, Read, Result, Shape, Unfit
from bot.shop.importing.presets.taobao import is_sold
from kernel.sentence import Sentence

CUSTOMERS = {
    "name": text("客户姓名", "姓名", "客户昵称", "昵称"),
    "nickname": text("客户昵称", "昵称"),
    "phone": cell(cleaning.telephone, "客户手机号", "手机号"),
    "tier": text("免费等级", "会员等级", "付费等级"),
    "points": cell(cleaning.stock, "客户积分", "积分"),
    "created_at": moment("成为客户时间"),
}
PRODUCTS = {
    "name": text("商品名称"),
    "options": text("商品规格", "规格", "规格名称", "规格值"),
    "sku": code("规格编码"),
    "code": code("商品编码"),
    "list_price": money("价格", "规格价格", "商品价格", "销售价", "售价"),
    "former": money("划线价", "划线价格"),
    "cost": money("成本价", "商品成本价"),
    "stock": cell(cleaning.stock, "库存", "规格库存", "商品库存"),
    "category": text("商品分组", "商品分类", "商品类目"),
    "description": text("商品描述", "商品详情"),
    "variant_picture": cell(cleaning.address, "规格图片"),
    "pictures": cell(cleaning.pictures, "商品图片", "商品图", "商品主图"),
    "url": cell(cleaning.address, "商品链接"),
    "status": text("商品状态", "状态"),
}
_OF_ORDERS = {
    "number": code("订单号", "订单编号"),
    "status": text("订单状态"),
    "placed_at": moment("订单创建时间", "下单时间"),
    "paid_at": moment("买家付款时间", "付款时间"),
    "phone": cell(cleaning.telephone, "买家手机号"),
    "total": money("订单实付金额", "应收订单金额", "订单实收金额"),
    "shipping_fee": money("运费"),
    "discount": money("店铺优惠合计"),
    "refunded": money("订单已退款金额"),
    "payment_method": text("付款方式", "支付方式"),
    "recipient": text("收货人/提货人", "收货人"),
    "ship_phone": cell(
        cleaning.telephone, "收货人手机号/提货人手机号", "收货人手机号/提货人手机", "收货人手机号"
    ),
    "city": text("收货人城市"),
    "line": text("详细收货地址/提货地址", "收货地址/提货地址", "收货地址"),
    "coupon_code": text("优惠券码"),
}
_UNSENT = ("未发货", "待发货")
_OF_LINES = {
    "number": code("订单号", "订单编号"),
    "name": text("商品名称"),
    "options": text("商品规格"),
    "product_id": code("规格编码"),
    "code": code("商品编码"),
    "unit_price": money("商品单价", "单价"),
    "quantity": whole("商品数量", "数量"),
    "sent": text("商品发货状态"),
    "tracking": text("商品发货物流单号", "物流单号"),
    "carrier": text("商品发货物流公司", "物流公司"),
}


def _goods_id(sku: str | None, code_: str | None, name: str, options: str | None) -> str:
    """The code of the 规格; that of the goods is the same for all of theirs."""
    if sku or (code_ and not options):
        return str(sku or code_)
    return cleaning.named_id(code_ or name, options)


def _customer(group: Group, _reading: Reading) -> Iterator[Result]:
    fields = {name: group.get(name) for name in ("phone", "points", "created_at")}
    tier = (group.get("tier") or "")[:30]
    yield telling.customer(group, {**fields, "name": group.get("name", "nickname"), "tier": tier})


def _products(group: Group, reading: Reading) -> Iterator[Result]:
    """The 规格 of goods, whose name may stand on the first row only."""
    for read in group.reads:
        if read.bad is None:
            yield telling.product(group.of(read), read, reading, _variant(group, read, reading))


def _variant(group: Group, read: Read, reading: Reading) -> dict[str, Any]:
    name, options = group.need("name"), telling.pairs_of((read.get("options") or "").replace(",", ";"))
    code_ = read.get("code") or group.get("code")
    pictures = [read.get("variant_picture"), *(read.get("pictures") or group.get("pictures") or ())]
    path = cleaning.path((group.get("category") or "").replace("，", ",").split(",")[0])
    return {
        "id": _goods_id(read.get("sku"), code_, name, read.get("options")),
        "code": read.get("sku") or code_,
        "name": options.name(name),
        "description": group.get("description"),
        "category": telling.category(path, reading),
        "group_id": telling.group_id(code_, name, options),
        "options": options.told(),
        "stock": read.get("stock"),
        "pictures": pictures,
        "url": group.get("url"),
        "active": is_sold(read.get("status") or group.get("status"), group),
    }


def _order(group: Group, reading: Reading) -> Iterator[Result]:
    reads = group.details or [read for read in group.reads if read.get("name", "quantity") is not None]
    if not reads:
        why = Sentence("its goods are in none of the files: add the 订单报表 of the same time by 商品维度")
        raise Unfit(why, "number", group.reads[0])
    status = telling.status(group, statuses.YOUZAN)
    lines = [_line(read) for read in reads]
    some_unsent = any(read.get("sent") in _UNSENT for read in reads)
    fields = {
        "status": status,
        "parcels": telling.parcels_of_lines(lines, some_unsent=some_unsent),
    }
    yield from telling.order(group, reading, lines, fields)


def _line(read: Read) -> telling.Line:
    name, options = read.need("name"), read.get("options")
    known_by = _goods_id(read.get("product_id"), read.get("code"), name, options)
    return telling.line(read, known_by, telling.pairs_of(options).name(name))


PRESET = Preset(
    name="youzan",
    currency="CNY",
    shapes=(
        Shape(
            kind="customers",
            called="客户导出",
            columns=CUSTOMERS,
            needs=("name", "phone", "points"),
            make=_customer,
        ),
        Shape(
            kind="products",
            called="商品导出",
            columns=PRODUCTS,
            needs=("name", "list_price", "stock"),
            make=_products,
            key="name",
            whole=False,
        ),
        Shape(
            kind="orders",
            called="订单导出 with an order's lines",
            columns={**_OF_ORDERS, **_OF_LINES},
            needs=("number", "status", "placed_at", "name", "unit_price", "quantity"),
            make=_order,
            key="number",
        ),
        Shape(
            kind="order heads",
            called="订单报表 by 订单维度",
            columns=_OF_ORDERS,
            needs=("number", "status", "placed_at", "total"),
            make=_order,
            key="number",
            details="order lines",
        ),
        Shape(
            kind="order lines",
            called="订单报表 by 商品维度",
            columns=_OF_LINES,
            needs=("number", "name", "unit_price", "quantity"),
            key="number",
        ),
    ),
)
