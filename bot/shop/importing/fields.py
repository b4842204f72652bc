"""The fields that each kind of import knows, and which column of the file is which."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from bot.shop.importing import values
from bot.shop.importing.rows import Options
from bot.shop.importing.values import Parse
from bot.shop.intake.people import ConsentChannel
from kernel.columns import NAMES, listed, place_of, recognised
from kernel.sentence import Sentence
from kernel.tables import TableRefused

ATTRIBUTE, OPTION, PLACE = "attribute.", "option.", "stock."
"""Fields that go on with a name of the shop's: `attribute.Fabric=Stoff` makes an attribute out of a column,
`option.Colour=Farbe` an option, `stock.Berlin=Lager 2` what there is in Berlin."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a row."""

    parse: Parse
    required: bool = False
    """There must be a column for it, and a value in every row."""
    also: tuple[str, ...] | None = None
    """What a column may be called so that it is recognised; None: as in `kernel.columns.NAMES`."""


def customer_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `customers`."""
    return {
        "customer": Field(values.identifier, required=True, also=("id", *NAMES["customer"])),
        "name": Field(values.cut(200), also=("full name", "姓名")),
        "email": Field(values.at_most(200), also=("e-mail", "mail", "邮箱")),
        "phone": Field(values.at_most(40), also=("mobile", "telephone", "手机", "电话", "手机号")),
        "language": Field(values.language, also=("lang", "locale", "语言")),
        "time_zone": Field(values.zone_name, also=("tz", "timezone", "时区")),
        "tier": Field(values.cut(30), also=("level", "membership", "会员等级")),
        "points": Field(values.whole, also=("积分",)),
        "birthday": Field(
            values.birthday_in(options), also=("date of birth", "birth date", "dob", "生日", "出生日期")
        ),
        "created": Field(values.moment_in(options), also=("created at", "joined", "sign up", "注册时间")),
        "marketing": Field(values.truth, also=("consent", "opt in", "营销同意")),
        "marketing_at": Field(values.moment_in(options), also=("consent at", "opt in at", "营销同意时间")),
        **_consent_fields(options),
        **_ADDRESS,
    }


def address_fields(_options: Options) -> Mapping[str, Field]:
    """Fields of `addresses`: a row an address."""
    return {
        "customer": Field(values.identifier, required=True),
        "id": Field(values.identifier, also=("address id", "地址编号")),
        "label": Field(values.cut(200), also=("address name", "地址名称", "标签")),
        "recipient": Field(values.cut(200), also=("ship to", "收货人")),
        "phone": Field(values.at_most(40), also=("mobile", "telephone", "手机", "电话", "收货电话")),
        **_ADDRESS,
        "line": replace(_ADDRESS["line"], required=True),
        "default": Field(values.truth, also=("is default", "默认", "默认地址")),
    }


def point_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `points`: a row a change."""
    return {
        "id": Field(values.identifier, also=("change id", "transaction id", "积分流水号", "流水号")),
        "customer": Field(values.identifier, required=True),
        "time": Field(values.moment_in(options), required=True),
        "change": Field(values.whole, required=True, also=("points change", "积分变动", "变动积分")),
        "balance": Field(values.whole, also=("points balance", "balance after", "积分余额")),
        "reason": Field(values.cut(300), also=("note", "remark", "变动原因", "原因", "备注")),
        "reason_zh": Field(values.cut(300)),
        "reason_en": Field(values.cut(300)),
        "order": Field(values.order_number),
    }


def _consent_fields(options: Options) -> dict[str, Field]:
    """Whether they agreed on each channel, and when they said so."""
    fields: dict[str, Field] = {}
    for channel in get_args(ConsentChannel):
        also = (f"accepts {channel} marketing", f"{channel} marketing", *_CONSENTS.get(channel, ()))
        dates = tuple(f"{name}{ending}" for name in also for ending in (" at", " date", "时间"))
        fields[f"consent_{channel}"] = Field(values.truth, also=also)
        fields[f"consent_{channel}_at"] = Field(values.moment_in(options), also=dates)
    return fields


