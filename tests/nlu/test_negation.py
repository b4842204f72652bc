"""What stands inside a refusal, and what only looks like one."""

from __future__ import annotations

import pytest

from nlu.context.negation import is_conditional, refused_in


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("先别退货", ["退货"]),
        ("不用开发票了，谢谢", ["开发票了"]),
        ("我没要退款 我要换货", ["退款"]),
        ("不买了退掉吧", ["买了"]),
        ("换货不用了", ["换货"]),
        ("收件人不变", ["收件人"]),
        ("please don't send a new one", ["send a new one"]),
        ("I didn't ask for a refund. Where is it?", ["a refund"]),
        ("no need to cancel but change the colour", ["cancel"]),
        ("莫退货咯", ["退货咯"]),
    ],
)
def test_what_a_negation_is_said_of_is_refused(text: str, refused: list[str]) -> None:
    assert [one.text for one in refused_in(text)] == refused


@pytest.mark.parametrize(
    "text",
    [
        "要不要退货", "能不能取消", "可以帮我退款不", "没收到货我要退款", "特别想退货", "别的颜色有吗",
        "不会自动取消吧", "不行就退款", "要是周五还不到就取消", "the bag had no invoice in it",
        "it never came, refund me", "if it is not here tomorrow cancel it", "she said no so refund me",
    ],
)  # fmt: skip
def test_facts_conditions_and_questions_refuse_nothing(text: str) -> None:
    assert not refused_in(text)


def test_what_was_never_wished_is_told_from_what_is_wished_no_longer() -> None:
    (never,), (no_longer,) = refused_in("我没让你退款"), refused_in("不用退款了")
    assert never.denies
    assert not no_longer.denies


def test_what_is_to_be_only_if_something_happens_is_conditional() -> None:
    assert is_conditional("and if it's lost send a new one")
    assert not is_conditional("and send a new one")
