"""What the pages are asked, and which of their passages is said."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from bot.conversation.answer import Answer, HandOver
from bot.conversation.decisions import is_said, only
from bot.conversation.memory import Memory
from bot.conversation.skills.pages import (
    NEAR,
    answer,
    answer_own,
    before,
    in_place_of,
    more_of_told,
    passage_for,
    said_of,
)
from bot.conversation.sources import Sources
from bot.conversation.trace import ReadAs
from bot.conversation.turn import Turn
from bot.messages import Button, Reply
from nlu.types import Passage
from retention.types import PricePolicy


class _Pages:
    def __init__(self, *pages: str) -> None:
        self.found = [
            Passage(page=page, title=page, text=f"about {page}", language="en", score=0.9) for page in pages
        ]
        self.asked: list[str] = []
        self.before: list[str] = []
        self.at_least: list[float | None] = []

    async def search(
        self, question: str, language: str, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        self.asked.append(question)
        self.before.append(before)
        self.at_least.append(at_least)
        return self.found[:n]


def _turn(
    pages: _Pages,
    memory: Memory | None = None,
    said: str = "wrap it",
    *,
    chance: float = 0.4,
) -> Turn:
    turn = SimpleNamespace(
        services=SimpleNamespace(reader=pages, decisions=SimpleNamespace(policy=PricePolicy())),
        understanding=SimpleNamespace(text="wrap it", intent="gift_wrap", probability=chance),
        text="wrap it",
        chosen=False,
        skills=SimpleNamespace(tasks_of={}),
        said=said,
        language="en",
        intent="gift_wrap",
        memory=memory or Memory(),
        sources=Sources(),
        acts=SimpleNamespace(wishes=()),
        part=lambda text_id, **values: text_id,
        say=lambda text_id, text="": f"{text_id} {text}".strip(),
        human=((Button(label="human", action="human:ask"),),),
        named=lambda kind: None,
    )
    return cast(Turn, turn)


@pytest.mark.parametrize(
    ("pages", "said"), [(("faq", "gift_wrap"), "about gift_wrap"), (("faq", "hours"), "about faq"), ((), "")]
)
async def test_an_own_intent_is_answered_by_its_page_and_read_once(pages: tuple[str, ...], said: str) -> None:
    asked = _Pages(*pages)
    answer = await answer_own(_turn(asked))
    assert answer.text == said
    assert (answer.hand_over is not None) == (not said)
    assert asked.asked == ["wrap it"]


async def test_another_question_may_be_asked_than_the_message() -> None:
    asked = _Pages("faq")
    assert await passage_for(_turn(asked), "how much?") == asked.found[0]
    assert asked.asked == ["how much?"]


async def test_a_question_of_the_bots_own_needs_less_than_one_for_the_pages() -> None:
    asked = _Pages("faq")
    await passage_for(_turn(asked), "how much?")
    assert asked.at_least[0] is not None
    assert asked.at_least[0] < NEAR


class _PagesByQuestion(_Pages):
    """Finds one entry for the bot's own question, and with a chance of its own for the message."""

    def __init__(self, chance: float, *, stated: bool = True) -> None:
        super().__init__()
        entry = Passage(page="gifts", title="gifts", text="about gifts", language="en", score=0.9)
        own = replace(entry, score=chance, stated=stated)
        self.by_question = {"wrap it": own, "page-question-gift_wrap": entry}

    async def search(
        self, question: str, language: str, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        found = self.by_question[question]
        return [found] if found.score >= (0.4 if at_least is None else at_least) else []


@pytest.mark.parametrize(
    ("chance", "stated", "said"),
    [
        (0.15, True, "about gifts"),
        (0.15, False, "pages-unknown"),
        (0.05, True, "pages-unknown"),
    ],
)
async def test_a_general_entry_is_said_where_the_message_may_be_about_it(
    chance: float, stated: bool, said: str
) -> None:
    told = await answer(_turn(_PagesByQuestion(chance, stated=stated)))
    assert told.text == said
    assert told.tells_nothing is (said == "pages-unknown")
    assert bool(told.buttons) is (said != "about gifts"), "a person can tell more"


async def test_who_has_chosen_what_they_meant_hears_the_general_entry() -> None:
    turn = _turn(_PagesByQuestion(0.0))
    cast(SimpleNamespace, turn).chosen = True
    assert (await answer(turn)).text == "about gifts"


@pytest.mark.parametrize(("chance", "text"), [(0.9, "about gifts"), (0.4, "pages-unknown")])
async def test_what_is_plainly_to_be_done_goes_by_its_rule(chance: float, text: str) -> None:
    turn = cast(SimpleNamespace, _turn(_PagesByQuestion(0.0)))
    turn.skills.tasks_of = {"gift_wrap": "wrap"}
    turn.acts.wishes = (SimpleNamespace(intent="gift_wrap", probability=chance),)
    assert (await answer(turn)).text == text


async def test_an_entry_none_of_whose_sentences_answers_is_said_only_if_it_is_the_very_question() -> None:
    assert await passage_for(_turn(_PagesByQuestion(0.7, stated=False))) is None
    assert await passage_for(_turn(_PagesByQuestion(0.96, stated=False))) is not None


async def test_an_answer_that_tells_nothing_gives_way_to_what_the_pages_are_likely_to_state() -> None:
    turn = _turn(_PagesByQuestion(NEAR))
    told = await in_place_of(turn, Answer(text="which product?", tells_nothing=True))
    assert told is not None
    assert told.text == "about gifts"
    assert await in_place_of(turn, Answer(text="this comes nearest", lacks=True)) is None


async def test_what_the_pages_state_goes_before_a_question_which_stays_open() -> None:
    asks = Answer(text="who are you?", memory=Memory().asking("link", number=""), tells_nothing=True)
    told = await before(_turn(_PagesByQuestion(0.5)), asks, NEAR)
    assert told is not None
    assert told.text == "about gifts\n\nwho are you?"
    assert told.memory is not None
    assert told.memory.pending is not None
    assert not told.tells_nothing
    assert await before(_turn(_PagesByQuestion(0.2)), asks, NEAR) is None


BEFORE = Memory(before=("do you send to Tibet", "and to Xinjiang?"))


class _PagesByContext(_Pages):
    """Finds with one chance by the message alone and with another with the one before."""

    def __init__(self, alone: float, together: float) -> None:
        super().__init__()
        self.chances = {"": alone, "do you send to Tibet": together}

    async def search(
        self, question: str, language: str, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        await super().search(question, language, n, before, at_least)
        page = "together" if before else "alone"
        return [Passage(page=page, title=page, text=page, language="en", score=self.chances[before])]


@pytest.mark.parametrize(("alone", "together", "said"), [(0.3, 0.9, "together"), (0.5, 0.3, "alone")])
async def test_a_message_is_read_alone_and_with_the_one_before_it(
    alone: float, together: float, said: str
) -> None:
    found = await passage_for(_turn(_PagesByContext(alone, together), BEFORE))
    assert found is not None
    assert found.page == said


@pytest.mark.parametrize(("together", "by_before"), [(0.9, True), (0.3, False)])
async def test_an_answer_tells_whether_what_was_said_before_led_to_it(
    together: float, by_before: bool
) -> None:
    turn = _turn(_PagesByContext(0.4, together), BEFORE)
    told = await answer(turn)
    (entry,) = turn.sources.of(Reply(text=told.text), ReadAs(), ["policy"]).entries
    assert (entry.page, entry.by_before) == ("together" if by_before else "alone", by_before)


async def test_what_a_message_surely_asks_by_itself_is_not_read_otherwise() -> None:
    asked = _PagesByContext(0.9, 1.0)
    assert (await passage_for(_turn(asked, BEFORE))) is not None
    assert asked.before == [""]


def _entry(title: str, text: str, answer: str, score: float = 0.9) -> Passage:
    return Passage(page="p", title=title, text=text, language="en", score=score, answer=answer)


def test_a_short_entry_is_said_as_the_shop_wrote_it() -> None:
    entry = _entry("Abroad", "We ship on Mondays. Norway: 17 pounds. Peru: 40.", "Norway: 17 pounds.")
    assert said_of(_turn(_Pages()), [entry]).text == entry.text


def test_of_a_long_entry_the_sentence_that_answers_is_said_first() -> None:
    text = f"We ship on Mondays. To Norway it is 17 pounds, by sea. {'Boxes are brown. ' * 30}"
    said = said_of(_turn(_Pages()), [_entry("Abroad", text, "To Norway it is 17 pounds, by sea.")]).text
    assert said.startswith("To Norway it is 17 pounds, by sea.\n\nWe ship on Mondays.\nBoxes are brown.")


async def test_a_part_of_a_message_is_read_with_what_was_said_before_it() -> None:
    asked = _Pages()
    await passage_for(
        _turn(asked, Memory(before=("hi", "do you ship it and wrap it")), "do you ship it and wrap it")
    )
    assert asked.before == ["", "do you ship it and"]


async def test_what_was_said_before_an_order_was_chosen_by_a_button_is_nothing() -> None:
    turn = _turn(asked := _Pages())
    await passage_for(cast(Turn, SimpleNamespace(**{**vars(turn), "text": "", "said": ""})))
    assert asked.asked == ["wrap it"]


def test_of_the_entry_told_last_just_what_is_asked_now_is_said() -> None:
    entry = _entry("Abroad", "Norway: 17 pounds. Peru: 40.", "Norway: 17 pounds.")
    told = said_of(_turn(_Pages()), [entry])
    assert told.memory is not None
    again = _entry("Abroad", entry.text, "Peru: 40.")
    assert said_of(_turn(_Pages(), told.memory), [again]).text == "Peru: 40."
    other = _entry("Inland", "Inland: 3 pounds. By van.", "Inland: 3 pounds.")
    assert said_of(_turn(_Pages(), told.memory), [other]).text == other.text


def test_of_the_entry_told_last_that_there_is_no_more_to_it_is_said() -> None:
    entry = _entry("Abroad", "Norway: 17 pounds. Peru: 40.", "")
    told = said_of(_turn(_Pages()), [entry]).memory
    assert told is not None
    again = said_of(_turn(_Pages(), told), [replace(entry, stated=False)])
    assert again.text == f"pages-not-stated {entry.text}"
    assert again.buttons
    assert again.memory is not None
    assert again.memory.topic == "Abroad", "what is asked next may still be of it"
    assert said_of(_turn(_Pages()), [replace(entry, stated=False)]).text == entry.text


@pytest.mark.parametrize(
    ("text", "answer", "stated", "said"),
    [
        ("how much to Peru?", "Peru: 40.", True, "Peru: 40."),
        ("how much to Mars?", "Peru: 40.", False, None),
        ("where is my order?", "Peru: 40.", True, None),
        ("how much to Peru?", "", True, "Peru: 40."),
        ("how much is it?", "", True, None),
    ],
)
async def test_a_sentence_of_the_entry_told_last_goes_before_what_other_skills_tell(
    text: str, answer: str, stated: bool, said: str | None
) -> None:
    entry = _entry("Abroad", "Norway: 17 pounds. Peru: 40.", answer)
    told = said_of(_turn(_Pages()), [entry]).memory
    assert told is not None
    asked = _Pages()
    asked.found = [replace(entry, stated=stated)]
    turn = cast(Turn, SimpleNamespace(**{**vars(_turn(asked, told)), "text": text}))
    more = await more_of_told(turn)
    assert (more.text if more is not None else None) == said
    assert await more_of_told(_turn(asked)) is None, "nothing was told before"


def test_what_another_answer_of_the_message_says_is_not_said_again() -> None:
    (first,) = only("shipping", Answer(text="Norway: 17 pounds. Peru: 40."))
    assert is_said(only("price", Answer(text="Peru: 40."))[0], [first])
    assert not is_said(only("price", Answer(text="Inland: 3 pounds."))[0], [first])
    assert not is_said(
        only("human", Answer(text="Peru: 40.", hand_over=HandOver(reason="asked")))[0], [first]
    )


@pytest.mark.parametrize(("score", "both"), [(0.4, True), (0.1, False)])
def test_a_second_entry_is_said_where_it_applies_too(score: float, both: bool) -> None:
    first = _entry("Tea", "Tea can be returned.", "Tea can be returned.", 0.5)
    second = _entry("Opened", "Opened food can't. Ask us.", "Opened food can't.", score)
    text = said_of(_turn(_Pages()), [first, second]).text
    assert text == ("Tea can be returned.\n\nOpened food can't." if both else "Tea can be returned.")


class _AfterAbroad(_Pages):
    """Finds with each chance by the message alone, after the message before, and after the entry that was told."""

    def __init__(self, **chances: tuple[float, float, float]) -> None:
        super().__init__()
        self.chances = chances

    async def search(
        self, question: str, language: str, n: int = 3, before: str = "", at_least: float | None = None
    ) -> list[Passage]:
        await super().search(question, language, n, before, at_least)
        place = ("", "do you send to Tibet", "Abroad").index(before)
        found = [
            Passage(
                page="shipping", title=name, text=f"about {name}", language="en", score=chances[place]
            )
            for name, chances in self.chances.items()
        ]  # fmt: skip
        return sorted(found, key=lambda one: -one.score)


TOLD = Memory(
    before=("do you send to Tibet", "how long?"), topic="Abroad", topic_asked="do you send to Tibet"
)


@pytest.mark.parametrize(
    ("delivery", "abroad", "said"),
    [((0.97, 0.01, 0.0), (0.0, 0.76, 0.97), "abroad"), ((0.95, 0.6, 0.1), (0.0, 0.2, 0.5), "delivery")],
)
async def test_after_an_entry_a_short_question_is_asked_of_it_unless_it_plainly_asks_another_thing(
    delivery: tuple[float, float, float], abroad: tuple[float, float, float], said: str
) -> None:
    found = await passage_for(_turn(_AfterAbroad(delivery=delivery, abroad=abroad), TOLD))
    assert found is not None
    assert found.title == said


async def test_the_bots_own_question_is_not_asked_of_the_entry_told_last() -> None:
    asked = _Pages("faq")
    await passage_for(_turn(asked, TOLD), "how much?")
    assert asked.before == [""]


def test_an_order_or_product_spoken_of_ends_what_the_pages_told() -> None:
    told = said_of(_turn(_Pages()), [_entry("Abroad", "Norway: 17 pounds.", "")]).memory
    assert told is not None
    assert told.topic == "Abroad"
    assert told.heard("shipping_fee").topic == "Abroad"
    assert told.about_order("o1").topic == told.about_product("p1").topic == told.showing(("p1",)).topic == ""


async def test_a_question_that_no_sentence_of_the_pages_answers_is_left_to_people() -> None:
    for chance, stated, said in ((0.5, False, "pages-unknown"), (0.7, False, "pages-not-stated about gifts")):
        pages = _PagesByQuestion(chance, stated=stated)
        pages.by_question["page-question-gift_wrap"] = replace(pages.by_question["wrap it"], score=0.0)
        assert (await answer(_turn(pages, chance=0.9))).text == said
    assert (await answer(_turn(_PagesByQuestion(0.5), chance=0.9))).text == "about gifts"
