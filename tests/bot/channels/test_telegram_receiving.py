"""What Telegram tells is kept before it is confirmed, by polling and by webhook."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.channels.telegram import TokenRefused
from bot.channels.telegram import receiving as telegram_receiving
from bot.channels.telegram.api import BotApi
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.receiving import TelegramPolling, WebhookRefused
from bot.messages import IncomingKind
from storage import Store, StoreUnavailable
from tests.bot.channels.conftest import ListInbox, MakeChannel
from tests.bot.delivery.fakes import until
from tests.botapi import TOKEN, FakeBotApi, Person

Start = Callable[[Any], asyncio.Task[None]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses, for tests."""
    monkeypatch.setattr(telegram_receiving, "_PAUSES", (0.01,) * 6)


@pytest.fixture
def address() -> str:
    """Where the webhook will be served."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(params=["polling", "webhook"])
async def receiving(
    request: pytest.FixtureRequest, make_channel: MakeChannel, address: str, inbox: ListInbox, start: Start
) -> AsyncIterator[TelegramChannel]:
    """A channel that receives, in each of the two ways."""
    if request.param == "polling":
        channel = make_channel()
        start(channel.run(inbox))
        yield channel
        return
    channel = make_channel(webhook=address)
    async with serving(channel, address):
        start(channel.run(inbox))
        yield channel


class serving:  # noqa: N801 - reads as a verb
    """Serves the routes of a channel."""

    def __init__(self, channel: TelegramChannel, address: str) -> None:
        port = int(address.rsplit(":", 1)[1])
        config = uvicorn.Config(
            Starlette(routes=channel.routes()), port=port, log_level="error", ws="none", lifespan="off"
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)

    async def __aenter__(self) -> None:
        await self._server.startup()

    async def __aexit__(self, *_: object) -> None:
        await self._server.shutdown()


async def test_everything_arrives_in_order(
    receiving: TelegramChannel, api: FakeBotApi, inbox: ListInbox, lin: Person
) -> None:
    for number in range(30):
        lin.says(f"{number}")
    await api.wait_for(lambda: len(inbox.kept) == 31)
    assert inbox.texts[1:] == [str(number) for number in range(30)]
    await api.wait_for(lambda: not api.updates.pending)


async def test_every_kind_arrives(
    receiving: TelegramChannel, api: FakeBotApi, inbox: ListInbox, lin: Person
) -> None:
    note = lin.says("first")
    lin.edits(note, "second")
    lin.sends_album(2)
    lin.sends_sticker()
    lin.blocks()
    lin.unblocks()
    lin.says("not for us", group=api.group())
    lin.says("last")
    await api.wait_for(lambda: "last" in inbox.texts)
    kinds = [each.kind.value for each in inbox.kept.values()]
    assert kinds == ["start", "text", "edit", "media", "media", "media", "blocked", "unblocked", "text"]


async def test_nothing_is_confirmed_that_could_not_be_kept(
    receiving: TelegramChannel, api: FakeBotApi, inbox: ListInbox, lin: Person
) -> None:
    await api.wait_for(lambda: len(inbox.kept) == 1)
    inbox.broken = 3
    lin.says("kept at last")
    await api.wait_for(lambda: "kept at last" in inbox.texts)
    assert inbox.puts >= 5


async def test_an_update_that_comes_twice_has_the_same_name(
    receiving: TelegramChannel, api: FakeBotApi, inbox: ListInbox, lin: Person
) -> None:
    await api.wait_for(lambda: len(inbox.kept) == 1 and not api.updates.pending)
    message = lin.chat.messages[1]
    api.updates.repeat({"update_id": api.updates.first_id, "message": message}, lin.id)
    lin.says("and on")
    await api.wait_for(lambda: "and on" in inbox.texts)
    assert len(inbox.kept) == 2


async def test_faults_of_the_network_are_survived(
    api: FakeBotApi, make_channel: MakeChannel, inbox: ListInbox, lin: Person, start: Start
) -> None:
    for kind in ("500", "502", "closed", "lost", "429", "404", "400"):
        api.faults.add(kind, "getUpdates", seconds=0)
    api.faults.add("404", "deleteWebhook")
    api.faults.add("500", "setMyCommands")
    start(make_channel().run(inbox))
    await api.wait_for(lambda: len(inbox.kept) == 1)
    assert len(api.faults.struck) == 9


async def test_polling_takes_a_forgotten_webhook_away(
    api: FakeBotApi, make_channel: MakeChannel, inbox: ListInbox, lin: Person, start: Start
) -> None:
    api.updates.set_webhook(telegram_webhook_at("http://127.0.0.1:9/old"), drop=False)
    start(make_channel().run(inbox))
    await api.wait_for(lambda: len(inbox.kept) == 1)
    api.updates.set_webhook(telegram_webhook_at("http://127.0.0.1:9/new"), drop=False)
    lin.says("again")
    await api.wait_for(lambda: "again" in inbox.texts)


def telegram_webhook_at(url: str) -> Any:
    from tests.botapi.updates import Webhook

    return Webhook(url)


async def test_one_process_polls_at_a_time(
    api: FakeBotApi, make_channel: MakeChannel, inbox: ListInbox, lin: Person, start: Start, monkeypatch: Any
) -> None:
    monkeypatch.setattr(telegram_receiving, "_RENEW_SECONDS", 0.02)
    monkeypatch.setattr(telegram_receiving, "_ASK_SECONDS", 0.02)
    first = start(make_channel(owner="one").run(inbox))
    await api.wait_for(lambda: len(inbox.kept) == 1)
    other = ListInbox()
    other.on_put = api.world.changed
    start(make_channel(owner="two").run(other))
    lin.says("to the first")
    await api.wait_for(lambda: "to the first" in inbox.texts)
    assert other.puts == 0
    first.cancel()
    lin.says("to the second")
    await api.wait_for(lambda: "to the second" in other.texts)


async def test_a_wrong_token_stops_the_channel_and_says_what_to_do(
    make_channel: MakeChannel, inbox: ListInbox, address: str
) -> None:
    wrong = "1:AAWrongTokenThatIsLongEnoughToBeOne0"
    for channel in (make_channel(token=wrong), make_channel(token=wrong, webhook=address)):
        with pytest.raises(TokenRefused, match="LIUKE_TELEGRAM_TOKEN") as caught:
            await channel.run(inbox)
        assert wrong not in str(caught.value)


async def test_a_webhook_address_that_is_not_public_is_refused(
    make_channel: MakeChannel, inbox: ListInbox
) -> None:
    with pytest.raises(WebhookRefused, match="https"):
        await make_channel(webhook="http://10.0.0.1").run(inbox)


async def test_a_webhook_is_registered_in_spite_of_faults(
    api: FakeBotApi, make_channel: MakeChannel, inbox: ListInbox, address: str, start: Start
) -> None:
    for kind in ("500", "502", "closed", "429"):
        api.faults.add(kind, "setWebhook", seconds=0)
    start(make_channel(webhook=address + "/shop/").run(inbox))
    await api.wait_for(lambda: api.updates.webhook)
    assert api.updates.webhook is not None
    assert api.updates.webhook.url == address + "/shop/telegram/webhook"
    assert len(api.updates.webhook.secret) >= 32


async def test_replicas_share_the_secret(
    api: FakeBotApi, make_channel: MakeChannel, inbox: ListInbox, address: str, start: Start
) -> None:
    for owner in ("one", "two"):
        start(make_channel(webhook=address, owner=owner).run(inbox))
    await api.wait_for(lambda: len(api.calls_of("setWebhook")) == 2)
    assert len({call.parameters["secret_token"] for call in api.calls_of("setWebhook")}) == 1


async def test_who_may_call_the_webhook(
    api: FakeBotApi, make_channel: MakeChannel, inbox: ListInbox, address: str, start: Start, store: Store
) -> None:
    channel = make_channel(webhook=address)
    transport = httpx.ASGITransport(Starlette(routes=channel.routes()))
    async with httpx.AsyncClient(transport=transport, base_url=address) as http:
        update = {
            "update_id": 1,
            "message": {"message_id": 1, "chat": {"id": 7, "type": "private"}, "text": "x"},
        }

        async def call(secret: str | bytes | None, **body: Any) -> int:
            given = secret.encode() if isinstance(secret, str) else secret or b""
            headers = {} if secret is None else {b"X-Telegram-Bot-Api-Secret-Token": given}
            return (await http.post("/telegram/webhook", headers=headers, **body)).status_code

        assert await call("", json=update) == 503
        start(channel.run(inbox))
        await api.wait_for(lambda: api.updates.webhook)
        assert api.updates.webhook is not None
        secret = api.updates.webhook.secret
        assert await call(None, json=update) == 401
        assert await call("", json=update) == 401
        assert await call(secret[:-1], json=update) == 401
        assert await call("密钥".encode(), json=update) == 401
        assert inbox.kept == {}
        assert await call(secret, content=b"{") == 400
        assert await call(secret, content=b"[" * 100_000) == 400
        assert await call(secret, content=b"x" * (1024 * 1024 + 1)) == 413
        assert await call(secret, content=b"[]") == 200
        assert await call(secret, json={"update_id": 5}) == 200
        assert await call(secret, json=update) == 200
        assert [each.kind for each in inbox.kept.values()] == [IncomingKind.TEXT]
        assert (await http.get("/telegram/webhook")).status_code == 405


class _LostLease:
    """The polling lease in a store that is away from the second look on, and comes back later."""

    def __init__(self) -> None:
        self.looks = 0
        self.away = range(2, 6)

    async def acquire(self, now: datetime, ttl: timedelta) -> bool:
        self.looks += 1
        if self.looks in self.away:
            raise StoreUnavailable
        return True

    async def release(self) -> None:
        raise StoreUnavailable


async def test_polling_survives_a_store_that_is_away(
    api: FakeBotApi, lin: Person, inbox: ListInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_receiving, "_LEASE", timedelta(seconds=0.05))
    for pause in ("_RENEW_SECONDS", "_ASK_SECONDS"):
        monkeypatch.setattr(telegram_receiving, pause, 0.03)
    lease, bot = _LostLease(), BotApi(TOKEN, api.address)
    polling = asyncio.create_task(TelegramPolling(bot, lease).run(inbox))
    await until(lambda: lease.looks > lease.away.stop or polling.done())
    lin.says("still there?")
    await api.wait_for(lambda: "still there?" in inbox.texts)
    assert not polling.done()
    polling.cancel()
    with suppress(asyncio.CancelledError):
        await polling
    await bot.close()
