"""Links into the shop's basket are made from its template, and a template that can't be used says why."""

from __future__ import annotations

import pytest

from bot.conversation.baskets import BasketTemplate

WHOLE = "https://shop.example/cart?add={code}&qty={quantity}&coupon={coupon}#now"


def test_every_part_is_filled_in_and_encoded() -> None:
    link = BasketTemplate.parse(WHOLE).link(product="p 1", code="茶/1&2", quantity=3, coupon="A+B")
    assert link == "https://shop.example/cart?add=%E8%8C%B6%2F1%262&qty=3&coupon=A%2BB#now"


def test_a_value_that_looks_like_a_part_is_left_as_it_is() -> None:
    link = BasketTemplate.parse(WHOLE).link(product="p1", code="{coupon}", coupon="SAVE")
    assert link == "https://shop.example/cart?add=%7Bcoupon%7D&qty=1&coupon=SAVE#now"


@pytest.mark.parametrize(
    ("template", "link"),
    [
        (WHOLE, "https://shop.example/cart?add=C1&qty=1#now"),
        ("https://s.example/cart/{product}:{quantity}?discount={coupon}", "https://s.example/cart/p1:1"),
        ("https://s.example/?coupon={coupon}&add={code}", "https://s.example/?add=C1"),
        ("http://localhost:3000/#/cart/{code}", "http://localhost:3000/#/cart/C1"),
    ],
)
def test_without_a_coupon_its_part_is_left_out(template: str, link: str) -> None:
    assert BasketTemplate.parse(template).link(product="p1", code="C1") == link


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("shop.example/cart?add={code}", "must be an address such as"),
        ("ftp://shop.example/{code}", "must be an address such as"),
        ("https://[/cart?add={code}", "must be an address such as"),
        ("https://shop.example/my cart?add={code}", "must be an address such as"),
        ("https://{code}.example/cart", "the shop's host itself"),
        ("https://shop.example/cart?add={sku}", "{sku}"),
        ("https://shop.example/cart?add={}", "{}"),
        ("https://shop.example/cart?add={code", "a brace too many or too few"),
        ("https://shop.example/cart?add={{code}}", "a brace too many or too few"),
        ("https://shop.example/cart?qty={quantity}", "must hold {product} or {code}"),
        ("https://shop.example/{coupon}?add={code}", "a value of its own"),
        ("https://shop.example/cart?add={code}&x=a-{coupon}", "a value of its own"),
        (f"https://shop.example/{'a' * 1000}?add={{code}}", "at most 1000 characters"),
    ],
)
def test_a_template_that_cant_be_used_says_why(template: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"must|has|fill") as wrong:
        BasketTemplate.parse(template)
    assert why in str(wrong.value)
