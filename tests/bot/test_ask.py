"""`liuke ask`: what the bot would answer and why; the store holds afterwards what it held before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.commands import ask
from bot.commands.ask import Rehearsed, changes, rehearse, reply_lines
from bot.conversation.engine import Engine
from bot.conversation.texts import Texts
from bot.delivery.ports import TookTooLong
from bot.linking.linker import Linker
from bot.messages import Button, Card, Incoming, IncomingKind, Reply
from bot.settings import Settings
from bot.staff.console.words import Words
from storage import Store, migrate
from storage.contents import contents_of
from storage.customers import Consents
from storage.trial import trial
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat
from tests.fakes import Meaning, means

RUN = CliRunner()
WORDS = Words(Texts.load(package="bot.staff.console"), "en")


async def asked(
    store: Store, question: str, meaning: Meaning | str, customer: str | None = "c1"
) -> Rehearsed:
    """Ask in a trial of a shop, with a scripted reading."""
    await store.write(shop.fill)
    await store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    chat = Chat(store=store, linker=await Linker.open(store, "secret"))
    chat.understander.script[question] = means(meaning) if isinstance(meaning, str) else meaning
    incoming = Incoming(
        channel=ask.CHANNEL,
        address="ask-1",
        update_id="1",
        kind=IncomingKind.TEXT,
        at=shop.NOW,
        text=question,
        language="en",
        signed_in_as=customer,
    )
    async with store.read() as connection:
        before = (await contents_of(connection)).counts
    async with trial(store) as tried:
        engine = Engine(tried, chat.engine._services, clock=lambda: shop.NOW)
        found = await rehearse(engine, tried, incoming, shop.NOW)
    async with store.read() as connection:
        assert (await contents_of(connection)).counts == before
    return found


async def test_an_order_is_told_to_whoever_it_belongs_to(any_store: Store) -> None:
    found = await asked(any_store, "where is A1024", "order_status")
    assert found.reply is not None
    assert "SF100200300" in found.reply.text
    assert found.trace is not None
    assert found.trace.facts[0].which == "A1024"
    assert list(changes(WORDS, found.before, found.after)) == []


async def test_a_stranger_is_told_none(any_store: Store) -> None:
    found = await asked(any_store, "where is A1024", "order_status", None)
    assert "SF100200300" not in "\n".join(reply_lines(found.reply))


async def test_a_request_is_said_and_not_filed(any_store: Store) -> None:
    found = await asked(any_store, "please hurry up the parcel of A1024", "chase_parcel")
    (made,) = found.after.requests.values()
    assert list(changes(WORDS, found.before, found.after)) == [
        f"Not filed, and its number is not kept: request {made.number} (Request, order A1024)."
    ]
    assert found.reply is not None
    assert made.number in found.reply.text


async def test_a_request_that_is_open_is_not_changed(any_store: Store) -> None:
    await any_store.write(shop.fill)
    chat = Chat(store=any_store, linker=await Linker.open(any_store, "secret"))
    await chat.link()
    await chat.says("please hurry up the parcel of A1024", "chase_parcel")
    found = await asked(any_store, "hurry up the parcel of A1024, it is a present", "chase_parcel")
    (made,) = found.after.requests.values()
    assert list(changes(WORDS, found.before, found.after)) == [
        f"Not changed: request {made.number} (Request, order A1024)."
    ]


async def test_a_personal_price_is_said_and_not_kept(any_store: Store) -> None:
    found = await asked(any_store, "can you do better on the Longjing Tea", "discount_request")
    (line,) = changes(WORDS, found.before, found.after)
    (code,) = found.after.codes
    assert line == f"Not kept: the personal price with code {code}, which no till takes."
    assert found.reply is not None
    assert code in found.reply.text


async def test_a_case_is_said_and_not_opened(any_store: Store) -> None:
    found = await asked(any_store, "a person please", "human_agent")
    assert list(changes(WORDS, found.before, found.after)) == [
        "Not handed to staff: a case with the reason “asked for a person”."
    ]


async def test_a_no_to_messages_is_said_and_not_noted(any_store: Store) -> None:
    await any_store.write(shop.fill)
    found = await asked(any_store, "stop sending me offers", "opt_out")
    assert list(changes(WORDS, found.before, found.after)) == [
        "Not noted: their no to messages from the shop."
    ]
    async with any_store.read() as connection:
        assert await Consents(connection).channels("marketing", "c1") == []


async def test_a_message_about_one_product_is_no_yes_to_messages_from_the_shop(any_store: Store) -> None:
    found = await asked(any_store, "竹茶盘到货了告诉我", "stock_question")
    (made,) = found.after.requests.values()
    (line,) = changes(WORDS, found.before, found.after)
    assert (
        line == f"Not filed, and its number is not kept: request {made.number} (Message when back in stock)."
    )


def test_an_answer_is_printed_with_cards_and_buttons() -> None:
    card = Card(
        product_id="p1", title="Tea", text="¥1\nin stock", buttons=(Button(label="Details", action="x"),)
    )
    links = (Button(label="Track", url="https://example.org/1"), Button(label="Help", action="y"))
    assert list(reply_lines(Reply(text="These:", cards=(card,), buttons=(links,)))) == [
        "These:",
        "  ▪ Tea",
        "    ¥1",
        "    in stock",
        "    [Details]",
        "  [Track](https://example.org/1) [Help]",
    ]
    assert list(reply_lines(None)) == ["(The bot says nothing to this.)"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small shop and a page."""
    home = tmp_path / "home"
    (home / "pages" / "en").mkdir(parents=True)
    (home / "pages" / "en" / "returns.md").write_text(
        "# Returns\n\n## How long may I return something?\n\nWithin 17 days of delivery.\n", "utf-8"
    )
    monkeypatch.setenv("LIUKE_HOME", str(home))

    async def fill() -> None:
        url = Settings(home=home).store_url
        await migrate(url)
        async with Store.open(url) as store:
            await store.write(shop.fill)

    asyncio.run(fill())
    return home


