"""The fields that each kind of import knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.shop.importing import parsing
from bot.shop.importing.options import Options
from bot.shop.importing.parsing import Parse


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a row."""

    parse: Parse
    required: bool = False
    """There must be a column for it, and a value in every row."""
    also: tuple[str, ...] = ()
    """What a column may be called so that it is recognised; case and signs don't matter."""


_CUSTOMER = (
    "customer id",
    "user",
    "user id",
    "uid",
    "buyer",
    "member id",
    "客户",
    "客户编号",
    "用户id",
    "会员号",
)
_ITEM = ("product", "product id", "item id", "sku", "stock code", "code", "商品", "商品编号", "货号")
_ORDER = ("order id", "order number", "order no", "invoice", "invoice no", "订单", "订单号")
_TIME = (
    "at",
    "date",
    "datetime",
    "timestamp",
    "invoice date",
    "order date",
    "created at",
    "时间",
    "日期",
    "下单时间",
)
_QUANTITY = ("qty", "count", "units", "数量", "件数")
_PRICE = ("unit price", "list price", "单价", "价格", "售价")
_NAME = ("title", "description", "product name", "item name", "名称", "商品名称")


def customer_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `customers`."""
    return {
        "customer": Field(parsing.identifier, required=True, also=("id", *_CUSTOMER)),
        "name": Field(parsing.text, also=("full name", "姓名")),
        "email": Field(parsing.at_most(200), also=("e-mail", "mail", "邮箱")),
        "phone": Field(parsing.at_most(40), also=("mobile", "telephone", "手机", "电话", "手机号")),
        "language": Field(parsing.language, also=("lang", "locale", "语言")),
        "time_zone": Field(parsing.zone_name, also=("tz", "timezone", "时区")),
        "tier": Field(parsing.text, also=("level", "membership", "会员等级")),
        "points": Field(parsing.whole, also=("积分",)),
        "created": Field(parsing.moment_in(options), also=("created at", "joined", "sign up", "注册时间")),
        "marketing": Field(parsing.truth, also=("consent", "newsletter", "opt in", "营销同意")),
    }


def product_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `products`."""
    money = parsing.money_in(options)
    return {
        "item": Field(parsing.identifier, required=True, also=("id", *_ITEM)),
        "code": Field(parsing.identifier, also=("sku",)),
        "name": Field(parsing.text, also=_NAME),
        "name_zh": Field(parsing.text, also=("中文名",)),
        "name_en": Field(parsing.text, also=("english name",)),
        "description_zh": Field(parsing.text),
        "description_en": Field(parsing.text),
        "category": Field(parsing.identifier, also=("category name", "department", "分类", "类目")),
        "category_zh": Field(parsing.text),
        "category_en": Field(parsing.text),
        "brand": Field(parsing.text, also=("vendor", "manufacturer", "品牌")),
        "price": Field(money, required=True, also=_PRICE),
        "cost": Field(money, also=("purchase price", "成本", "进价")),
        "stock": Field(parsing.whole, also=("inventory", "on hand", "库存")),
        "picture": Field(parsing.text, also=("image", "image url", "图片")),
        "url": Field(parsing.text, also=("link", "链接")),
        "active": Field(parsing.truth, also=("enabled", "on sale", "在售")),
        "created": Field(parsing.moment_in(options), also=("created at", "上架时间")),
    }


def order_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `orders`: a row a line, the rows of an order one after another."""
    money, moment = parsing.money_in(options), parsing.moment_in(options)
    return {
        "order": Field(parsing.order_number, required=True, also=_ORDER),
        "customer": Field(parsing.identifier, also=_CUSTOMER),
        "item": Field(parsing.identifier, required=True, also=_ITEM),
        "quantity": Field(parsing.whole, also=_QUANTITY),
        "price": Field(money, required=True, also=_PRICE),
        "time": Field(moment, required=True, also=("placed at", *_TIME)),
        "status": Field(parsing.text, also=("order status", "订单状态")),
        "paid": Field(moment, also=("paid at", "付款时间")),
        "discount": Field(money, also=("优惠",)),
        "shipping_fee": Field(money, also=("shipping", "运费")),
        "payment_method": Field(parsing.text, also=("payment", "付款方式")),
        "coupon": Field(parsing.identifier, also=("coupon code", "优惠码")),
        "recipient": Field(parsing.text, also=("ship to", "收货人")),
        "phone": Field(parsing.text, also=("收货电话",)),
        "country": Field(parsing.text, also=("国家",)),
        "city": Field(parsing.text, also=("城市",)),
        "line": Field(parsing.text, also=("address", "地址")),
        "postcode": Field(parsing.text, also=("zip", "邮编")),
        "carrier": Field(parsing.text, also=("快递公司",)),
        "tracking_number": Field(parsing.identifier, also=("tracking", "快递单号", "运单号")),
        "tracking_url": Field(parsing.text),
        "shipped": Field(moment, also=("shipped at", "发货时间")),
        "delivered": Field(moment, also=("delivered at", "签收时间")),
    }


def event_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `events`."""
    return {
        "id": Field(parsing.identifier, also=("event id",)),
        "kind": Field(
            parsing.text, required=True, also=("type", "event", "event type", "behavior", "类型", "行为")
        ),
        "customer": Field(parsing.identifier, required=True, also=_CUSTOMER),
        "item": Field(parsing.identifier, also=_ITEM),
        "order": Field(parsing.order_number, also=_ORDER),
        "time": Field(parsing.moment_in(options), required=True, also=_TIME),
        "quantity": Field(parsing.whole, also=_QUANTITY),
        "amount": Field(parsing.money_in(options), also=("total", "revenue", "金额")),
        "value": Field(parsing.real, also=("rating", "stars", "score", "评分")),
        "text": Field(parsing.text, also=("query", "search", "keywords", "搜索词")),
        "channel": Field(parsing.text, also=("source", "渠道")),
    }


def log_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `orders-log`: a row a line, and nothing else is known of the shop."""
    return {
        "order": Field(parsing.order_number, required=True, also=_ORDER),
        "item": Field(parsing.identifier, required=True, also=_ITEM),
        "name": Field(parsing.text, also=_NAME),
        "quantity": Field(parsing.whole, required=True, also=_QUANTITY),
        "time": Field(parsing.moment_in(options), required=True, also=_TIME),
        "price": Field(parsing.money_in(options), required=True, also=_PRICE),
        "customer": Field(parsing.identifier, also=_CUSTOMER),
        "country": Field(parsing.text, also=("国家",)),
    }
