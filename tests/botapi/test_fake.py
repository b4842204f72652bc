"""The fake Bot API must behave like the real one, or tests over it prove nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
)
from aiohttp import web

from tests.botapi import TOKEN, FakeBotApi, Person, buttons_of, texts


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    fake = FakeBotApi()
    async with fake.serve():
        yield fake
    assert fake.problems == []


@pytest.fixture
async def bot(api: FakeBotApi) -> AsyncIterator[Bot]:
    async with _bot(api) as bot:
        yield bot


class _Session(AiohttpSession):
    """aiogram's own waits a quarter of a second for TLS connections to close; there are none here."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _bot(api: FakeBotApi, token: str = TOKEN) -> Bot:
    return Bot(token, session=_Session(api=TelegramAPIServer.from_base(api.address)))


@pytest.fixture
def lin(api: FakeBotApi) -> Person:
    person = api.person("Lin")
    person.starts()
    return person


def _keyboard(*data: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=f"Press {i}", callback_data=each) for i, each in enumerate(data)]
    return InlineKeyboardMarkup(inline_keyboard=[row])


async def test_knows_its_own_token_alone(api: FakeBotApi) -> None:
    async with _bot(api) as bot:
        assert (await bot.get_me()).username == "liuke_test_bot"
    async with _bot(api, "1:AAWrong") as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()


async def test_an_update_stays_until_a_higher_offset_confirms_it(bot: Bot, lin: Person) -> None:
    lin.says("one")
    lin.says("two")
    first = await bot.get_updates(limit=2)
    assert [u.message.text for u in first if u.message] == ["/start", "one"]
    assert [u.update_id for u in await bot.get_updates(limit=2)] == [u.update_id for u in first]
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    assert [u.message.text for u in rest if u.message] == ["two"]


async def test_a_long_poll_returns_as_soon_as_somebody_writes(api: FakeBotApi, bot: Bot, lin: Person) -> None:
    last = (await bot.get_updates())[-1].update_id
    waiting = asyncio.create_task(bot.get_updates(offset=last + 1, timeout=30))
    await api.wait_for(lambda: len(api.calls_of("getUpdates")) == 2)
    lin.says("now")
    assert [u.message.text for u in await waiting if u.message] == ["now"]


async def test_of_two_pollers_the_first_is_told_to_stop(api: FakeBotApi, bot: Bot) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await api.wait_for(lambda: len(api.calls_of("getUpdates")) == 1)
    second = asyncio.create_task(bot.get_updates(timeout=1))
    with pytest.raises(TelegramConflictError):
        await first
    assert await second == []


