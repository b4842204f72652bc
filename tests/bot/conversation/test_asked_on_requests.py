"""Questions that follow a status or a request are asked of the pages before anything is said again; of several
sentences each is answered."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from nlu.acts import Act
from nlu.types import Language, Passage
from tests.bot.conversation.chat import Chat, buttons, kept, said
from tests.fakes import Meaning, does


@dataclass
class PagesAfter:
    """Find an entry by a question after other words: those of the bot's own about the rules of something."""

    entries: dict[tuple[str, str], str] = field(default_factory=dict)
    """By words of the question and of what stands before it, the text."""

    def search(
        self,
        question: str,
        language: Language,
        n: int = 3,
        before: str = "",
        at_least: float | None = None,
    ) -> list[Passage]:
        return [
            Passage(page="page", title=text, text=text, language=language, score=0.9)
            for (asked, after), text in self.entries.items()
            if asked in question and (after in before if after else not before)
        ][:n]


def _ask(chat: Chat, question: str, after: str, text: str) -> None:
    pages = PagesAfter({(question, after): text})
    object.__setattr__(chat.engine._services.reader, "pages", pages)


async def _chased(chat: Chat) -> str:
    """What is said once a parcel is chased."""
    await chat.link()
    filed = said(await chat.says("帮我催一下 A1024", "chase_parcel"))
    assert len(await kept(chat)) == 1
    return filed


async def test_a_question_after_a_request_is_answered_and_the_request_not_said_again(chat: Chat) -> None:
    filed = await _chased(chat)
    _ask(chat, "谁赔", "包裹晚到或丢了", "丢了由我们全额退款。")
    told = said(await chat.says("丢了谁赔？", Meaning(intents=(("chase_parcel", 0.3),), wishes=())))
    assert told == "丢了由我们全额退款。"
    assert filed not in told


async def test_the_same_state_is_not_told_twice_where_a_rule_answers(chat: Chat) -> None:
    await chat.link()
    first = await chat.says("A1024到哪了", "order_status")
    _ask(chat, "找不到", "包裹晚到或丢了", "找不到就重新寄一份。")
    told = await chat.says("要是找不到呢？", "order_status")
    assert said(told) == "找不到就重新寄一份。" != said(first)


async def test_how_a_request_stands_is_no_question_for_the_pages(chat: Chat) -> None:
    await _chased(chat)
    _ask(chat, "怎么样", "包裹晚到或丢了", "丢了由我们全额退款。")
    told = said(await chat.says("催得怎么样了？", does(Act.ASKS_STATE)))
    assert "退款" not in told
    assert "A1024" in told


CHASES = Meaning(intents=(("affirm", 0.6),), wishes=(("chase_parcel", "行，帮我催一下。"),))


@pytest.mark.parametrize("whole", [Meaning(intents=(("shipping_options", 0.3),), wishes=()), None])
async def test_what_is_wished_and_the_question_behind_it_are_both_answered(
    chat: Chat, whole: Meaning | None
) -> None:
    await chat.link()
    await chat.says("A1024到哪了", "order_status")
    chat.understander.script["行，帮我催一下。"] = CHASES
    chat.understander.script["要是找不到呢？"] = Meaning(intents=(("out_of_scope", 0.3),), wishes=())
    _ask(chat, "找不到", "包裹晚到或丢了", "找不到就重新寄一份。")
    text = "行，帮我催一下。要是找不到呢？"
    whole = whole or Meaning(intents=(("affirm", 0.3),), wishes=(("chase_parcel", text),))
    told = said(await chat.says(text, whole))
    assert "A1024" in told
    assert told.endswith("找不到就重新寄一份。")
    assert len(await kept(chat)) == 1


async def test_what_stays_unanswered_behind_a_request_is_named(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024到哪了", "order_status")
    chat.understander.script["行，帮我催一下。"] = CHASES
    chat.understander.script["xyzzy 呢？"] = Meaning(
        intents=(("out_of_scope", 0.1),), wishes=(), understood=False
    )
    text = "行，帮我催一下。xyzzy 呢？"
    whole = Meaning(intents=(("affirm", 0.3),), wishes=(("chase_parcel", text),))
    told = await chat.says(text, whole)
    assert "“xyzzy 呢？”" in said(told)
    assert buttons(told)


async def test_thanks_don_t_swallow_the_question_behind_them(chat: Chat) -> None:
    chat.understander.script["谢谢。"] = Meaning(intents=(("thanks", 0.9),), wishes=())
    chat.understander.script["茶能寄国外吗？"] = Meaning(intents=(("shipping_options", 0.9),))
    _ask(chat, "寄国外", "", "国外不寄。")
    told = await chat.says("谢谢。茶能寄国外吗？", Meaning(intents=(("thanks", 0.9),), wishes=()))
    assert said(told) == "国外不寄。"
