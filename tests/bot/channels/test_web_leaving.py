"""A stranger who waits for a person is asked where to write; nobody else is, and for nothing else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.web.leaving import email_of
from bot.conversation import ownership
from bot.messages import Reply
from storage import Store
from storage.conversations import Conversations
from storage.customers import Accounts
from storage.escalations import Escalation, Escalations
from storage.staff import Staff
from tests.bot.channels.webchat import Page, Replica, replica, say
from tests.factories import add_customer

ADDRESS = "lin.wei@example.com"


@pytest.fixture
async def chat(store: Store) -> AsyncIterator[Replica]:
    async with replica(store) as running:
        yield running


async def handed_over(store: Store, page: Page, *, customer: str | None = None) -> int:
    """Let a visitor who has written wait for a person, and tell them so; the case."""
    await page.hello()
    await page.say("a person please")
    await page.until_told("you said a person please")
    visitor = str(page.visitor)

    async def work(connection: AsyncConnection) -> int:
        contact = await Conversations(connection).contact("web", visitor)
        assert contact is not None
        now, here = datetime.now(UTC), contact.conversation
        if customer is not None:
            await add_customer(connection, customer)
            await Accounts(connection).link(here.account_id, customer, "order", now)
        case = await ownership.escalate(connection, here.id, reason="asked", now=now)
        await say(connection, here.id, Reply(text="passed on", language="en"), now)
        return case

    return await store.write(work)


async def answered(store: Store, case: int) -> None:
    async def work(connection: AsyncConnection) -> None:
        now = datetime.now(UTC)
        ann = await Staff(connection).add(
            login="ann", name="Ann", role="agent", password_hash="-", language="en", now=now
        )
        await ownership.answer(connection, case, ann, "Ann", "Here I am.", now)

    await store.write(work)


async def kept(store: Store, case: int) -> Escalation:
    async with store.read() as connection:
        return await Escalations(connection).get(case)


async def leaves(page: Page, email: object, language: str = "en", reference: str = "e1") -> None:
    await page.send({"type": "email", "id": reference, "email": email, "language": language})


@pytest.mark.parametrize(
    ("language", "wording"),
    [
        ("en", "We'll answer here. If you have to leave before that, where may we write? "
               "Your address is for this answer alone, not for advertising."),
        ("zh", "我们会在这里回复。如果您要先离开，可以写到哪个邮箱？ 邮箱只用于这次回复，不会用来发广告。"),
    ],
)  # fmt: skip
async def test_an_address_is_kept_with_the_case_and_with_what_was_said_of_it(
    chat: Replica, store: Store, caplog: pytest.LogCaptureFixture, language: str, wording: str
) -> None:
    for room in ("bot", "storage"):
        caplog.set_level(logging.DEBUG, logger=room)
    async with chat.browser() as page, chat.browser() as other:
        case = await handed_over(store, page)
        asked = await page.until("email", wanted=True)
        words = asked["words"][language]
        assert f"{words['ask']} {words['consent']}" == wording
        await other.hello(visitor=page.visitor, key=page.key)
        await other.until("email", wanted=True)
        await leaves(page, f" {ADDRESS} ", language)
        said = await page.until("email_kept", id="e1")
        assert ADDRESS in said["text"]
        await page.until("email", wanted=False)
        await other.until("email", wanted=False)
        found = await kept(store, case)
        assert (found.reply_email, found.reply_wording) == (ADDRESS, wording)
        # Mistyped: it can be said again, as long as nobody has answered.
        await leaves(page, "other@example.com", language, "e2")
        await page.until("email_kept", id="e2")
    assert (await kept(store, case)).reply_email == "other@example.com"
    async with chat.browser() as back:
        await back.hello(visitor=page.visitor, key=page.key)
        await back.say("and?", "m2")
        await back.until_told("you said and?")
        assert "email" not in [frame["type"] for frame in back.frames]
    assert "example.com" not in caplog.text


async def test_who_comes_back_is_asked_again_until_somebody_answers(chat: Replica, store: Store) -> None:
    async with chat.browser() as page:
        case = await handed_over(store, page)
        await page.until("email", wanted=True)
    async with chat.browser() as back:
        await back.hello(visitor=page.visitor, key=page.key)
        await back.until("email", wanted=True)
        await answered(store, case)
        await back.until("email", wanted=False)
        await leaves(back, ADDRESS)
        assert (await back.until("error"))["code"] == "too_late"
    assert (await kept(store, case)).reply_email is None


async def test_who_is_known_is_not_asked(chat: Replica, store: Store) -> None:
    async with chat.browser() as page:
        case = await handed_over(store, page, customer="c1")
        await page.until_told("passed on")
        await leaves(page, ADDRESS)
        assert (await page.until("error"))["code"] == "too_late"
        assert "email" not in [frame["type"] for frame in page.frames]
    assert (await kept(store, case)).reply_email is None


async def test_nobody_is_asked_while_the_bot_answers(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("hello")
        await page.until_told("you said hello")
        await leaves(page, ADDRESS)
        assert (await page.until("error"))["code"] == "too_late"
        assert "email" not in [frame["type"] for frame in page.frames]


async def test_what_is_no_address_is_refused_and_the_conversation_goes_on(
    chat: Replica, store: Store
) -> None:
    async with chat.browser() as page:
        case = await handed_over(store, page)
        for number, wrong in enumerate(("lin", 7, None, {"a": 1}, "a@b", f"{ADDRESS}\nBcc: x@example.org")):
            await leaves(page, wrong, reference=f"e{number}")
            assert (await page.until("error", id=f"e{number}"))["code"] == "not_an_email"
        await page.say("still here", "m2")
        await page.until_told("you said still here")
    assert (await kept(store, case)).reply_email is None


async def test_addresses_count_like_messages(chat: Replica, store: Store) -> None:
    async with chat.browser() as page:
        await handed_over(store, page)
        for number in range(30):
            await leaves(page, ADDRESS, reference=f"e{number}")
        refused = await page.until("error")
        assert (refused["code"], refused["retry_after"] > 0) == ("too_fast", True)


@pytest.mark.parametrize(
    ("typed", "kept_as"),
    [
        ("Lin.Wei+shop@Example.co.uk", "Lin.Wei+shop@Example.co.uk"),
        ("ｌｉｎ＠ｅｘａｍｐｌｅ．ｃｏｍ", "lin@example.com"),
        ("lin@qq。com", "lin@qq.com"),
        ("x@xn--fiqs8s.xn--fiqs8s", "x@xn--fiqs8s.xn--fiqs8s"),
        ("lin@example..com", None), ("@example.com", None), ("lin@", None), ("a b@example.com", None),
        ("lin@example.com, ann@example.com", None), ("<lin@example.com>", None), ("lin@-example.com", None),
        ("a" * 65 + "@example.com", None), ("a@" + "b" * 60 + ".c" * 80 + ".com", None), ("", None),
    ],
)  # fmt: skip
def test_an_address_is_one_address(typed: str, kept_as: str | None) -> None:
    assert email_of(typed) == kept_as