async def test_no_polling_beside_a_webhook(bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(TelegramConflictError):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []


async def test_kinds_that_were_not_asked_for_do_not_come(bot: Bot, lin: Person) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    lin.says("unheard")
    assert [u.message.text for u in await bot.get_updates() if u.message] == ["/start"]


class Hook:
    """A webhook that answers as it is told."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.secrets: list[str | None] = []
        self.statuses: list[int] = []
        self.body: Any = None
        self.together = 0
        self.most_together: dict[int, int] = {}
        self.arrived = asyncio.Event()

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        update = await request.json()
        chat = update["message"]["chat"]["id"]
        self.most_together[chat] = self.most_together.get(chat, 0) + 1
        assert self.most_together[chat] == 1
        await asyncio.sleep(0)
        self.most_together[chat] -= 1
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.got.append(update)
        return web.json_response(self.body, status=status)

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.got]


@pytest.fixture
async def hook() -> AsyncIterator[tuple[Hook, str]]:
    handler = Hook()
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield handler, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def test_a_webhook_gets_what_waits_with_the_secret(
    api: FakeBotApi, bot: Bot, lin: Person, hook: tuple[Hook, str]
) -> None:
    handler, url = hook
    await bot.set_webhook(url, secret_token="s3cret")
    lin.says("hello")
    await api.wait_for(lambda: api.updates.confirmed == 2)
    assert handler.texts() == ["/start", "hello"]
    assert set(handler.secrets) == {"s3cret"}


async def test_a_refused_update_comes_again_and_holds_up_its_own_chat_alone(
    api: FakeBotApi, bot: Bot, lin: Person, hook: tuple[Hook, str]
) -> None:
    handler, url = hook
    handler.statuses = [500, 500]
    wang = api.person("Wang")
    await bot.set_webhook(url)
    lin.says("second")
    wang.says("other")
    await api.wait_for(lambda: api.updates.confirmed == 3)
    assert [t for t in handler.texts() if t != "other"] == ["/start", "second"]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"


async def test_a_method_in_the_answer_to_a_webhook_is_carried_out(
    api: FakeBotApi, bot: Bot, lin: Person, hook: tuple[Hook, str]
) -> None:
    handler, url = hook
    handler.body = {"method": "sendMessage", "chat_id": lin.id, "text": "at once"}
    await bot.set_webhook(url)
    assert texts(await lin.hears()) == ["at once"]


async def test_messages_are_kept_edited_and_deleted(bot: Bot, lin: Person) -> None:
    sent = await bot.send_message(lin.id, "<b>你好</b> &lt;3", parse_mode="HTML", reply_markup=_keyboard("a"))
    assert sent.text == "你好 <3"
    assert sent.entities is not None
    assert [(e.type, e.offset, e.length) for e in sent.entities] == [("bold", 0, 2)]
    await bot.edit_message_text("new", chat_id=lin.id, message_id=sent.message_id)
    assert lin.answers[0]["text"] == "new"
    assert buttons_of(lin.answers[0]) == []
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("new", chat_id=lin.id, message_id=sent.message_id)
    await bot.edit_message_reply_markup(
        chat_id=lin.id, message_id=sent.message_id, reply_markup=_keyboard("b")
    )
    assert buttons_of(lin.answers[0])[0]["callback_data"] == "b"
    await bot.delete_message(lin.id, sent.message_id)
    assert lin.answers == []
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(lin.id, sent.message_id)


async def test_pictures_by_upload_id_and_address(api: FakeBotApi, bot: Bot, lin: Person) -> None:
    api.world.limits.on = False
    picture = BufferedInputFile(b"\x89PNG....", "p.png")
    first = await bot.send_photo(lin.id, picture, caption="one")
    assert first.photo is not None
    again = await bot.send_photo(lin.id, first.photo[-1].file_id)
    assert again.photo is not None
    assert again.photo[-1].file_id == first.photo[-1].file_id
    await bot.send_photo(lin.id, "https://shop.example/a.jpg")
    album = await bot.send_media_group(
        lin.id, [InputMediaPhoto(media=picture), InputMediaPhoto(media=first.photo[-1].file_id)]
    )
    assert album[0].media_group_id == album[1].media_group_id
    copied = await bot.copy_message(lin.id, lin.id, first.message_id)
    assert lin.chat.messages[copied.message_id]["caption"] == "one"
    with pytest.raises(TelegramBadRequest, match="wrong file identifier"):
        await bot.send_photo(lin.id, "nonsense")
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_photo(lin.id, BufferedInputFile(b"text", "p.png"))


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        ("", None, "message text is empty"),
        (" \n ", None, "message text is empty"),
        ("x" * 4097, None, "message is too long"),
        ("😀" * 2049, None, "message is too long"),
        ("<b>open", "HTML", "can't parse entities"),
        ("a < b", "HTML", "can't parse entities"),
        ("<script>x</script>", "HTML", "can't parse entities"),
        ("<b><i>x</b></i>", "HTML", "can't parse entities"),
    ],
)
async def test_text_that_is_refused(bot: Bot, lin: Person, text: str, mode: str | None, why: str) -> None:
    with pytest.raises(TelegramBadRequest, match=why):
        await bot.send_message(lin.id, text, parse_mode=mode)


async def test_the_limit_counts_what_is_left_after_parsing(bot: Bot, lin: Person) -> None:
    assert (await bot.send_message(lin.id, f"<b>{'x' * 4096}</b>", parse_mode="HTML")).text == "x" * 4096
    with pytest.raises(TelegramBadRequest, match="caption is too long"):
        await bot.send_photo(lin.id, "https://shop.example/a.jpg", caption="x" * 1025)


@pytest.mark.parametrize("data", ["", "客" * 22])
async def test_callback_data_has_a_size(bot: Bot, lin: Person, data: str) -> None:
    with pytest.raises(TelegramBadRequest):
        await bot.send_message(lin.id, "x", reply_markup=_keyboard(data))


async def test_a_pressed_button_is_answered_once(bot: Bot, lin: Person) -> None:
    await bot.send_message(lin.id, "choose", reply_markup=_keyboard("yes", "no"))
    query = lin.presses("Press 1")
    update = (await bot.get_updates())[-1]
    assert update.callback_query is not None
    assert update.callback_query.data == "no"
    assert await bot.answer_callback_query(update.callback_query.id, text="ok")
    assert [answer["text"] for answer in query.answers] == ["ok"]
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query("nonsense")


async def test_who_blocked_the_bot_or_never_wrote_is_out_of_reach(
    api: FakeBotApi, bot: Bot, lin: Person
) -> None:
    lin.blocks()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(lin.id, "x")
    changed = (await bot.get_updates())[-1].my_chat_member
    assert changed is not None
    assert changed.new_chat_member.status == "kicked"
    lin.unblocks()
    await bot.send_message(lin.id, "welcome back")
    with pytest.raises(TelegramForbiddenError, match="can't initiate"):
        await bot.send_message(api.person("Silent").id, "x")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(99, "x")


async def test_forum_topics(api: FakeBotApi, bot: Bot) -> None:
    forum = api.group("Staff", forum=True)
    topic = await bot.create_forum_topic(forum.id, "Lin · late parcel")
    thread = topic.message_thread_id
    sent = await bot.send_message(forum.id, "card", message_thread_id=thread)
    assert sent.message_thread_id == thread
    await bot.close_forum_topic(forum.id, thread)
    with pytest.raises(TelegramBadRequest, match="TOPIC_CLOSED"):
        await bot.send_message(forum.id, "x", message_thread_id=thread)
    await bot.reopen_forum_topic(forum.id, thread)
    await bot.edit_forum_topic(forum.id, thread, name="done")
    await bot.delete_forum_topic(forum.id, thread)
    with pytest.raises(TelegramBadRequest, match="message thread not found"):
        await bot.send_message(forum.id, "x", message_thread_id=thread)


async def test_the_real_limits(api: FakeBotApi, bot: Bot, lin: Person) -> None:
    for _ in range(5):
        await bot.send_message(lin.id, "x")
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(lin.id, "x")
    assert caught.value.retry_after == 1
    assert len(lin.answers) == 5
    group = api.group()
    for _ in range(20):
        await bot.send_message(group.id, "x")
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(group.id, "x")
    assert caught.value.retry_after >= 1
    assert len(group.messages) == 20
    api.world.limits.on = False
    await bot.send_message(lin.id, "x")


async def test_thirty_a_second_in_all(api: FakeBotApi, bot: Bot) -> None:
    people = [api.person() for _ in range(60)]
    for person in people:
        person.starts()
    sent = await asyncio.gather(*(bot.send_message(p.id, "x") for p in people), return_exceptions=True)
    refused = sum(isinstance(outcome, TelegramRetryAfter) for outcome in sent)
    assert 20 <= refused <= 30


@pytest.mark.parametrize(
    ("kind", "raised", "delivered"),
    [
        ("lost", TelegramNetworkError, 1),
        ("closed", TelegramNetworkError, 0),
        ("500", TelegramServerError, 0),
        ("500-done", TelegramServerError, 1),
        ("502", ClientDecodeError, 0),
        ("429", TelegramRetryAfter, 0),
    ],
)
async def test_faults(
    api: FakeBotApi, bot: Bot, lin: Person, kind: Any, raised: type[Exception], delivered: int
) -> None:
    api.faults.add(kind, "sendMessage")
    with pytest.raises(raised):
        await bot.send_message(lin.id, "x")
    assert len(lin.answers) == delivered
    await bot.send_message(lin.id, "x")
    assert len(lin.answers) == delivered + 1


async def test_what_people_can_do_fits_the_schema(api: FakeBotApi, bot: Bot, lin: Person) -> None:
    note = lin.says("first")
    lin.edits(note, "second")
    lin.sends_album(3, "look")
    lin.sends_sticker()
    lin.sends_sticker(None)
    for kind in ("document", "voice", "audio", "video", "video_note", "animation"):
        lin.sends_file(kind)
    lin.sends_location()
    lin.sends_contact()
    lin.says("in a group", group=api.group())
    lin.blocks()
    updates = await bot.get_updates()
    assert len(updates) == 18
    assert updates[2].edited_message is not None
    assert updates[2].edited_message.text == "second"
    assert updates[1].message is not None
    assert updates[1].message.text == "first"


async def test_the_bot_describes_itself(bot: Bot) -> None:
    await bot.set_my_commands([BotCommand(command="menu", description="菜单")], language_code="zh")
    assert [c.command for c in await bot.get_my_commands(language_code="zh")] == ["menu"]
    assert await bot.get_my_commands() == []
    await bot.set_my_description("A shop")
    assert (await bot.get_my_description()).description == "A shop"
    await bot.set_my_short_description("Shop")
    assert (await bot.get_my_short_description()).short_description == "Shop"


async def test_every_kind_of_body_is_read(api: FakeBotApi, lin: Person) -> None:
    url = f"{api.address}/bot{TOKEN}/sendMessage"
    async with aiohttp.ClientSession() as session:
        fields = {"chat_id": str(lin.id), "text": "x"}
        multipart = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            multipart.add_field(name, value)
        requests: list[dict[str, Any]] = [
            {"json": {"chat_id": lin.id, "text": "x"}},
            {"data": fields},
            {"data": multipart},
            {"params": fields},
        ]
        for request in requests:
            async with session.post(url, **request) as response:
                assert (await response.json())["ok"] is True
        async with session.post(url, data=b"{", headers={"Content-Type": "application/json"}) as response:
            assert response.status == 400
        async with session.post(url.replace("sendMessage", "noSuchThing")) as response:
            assert response.status == 404


async def test_control_over_http(api: FakeBotApi, bot: Bot) -> None:
    async with aiohttp.ClientSession(api.address) as session:

        async def post(path: str, **given: Any) -> Any:
            async with session.post(f"/control/{path}", data=json.dumps(given)) as response:
                return await response.json()

        person = await post("people", first_name="Ada", language="en")
        await post(f"people/{person['id']}/says", text="hi")
        await bot.send_message(person["id"], "hello", reply_markup=_keyboard("go"))
        pressed = await post(f"people/{person['id']}/presses", button="go")
        assert pressed["data"] == "go"
        async with session.get(f"/control/chats/{person['id']}?count=1&wait=5") as response:
            assert texts((await response.json())["messages"]) == ["hi", "hello"]
        assert (await post("faults", kind="500", method="getMe"))["kind"] == "500"
        assert await post("limits", on=False) == {"on": False}
        assert (await post("people/1/says", text="x"))["error"].startswith("KeyError")
        async with session.get("/control/status") as response:
            assert (await response.json())["problems"] == []