def product_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `products`."""
    return {
        "item": Field(values.identifier, required=True, also=("id", *NAMES["item"])),
        "code": Field(values.identifier, also=("sku",)),
        "name": Field(values.cut(300)),
        "name_zh": Field(values.cut(300), also=("中文名",)),
        "name_en": Field(values.cut(300), also=("english name",)),
        "description": Field(values.cut(20_000), also=("details", "描述", "商品描述")),
        "description_zh": Field(values.cut(20_000)),
        "description_en": Field(values.cut(20_000)),
        "category": Field(values.identifier),
        "category_zh": Field(values.cut(200)),
        "category_en": Field(values.cut(200)),
        "brand": Field(values.cut(100)),
        "group_id": Field(values.identifier, also=("group", "item group id", "款号")),
        OPTION: Field(values.text),
        ATTRIBUTE: Field(values.text),
        "price": Field(values.decimal, also=_PRICE),
        "sale_price": Field(values.decimal, also=("special price", "促销价", "活动价")),
        "sale_from": Field(values.moment_in(options, ahead=True), also=("sale starts", "促销开始")),
        "sale_until": Field(values.end_in(options), also=("sale ends", "促销结束")),
        "cost": Field(values.decimal, also=("purchase price", "成本", "进价")),
        "currency": Field(values.currency, also=_CURRENCY),
        "stock": Field(values.whole),
        PLACE: Field(values.whole),
        "picture": Field(values.text, also=("image", "image url", "图片")),
        "pictures": Field(values.several, also=("images", "image urls", "全部图片")),
        "url": Field(values.text, also=("link", "链接")),
        "active": Field(values.truth, also=("enabled", "on sale", "在售")),
        "created": Field(values.moment_in(options), also=("created at", *NAMES["created"])),
    }


def order_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `orders`: a row a line, the rows of an order one after another."""
    moment = values.moment_in(options)
    return {
        "order": Field(values.order_number, required=True),
        "customer": Field(values.identifier),
        "item": Field(values.identifier),
        "quantity": Field(values.whole),
        "price": Field(values.decimal, also=_PRICE),
        "time": Field(moment, also=("placed at", *NAMES["time"])),
        "currency": Field(values.currency, also=_CURRENCY),
        "status": Field(values.text, also=("order status", "订单状态")),
        "paid": Field(moment, also=("paid at", "付款时间")),
        "discount": Field(values.decimal, also=("优惠",)),
        "shipping_fee": Field(values.decimal, also=("shipping", "运费")),
        "tax": Field(values.decimal, also=("taxes", "税费")),
        "total": Field(values.decimal, also=("order total", "实付金额")),
        "refunded": Field(values.decimal, also=("refunded amount", "refund amount", "退款金额")),
        "email": Field(values.at_most(200), also=("e-mail", "buyer email", "邮箱")),
        "buyer_phone": Field(values.at_most(40), also=("billing phone", "买家手机号", "买家电话")),
        "payment_method": Field(values.cut(40), also=("payment", "付款方式")),
        "coupon": Field(values.at_most(40), also=("coupon code", "优惠码")),
        "recipient": Field(values.cut(200), also=("ship to", "收货人")),
        "phone": Field(values.at_most(40), also=("收货电话",)),
        "country": Field(values.cut(60), also=("国家",)),
        "city": Field(values.cut(200), also=("城市",)),
        "line": Field(values.cut(300), also=("address", "地址")),
        "postcode": Field(values.at_most(20), also=("zip", "邮编")),
        "carrier": Field(values.cut(60), also=("快递公司",)),
        "tracking_number": Field(values.at_most(60), also=("tracking", "快递单号", "运单号")),
        "tracking_url": Field(values.text),
        "shipped": Field(moment, also=("shipped at", "发货时间")),
        "delivered": Field(moment, also=("delivered at", "签收时间")),
        "return_tracking_number": Field(
            values.at_most(60),
            also=("return tracking", "退货单号", "退货快递单号", "退货物流单号", "退货运单号"),
        ),
        "return_carrier": Field(values.cut(60), also=("退货快递公司", "退货物流公司")),
        "return_shipped": Field(moment, also=("return shipped at", "退货寄出时间", "退货发货时间")),
        "return_delivered": Field(
            moment, also=("return delivered at", "returned at", "退货签收时间", "退货入库时间")
        ),
        "refund_status": Field(values.text, also=("退款状态",)),
        "refund_reason": Field(values.cut(300), also=("退款原因",)),
        "refund_requested": Field(moment, also=("refund requested at", "退款申请时间")),
        "refund_decided": Field(moment, also=("refund decided at", "退款审核时间", "退款处理时间")),
        "decision_reason": Field(
            values.cut(300), also=("refund decision reason", "拒绝原因", "拒绝理由", "审核意见")
        ),
        "refund_paid": Field(moment, also=("refund paid at", "refunded at", "退款时间", "退款完成时间")),
    }