async def _counts(home: Path) -> object:
    async with Store.open(Settings(home=home).store_url) as store, store.read() as connection:
        return (await contents_of(connection)).counts


def test_it_answers_with_the_model_and_the_pages_says_why_and_keeps_nothing(home: Path) -> None:
    before = asyncio.run(_counts(home))
    done = RUN.invoke(
        app, ["ask", "How many days do I have to return something?", "--language", "en", "--why"]
    )
    assert done.exit_code == 0, done.output
    answer, _, why = done.stdout.partition("\n\n")
    assert "17 days" in answer
    assert "Read as: return policy" in why
    assert "Answered by: The shop's rules" in why
    assert "Page: returns › How long may I return something?, English" in why
    assert asyncio.run(_counts(home)) == before


@pytest.mark.usefixtures("home")
def test_nobody_unknown_is_spoken_for() -> None:
    done = RUN.invoke(app, ["ask", "hi", "--as", "nobody"])
    assert done.exit_code == 1
    assert "there is no customer 'nobody'; `liuke customer list` shows some" in done.stderr


def test_without_a_shop_it_says_how_to_get_one_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path / "nothing"))
    done = RUN.invoke(app, ["ask", "hi"])
    assert done.exit_code == 1
    assert "There is no shop in" in done.stderr
    assert "`liuke demo`" in done.stderr
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("question", ["", "  ", "x" * 4_001])
def test_a_question_has_words(question: str) -> None:
    done = RUN.invoke(app, ["ask", question])
    assert done.exit_code == 1
    assert "A question has 1 to 4,000 characters." in done.stderr


@pytest.mark.usefixtures("home")
def test_a_question_that_takes_too_long_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(*_: object) -> Rehearsed:
        raise TookTooLong("reading")

    monkeypatch.setattr(ask, "_asked", slow)
    done = RUN.invoke(app, ["ask", "hi"])
    assert done.exit_code == 1
    assert "took too long" in done.stderr
