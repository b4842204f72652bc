"""Taobao and Tmall: what 千牛卖家中心 exports.

No page of Taobao's that is open to all lists the columns; these are what public programs read and write:

- 订单报表, `ExportOrderList….csv` (files of 2016 to 2020), by its header from 订单编号 to 是否是O2O交易 in the code of
  shops that write such files, and 退款金额 in that of analyses that read them;
- 宝贝报表, `ExportOrderDetailList….csv` (files of 2016), the lines of the same orders, from 订单编号 to 商家编码;
  the two are joined by 订单编号;
- goods, as 千牛's 商品管理 shows them, saved as CSV: nothing public says how its export calls the columns, so
  several names of each are known.

Nothing says which customer an order is of but a nickname that is masked: customers are known by their phone number,
where that isn't masked, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.shop.importing.presets import cleaning, statuses, telling
from bot.shop.importing.presets.columns import Reading, cell, code, moment, money, text, whole
from bot.shop.importing.presets.preset import Preset
from bot.shop.importing.presets.shapes import Group, Read, Result, Shape, Unfit
from kernel.columns import folded
from kernel.sentence import Sentence, about

PRODUCTS = {
    "goods": code("商品ID", "宝贝ID", "商品id", "宝贝id", "商品数字ID"),
    "name": text("商品标题", "宝贝标题", "商品名称", "宝贝名称", "标题"),
    "list_price": money("SKU价格", "价格", "一口价", "商品价格", "宝贝价格", "售价"),
    "former": money("划线价", "划线价格"),
    "stock": cell(cleaning.stock, "SKU库存", "库存", "商品库存", "数量", "宝贝数量", "可售库存"),
    "sku": code("SKU商家编码", "规格编码", "商家编码", "商品编码", "货号"),
    "options": text("商品属性", "销售属性", "SKU属性", "SKU名称", "规格", "规格名称"),
    "category": text("类目", "商品类目", "叶子类目", "店铺分类"),
    "brand": text("品牌"),
    "cost": money("成本价", "进价", "成本"),
    "description": text("宝贝描述", "商品描述", "描述"),
    "picture": cell(cleaning.pictures, "主图", "商品主图", "商品图片", "图片", "主图链接"),
    "url": cell(cleaning.address, "商品链接", "宝贝链接", "链接"),
    "status": text("商品状态", "宝贝状态", "状态"),
}
ORDERS = {
    "number": code("订单编号", "主订单编号", "订单号"),
    "status": text("订单状态"),
    "placed_at": moment("订单创建时间"),
    "paid_at": moment("订单付款时间", "付款时间"),
    "total": money("总金额", "买家应付金额", "买家实际支付金额"),
    "shipping_fee": money("买家应付邮费", "邮费"),
    "refunded": money("退款金额"),
    "recipient": text("收货人姓名", "收货人"),
    "mobile": cell(cleaning.telephone, "联系手机"),
    "landline": cell(cleaning.telephone, "联系电话"),
    "changed_line": text("修改后的收货地址"),
    "line": text("收货地址"),
    "tracking": text("物流单号"),
    "carrier": text("物流公司"),
}
DETAILS = {
    "number": code("订单编号", "主订单编号"),
    "name": text("标题", "宝贝标题", "商品标题"),
    "unit_price": money("价格", "商品价格", "宝贝价格"),
    "quantity": whole("购买数量", "宝贝数量", "数量"),
    "product_id": code("商家编码"),
    "outer_id": code("外部系统编号"),
    "options": text("商品属性"),
    "status": text("订单状态"),
    "tracking": text("物流单号", "运单号"),
    "carrier": text("物流公司"),
}
_LEFT = frozenset({"shipped", "delivered"})


def goods_id(sku: str | None, name: str, options: telling.Options) -> str:
    """The seller's code, or an id made of the title and what tells variants apart."""
    return sku or cleaning.named_id(name, *(part for pair in options.pairs for part in pair))


