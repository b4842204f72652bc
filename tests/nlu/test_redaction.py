"""Nothing personal reaches a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("电话13800138000，急", "电话[phone],急"),
        ("call +44 7911 123456 please", "call [phone] please"),
        ("邮箱ming.li@example.com谢谢", "邮箱[e-mail]谢谢"),
        ("地址改成北京市朝阳区建国路88号2栋301室", "地址改成[address]"),
        ("ship to 12 Baker Street, London please", "ship to [address] please"),
        ("订单 LK-20931 呢", "订单 [order] 呢"),
        ("卡号6222 0200 1234 5678 901", "卡号[number]"),
        ("身份证11010519491231002X", "身份证[number]"),
        ("我要两件", "我要两件"),
        ("", ""),
    ],
)
def test_redacted(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@given(
    st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@+-"), max_size=30),
    st.sampled_from(["13912345678", "+8613912345678", "li.na@shop.example", "021-61234567", "139-1234-5678"]),
    st.text(alphabet=st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@+-"), max_size=30),
)
def test_a_phone_number_or_an_address_never_survives(before: str, secret: str, after: str) -> None:
    assert secret not in redact(f"{before} {secret} {after}")
