"""What the systems call the states of orders and products, in the languages of their interfaces."""

from __future__ import annotations

from typing import TypeVar

from kernel.columns import folded

T = TypeVar("T")

LEFT_OUT = ""
"""Not an order yet, or not any more."""


def meanings(*words: tuple[T, str]) -> dict[str, T]:
    """What each of the words that stand for something, with `|` between them, means; by `kernel.columns.folded`."""
    return {folded(word): meant for meant, several in words for word in several.split("|")}


WOOCOMMERCE = meanings(
    (
        "placed",
        "pending|pending payment|on-hold|on hold|awaiting payment|Zahlung ausstehend|Ausstehend|"
        "In Wartestellung|Wartend|待付款|等待付款|保留|暂停",
    ),
    ("paid", "processing|In Bearbeitung|处理中|正在处理"),
    ("delivered", "completed|Abgeschlossen|Fertiggestellt|已完成|完成"),
    ("cancelled", "cancelled|canceled|failed|Storniert|Fehlgeschlagen|已取消|取消|失败"),
    ("returned", "refunded|Rückerstattet|Erstattet|已退款"),
    (LEFT_OUT, "draft|checkout-draft|auto-draft|trash|Entwurf|Papierkorb|草稿|回收站"),
)
TAOBAO = meanings(
    ("placed", "等待买家付款|没有创建支付宝交易|定金未付尾款未付|定金已付尾款未付|付款确认中"),
    ("paid", "买家已付款，等待卖家发货|等待卖家发货|买家已付款|待发货|已付款"),
    (
        "shipped",
        "卖家部分发货|卖家已发货，等待买家确认|卖家已发货|等待买家确认收货|物流运输中|已发货|部分发货",
    ),
    ("delivered", "交易成功|买家已签收，货到付款专用|买家已签收"),
    ("cancelled", "交易关闭|付款以前，卖家或买家主动关闭交易|交易被淘宝关闭|交易已关闭"),
    ("returned", "付款以后用户退款成功，交易自动关闭|退款成功"),
)
YOUZAN = meanings(
    ("placed", "等待买家付款|待付款|待支付|等待付款"),
    ("paid", "等待商家发货|待发货|买家已付款|已付款|待成团|待接单|待使用|待核销|等待成团"),
    ("shipped", "商家已发货|已发货|待收货|部分发货|等待买家收货|配送中|待自提"),
    ("delivered", "交易完成|交易成功|已完成|已收货|已签收"),
    ("cancelled", "交易关闭|已关闭|已取消|交易已关闭"),
    ("returned", "全额退款|已退款|退款成功"),
)
SHOPIFY_MONEY = meanings(
    ("placed", "pending|authorized|partially_paid|expired|unpaid|待付款|已授权|部分付款|已过期"),
    ("paid", "paid|partially_refunded|已付款|部分退款"),
    ("returned", "refunded|已退款"),
    ("cancelled", "voided|已作废|已失效"),
)
SHOPIFY_GOODS = meanings(
    ("unfulfilled", "unfulfilled|scheduled|on_hold|in_progress|open|pending_fulfillment|未发货"),
    ("shipped", "fulfilled|partial|partially_fulfilled|已发货|部分发货"),
    ("restocked", "restocked|已重新入库"),
)
FOR_SALE = meanings(
    (True, "出售中|销售中|在售|上架|已上架|售罄|已售罄|已售完"),
    (False, "仓库中|已下架|下架|已删除|待上架|定时上架|从未上架|我下架的|等待上架"),
)
"""Goods of Taobao and Youzan, by whether they are offered; those that are sold out are, when they come again."""