def coupon_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `coupons`."""
    moment = values.moment_in(options, ahead=True)
    return {
        "code": Field(
            values.at_most(40),
            required=True,
            also=("coupon", "coupon code", "discount code", "优惠码", "优惠券码"),
        ),
        "customer": Field(values.identifier),
        "text": Field(values.cut(300), also=("description", "优惠说明", "说明", "优惠内容")),
        "text_zh": Field(values.cut(300)),
        "text_en": Field(values.cut(300)),
        "amount": Field(
            values.decimal, also=("amount off", "value", "coupon amount", "面额", "面值", "优惠金额")
        ),
        "percent": Field(
            values.percent, also=("percent off", "percentage", "discount percent", "优惠百分比")
        ),
        "tenths": Field(values.tenths, also=("折扣", "折")),
        "min_spend": Field(
            values.decimal,
            also=("minimum spend", "minimum amount", "minimum", "满减门槛", "使用门槛", "门槛", "满"),
        ),
        "currency": Field(values.currency, also=_CURRENCY),
        "category": Field(values.identifier),
        "items": Field(values.several_names, also=("products", "product ids", "适用商品")),
        "valid_from": Field(
            moment, also=("start", "starts", "start date", "开始时间", "生效时间", "开始日期")
        ),
        "valid_until": Field(
            values.end_in(options),
            also=(
                "end",
                "ends",
                "end date",
                "expires",
                "expiry date",
                "结束时间",
                "失效时间",
                "到期时间",
                "结束日期",
            ),
        ),
        "max_uses": Field(values.whole, also=("usage limit", "limit", "总次数", "发放总量", "限用次数")),
        "per_customer": Field(
            values.whole, also=("usage limit per user", "per user", "每人限用", "每人限领", "每人次数")
        ),
    }


def event_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `events`."""
    return {
        "id": Field(values.identifier, also=("event id",)),
        "kind": Field(values.text, required=True, also=("type", *NAMES["kind"], "类型")),
        "customer": Field(values.identifier, required=True),
        "item": Field(values.identifier),
        "order": Field(values.order_number),
        "time": Field(values.moment_in(options), required=True),
        "quantity": Field(values.whole),
        "amount": Field(values.decimal, also=("total", *NAMES["amount"])),
        "value": Field(values.real, also=("rating", "score", *NAMES["rating"])),
        "text": Field(values.cut(300), also=NAMES["words"]),
        "channel": Field(values.cut(30), also=("source", *NAMES["channel"])),
    }


def log_fields(options: Options) -> Mapping[str, Field]:
    """Fields of `orders-log`: a row a line, and nothing else is known of the shop."""
    return {
        "order": Field(values.order_number, required=True),
        "item": Field(values.identifier, required=True),
        "name": Field(values.text),
        "quantity": Field(values.whole, required=True),
        "time": Field(values.moment_in(options), required=True),
        "price": Field(values.decimal, required=True, also=_PRICE),
        "customer": Field(values.identifier),
        "country": Field(values.text, also=("国家",)),
    }


_PRICE = (*NAMES["price"], "list price")
_ADDRESS: Mapping[str, Field] = {
    "country": Field(values.cut(60), also=("国家",)),
    "province": Field(values.cut(200), also=("state", "region", "省", "省份")),
    "city": Field(values.cut(200), also=("城市",)),
    "line": Field(values.cut(300), also=("address", "street", "地址", "详细地址")),
    "postcode": Field(values.at_most(20), also=("zip", "postal code", "邮编")),
}
_CONSENTS: Mapping[str, tuple[str, ...]] = {
    "email": ("newsletter", "邮件营销", "邮件订阅"), "sms": ("短信营销", "短信订阅"), "phone": ("电话营销",),
    "wechat": ("微信营销",),
}  # fmt: skip
_CURRENCY = ("currency code", "币种")


def read_mapping(path: Path) -> dict[str, str]:
    """Field to column, out of a TOML file with a table `[columns]`.

    Raises:
        TableRefused: the file can't be read so.
    """
    try:
        columns = tomllib.loads(path.read_text(encoding="utf-8")).get("columns")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TableRefused(
            Sentence("the mapping {path} can't be read: {why}", path=str(path), why=str(error))
        ) from error
    if not isinstance(columns, dict) or not all(isinstance(column, str) for column in columns.values()):
        raise TableRefused(
            Sentence(
                '{path} needs a table [columns] with lines such as customer = "CustomerID"', path=str(path)
            )
        )
    return dict(columns)


def settle(
    fields: Mapping[str, Field], header: Sequence[str], columns: Mapping[str, str] | None
) -> dict[str, int]:
    """The place of each field's column: as said, or else by the columns' own names.

    Raises:
        TableRefused: no such field, no such column, or a field that must be there is not.
    """
    for name in columns or ():
        if known_as(name) not in fields or name.endswith("."):
            there = ", ".join(f"{one}…" if one.endswith(".") else one for one in fields)
            raise TableRefused(
                Sentence("there is no field {name!r}; there are {known}", name=name, known=there)
            )
    if columns:
        places = {name: place_of(column, header, name) for name, column in columns.items()}
    else:
        places = usual_places(fields, header)
        for name, place in places.items():
            # As said with --columns: two columns of one name are two meanings.
            place_of(header[place], header, name)
    missing = [name for name, field in fields.items() if field.required and name not in places]
    if missing:
        raise TableRefused(
            Sentence(
                "which column is {missing}? Say it with --columns, such as {first}=…. {columns}",
                missing=", ".join(missing),
                first=missing[0],
                columns=listed(header),
            )
        )
    return places


def usual_places(fields: Mapping[str, Field], header: Sequence[str]) -> dict[str, int]:
    """The place of each field's column, as far as the columns' own names say it."""
    usual = {
        name: NAMES.get(name, ()) if field.also is None else field.also
        for name, field in fields.items()
        if not name.endswith(".")
    }
    named = {
        column: place for place, column in enumerate(header) if known_as(column) in fields.keys() - usual
    }
    return recognised(header, usual) | named


def known_as(name: str) -> str:
    """The field by which one that goes on with a name of the shop's is known: `option.` for `option.Colour`."""
    head, dot, rest = name.partition(".")
    return f"{head}." if dot and rest.strip() else name