def is_sold(said: str | None, group: Group) -> bool | None:
    """Whether goods are offered; None where the file doesn't say.

    Raises:
        Unfit: the status is unknown.
    """
    if said is None:
        return None
    sold = statuses.FOR_SALE.get(folded(said))
    if sold is None:
        raise Unfit(about(said, "is no status that is known of goods"), "status", group.reads[0])
    return sold


def _product(group: Group, reading: Reading) -> Iterator[Result]:
    read = group.reads[0]
    name, options = read.need("name"), telling.pairs_of(read.get("options"))
    category = (read.get("category") or "").replace("/", ">")
    fields = {
        "id": goods_id(read.get("sku"), name, options),
        "code": read.get("sku"),
        "name": options.name(name),
        "description": read.get("description"),
        "brand": read.get("brand"),
        "category": telling.category(cleaning.path(category), reading),
        "group_id": telling.group_id(read.get("goods"), name, options),
        "options": options.told(),
        "stock": read.get("stock"),
        "pictures": read.get("picture"),
        "url": read.get("url"),
        "active": is_sold(read.get("status"), group),
    }
    yield telling.product(group, read, reading, fields)


def _order(group: Group, reading: Reading) -> Iterator[Result]:
    if not group.details:
        why = Sentence(
            "its goods are in none of the files: add the 宝贝报表 (ExportOrderDetailList) of the same time"
        )
        raise Unfit(why, "number", group.reads[0])
    status = telling.status(group, statuses.TAOBAO)
    phone = group.get("mobile", "landline")
    lines = [_line(read) for read in group.details]
    fields = {
        "status": status,
        "phone": phone,
        "ship_to": _ship_to(group, phone),
        "parcels": telling.parcels_of_lines(lines) or _parcels(group, lines),
    }
    yield from telling.order(group, reading, lines, fields)


def _parcels(group: Group, lines: Sequence[telling.Line]) -> list[dict[str, Any]] | None:
    """Those that the order names; what is in the only one, where its goods say that some have left and some haven't."""
    boxes = telling.parcels(group.get("tracking"), group.get("carrier"))
    come = [statuses.TAOBAO.get(folded(one.read.get("status") or "")) for one in lines]
    partly = "paid" in come and {*come} & _LEFT and {*come} <= {"paid", *_LEFT}
    if boxes is None or len(boxes) > 1 or not partly:
        return boxes
    left = [one for one, status in zip(lines, come, strict=True) if status in _LEFT]
    within = [{"product_id": one.product_id, "quantity": one.quantity} for one in left]
    return [{**boxes[0], "lines": within}]


def _ship_to(group: Group, phone: str | None) -> dict[str, Any] | None:
    line = group.get("changed_line", "line")
    # 浙江省 杭州市 西湖区 …
    steps = (line or "").split()
    city = next((step for step in steps[:3] if step.endswith("市")), None)
    return telling.ship_to(group, phone=phone, line=line, city=city)


def _line(read: Read) -> telling.Line:
    name, options = read.need("name"), telling.pairs_of(read.get("options"))
    sku = read.get("product_id", "outer_id")
    return telling.line(read, goods_id(sku, name, options), options.name(name))


PRESET = Preset(
    name="taobao",
    currency="CNY",
    shapes=(
        Shape(
            kind="products",
            called="商品管理",
            columns=PRODUCTS,
            needs=("name", "list_price", "stock"),
            make=_product,
        ),
        Shape(
            kind="orders",
            called="订单报表 (ExportOrderList)",
            columns=ORDERS,
            needs=("number", "status", "placed_at", "total", "shipping_fee"),
            make=_order,
            key="number",
            details="order lines",
        ),
        Shape(
            kind="order lines",
            called="宝贝报表 (ExportOrderDetailList)",
            columns=DETAILS,
            needs=("number", "name", "unit_price", "quantity"),
            key="number",
        ),
    ),
)
