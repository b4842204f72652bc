"""What the web chat promises, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx
import pytest

from bot.channels.web.talk import MAX_TEXT
from bot.http.server import MAX_FRAME
from bot.messages import DeliveryStatus, IncomingKind, Outgoing, Reply
from storage import Store
from storage.conversations import Conversations
from tests.bot.channels.webchat import Replica, replica, say


@pytest.fixture
async def chat(store: Store) -> AsyncIterator[Replica]:
    async with replica(store) as running:
        yield running


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        # What is waited for is inside the channel and wakes nobody.
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_visitor_is_greeted_and_answered(chat: Replica) -> None:
    async with chat.browser() as page:
        welcome = await page.hello()
        assert welcome["messages"] == []
        assert welcome["shop"] == {"zh": "小店", "en": "Shop"}
        assert welcome["questions"] == {"en": ["Anything new?"]}
        assert not welcome["signed_in"]
        assert welcome["greeting"]["text"] == "welcome"
        await page.say("hello <script>")
        await page.until_told("welcome")
        answer = await page.until_told("you said hello <script>")
    assert answer["author"] == "bot"
    assert answer["reply"]["cards"][0]["title"] == "Tea <b>cup</b>"
    assert answer["reply"]["buttons"][0][0] == {"label": "More", "action": "more:1"}
    text = chat.clerk.seen[-1]
    assert (text.channel, text.kind, text.text, text.language) == (
        "web", IncomingKind.TEXT, "hello <script>", "en",
    )  # fmt: skip
    assert text.signed_in_as is None


async def test_kept_is_said_only_for_what_survives(chat: Replica, store: Store) -> None:
    chat.clerk.silent = True
    async with chat.browser() as page:
        await page.hello()
        await page.say("one", "a1")
        await page.until("kept", id="a1")
    async with store.read() as connection:
        kept = (await connection.exec_driver_sql("SELECT count(*) FROM inbox")).scalar_one()
    assert kept == 2  # the opening and the message


async def test_what_was_sent_twice_is_handled_once(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("one", "a1")
        await page.until("kept", id="a1")
        visitor, key = page.visitor, page.key
    async with chat.browser() as page:
        await page.hello(visitor=visitor, key=key, after=0)
        await page.say("one", "a1")
        await page.until("kept", id="a1")
        await page.say("two", "a2")
        await page.until_told("you said two")
    assert [incoming.text for incoming in chat.clerk.seen] == ["", "one", "two"]


async def test_who_comes_back_sees_the_history_once(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("one", "a1")
        seen = await page.until_told("you said one")
    async with chat.browser() as back:
        welcome = await back.hello(visitor=page.visitor, key=page.key)
        told = [(frame["mine"], frame["reply"]["text"], frame["ref"]) for frame in welcome["messages"]]
        assert told == [(False, "welcome", None), (True, "one", "a1"), (False, "you said one", None)]
        await back.say("two", "a2")
        await back.until_told("you said two")
    # No second greeting: the conversation has begun.
    assert [incoming.kind for incoming in chat.clerk.seen].count(IncomingKind.START) == 1
    async with chat.browser() as again:
        welcome = await again.hello(visitor=page.visitor, key=page.key, after=seen["id"])
        assert "you said two" in [frame["reply"]["text"] for frame in welcome["messages"]]


async def test_a_message_sent_while_the_browser_is_away_is_in_the_history(
    chat: Replica, store: Store
) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("hi")
        await page.until_told("you said hi")
    assert page.visitor is not None
    async with store.read() as connection:
        contact = await Conversations(connection).contact("web", page.visitor)
    assert contact is not None
    here = contact.conversation.id
    await store.write(lambda connection: say(connection, here, Reply(text="while away"), datetime.now(UTC)))
    async with chat.browser() as back:
        welcome = await back.hello(visitor=page.visitor, key=page.key)
        assert welcome["messages"][-1]["reply"]["text"] == "while away"


@pytest.mark.parametrize("key", ["0" * 32, "", "ключ", None, 7])
async def test_a_forged_visitor_sees_nothing(chat: Replica, key: object) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("my secret", "a1")
        await page.until_told("you said my secret")
    async with chat.browser() as thief:
        welcome = await thief.hello(visitor=page.visitor, key=key)
    assert welcome["visitor"] != page.visitor
    assert welcome["messages"] == []


async def test_two_browsers_of_one_visitor_show_the_same(chat: Replica) -> None:
    async with chat.browser() as first, chat.browser() as second:
        await first.hello()
        await second.hello(visitor=first.visitor, key=first.key)
        await first.say("from the first", "a1")
        own = await second.until_told("from the first")
        assert own["mine"]
        assert own["ref"] == "a1"
        assert own["id"] is None
        await second.until_told("you said from the first")
        await first.until_told("you said from the first")


async def test_a_press_carries_its_action_and_the_message_it_was_on(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("hi")
        answer = await page.until_told("you said hi")
        await page.send(
            {"type": "press", "id": "b1", "action": "more:1", "text": "More", "message": answer["id"]}
        )
        await page.until_told("pressed more:1")
    pressed = chat.clerk.seen[-1]
    assert (pressed.kind, pressed.payload, pressed.text) == (IncomingKind.BUTTON, "more:1", "More")
    assert pressed.message_ref == str(answer["id"])
    async with chat.browser() as back:
        welcome = await back.hello(visitor=page.visitor, key=page.key)
        assert "b1" in [frame["ref"] for frame in welcome["messages"]]


async def test_a_deep_link_opens_the_conversation_with_it_once(chat: Replica) -> None:
    async with chat.browser() as page:
        welcome = await page.hello(start="l-abc")
        assert "greeting" not in welcome
        await page.until_told("welcome l-abc")
    async with chat.browser() as reloaded:
        await reloaded.hello(start="l-abc", visitor=page.visitor, key=page.key)
        await reloaded.say("hi")
        await reloaded.until_told("you said hi")
    assert [i.payload for i in chat.clerk.seen if i.kind is IncomingKind.START] == ["l-abc"]


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "null",
        "[" * 30_000,
        '{"type": "message"}',
        '{"type": "message", "id": "a b", "text": "x"}',
        '{"type": "message", "id": "a1", "text": ["x"]}',
        '{"type": "press", "id": "a1", "text": "x"}',
        '{"type": "press", "id": "a1", "action": {"x": 1}}',
        '{"type": "dance", "id": "a1"}',
        '{"type": "message", "id": 5, "text": "x"}',
    ],
)
async def test_a_bad_frame_is_refused_and_the_chat_goes_on(chat: Replica, frame: str) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.send(frame)
        assert (await page.until("error"))["code"] == "not_understood"
        await page.say("still here")
        await page.until_told("you said still here")


@pytest.mark.parametrize(
    "hello", [{"visitor": 5, "key": []}, {"after": "x"}, {"after": -1}, {"after": 2**70}, {"language": {}},
              {"token": 5}, {"start": ["x"]}, {"language": "\ud800"}, {"start": "\u0000"}]
)  # fmt: skip
async def test_a_strange_hello_is_a_stranger(chat: Replica, hello: dict[str, object]) -> None:
    async with chat.browser() as page:
        welcome = await page.hello(**hello)
        assert welcome["messages"] == []
        await page.say("hi")
        await page.until_told("you said hi")


async def test_nothing_is_taken_before_hello(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.say("hi")
        assert (await page.until("error"))["code"] == "hello_first"
    assert chat.clerk.seen == []


async def test_what_no_database_can_keep_is_left_out(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.send('{"type": "message", "id": "a1", "text": "a\\u0000b\\ud83dc\\n\\u200f☕"}')
        await page.until_told("you said ab�c\n\u200f☕")


async def test_a_message_too_long_is_refused_by_name(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("茶" * (MAX_TEXT + 1), "a1")
        assert (await page.until("error"))["code"] == "too_long"
        await page.say("茶" * MAX_TEXT, "a2")
        await page.until("kept", id="a2")


async def test_a_huge_frame_ends_the_connection(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("x" * MAX_FRAME, "a1")
        assert await page.is_closed() == 1009


async def test_the_dots_move_while_an_answer_is_made(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        assert page.visitor is not None
        await chat.channel.working(page.visitor)
        await page.until("working")


async def test_a_campaign_message_is_kept_for_a_browser_that_is_away(chat: Replica) -> None:
    async with chat.browser() as page:
        await page.hello()
        await page.say("hi")
        await page.until_told("you said hi")
    assert page.visitor is not None
    message = Outgoing(outbox_id=77, channel="web", address=page.visitor, reply=Reply(text="we miss you"))
    first = await chat.channel.deliver(message)
    second = await chat.channel.deliver(message)
    assert first.status is DeliveryStatus.SENT
    assert first.message_refs == second.message_refs
    async with chat.browser() as back:
        welcome = await back.hello(visitor=page.visitor, key=page.key)
        assert [frame["reply"]["text"] for frame in welcome["messages"]] == [
            "welcome", "hi", "you said hi", "we miss you",
        ]  # fmt: skip


async def test_a_message_to_nobody_is_refused(chat: Replica) -> None:
    nobody = Outgoing(outbox_id=1, channel="web", address="v-nobody", reply=Reply(text="hello"))
    assert (await chat.channel.deliver(nobody)).status is DeliveryStatus.REFUSED


async def test_another_replica_shows_what_the_first_has_sent(store: Store) -> None:
    async with (
        replica(store, name="one") as one,
        replica(store, name="two", sends=False) as two,
        two.browser() as page,
        one.browser() as other,
    ):
        two.clerk.silent = True
        await page.hello()
        await other.hello(visitor=page.visitor, key=page.key)

        async def polled() -> bool:
            return two.channel._polled is not None

        await eventually(polled)
        await other.say("said at the first", "a1")
        await page.until_told("said at the first")
        await page.until_told("you said said at the first")
        texts = [frame["reply"].get("text") for frame in page.frames if frame["type"] == "message"]
        assert texts.count("you said said at the first") == 1


async def test_the_page_and_its_files_are_served_with_care(chat: Replica) -> None:
    async with httpx.AsyncClient(base_url=chat.address) as client:
        page = await client.get("/chat")
        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
        for path in ("/chat/static/chat.js", "/chat/static/chat.css", "/widget.js", "/chat/static/mark.svg"):
            found = await client.get(path)
            assert found.status_code == 200, path
            assert found.headers["cache-control"] == "no-cache"
            assert found.headers["x-content-type-options"] == "nosniff"
        assert (await client.get("/")).headers["location"] == "/chat"
        for path in ("/media/../liuke.db", "/media/%2e%2e/x.jpg", "/chat/static/../web.py", "/media/a.exe"):
            assert (await client.get(path)).status_code == 404, path
