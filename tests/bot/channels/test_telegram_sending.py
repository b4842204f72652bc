"""A reply arrives in the best form the server takes, and how it ended is never guessed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from bot.channels.telegram.channel import TelegramChannel
from bot.messages import Button, Card, Delivery, DeliveryStatus, Outgoing, Reply
from tests.bot.channels.conftest import MakeChannel
from tests.botapi import TOKEN, FakeBotApi, Person, buttons_of, texts

SENT, RETRY = DeliveryStatus.SENT, DeliveryStatus.RETRY
REFUSED, UNKNOWN = DeliveryStatus.REFUSED, DeliveryStatus.UNKNOWN
CUP = Card(
    product_id="cup",
    title="杯子",
    text="¥25",
    picture="cup.png",
    buttons=(Button(label="要", action="buy:cup"),),
)


def outgoing(person: Person | int, reply: Reply, **more: Any) -> Outgoing:
    address = str(person if isinstance(person, int) else person.id)
    return Outgoing(**{"outbox_id": 1, "channel": "telegram", "address": address, "reply": reply, **more})


async def test_text_is_shown_as_it_is(channel: TelegramChannel, lin: Person) -> None:
    text = "<b>1 < 2</b> & *x* _y_ `z` \u202e [a](b) 😀"
    delivery = await channel.deliver(
        outgoing(lin, Reply(text=text, buttons=((Button(label="好", action="ok"),),)))
    )
    assert texts(lin.answers) == [text]
    assert buttons_of(lin.answers[0]) == [{"text": "好", "callback_data": "ok"}]
    assert delivery == Delivery(status=SENT, message_refs=(str(lin.answers[0]["message_id"]),))


async def test_a_long_text_arrives_whole(channel: TelegramChannel, lin: Person) -> None:
    await channel.deliver(outgoing(lin, Reply(text="字" * 9000)))
    assert "".join(texts(lin.answers)) == "字" * 9000


async def test_a_picture_is_uploaded_once(
    api: FakeBotApi, channel: TelegramChannel, make_channel: MakeChannel, lin: Person
) -> None:
    await channel.deliver(outgoing(lin, Reply(text="看", cards=(CUP,))))
    await make_channel(owner="two").deliver(outgoing(lin, Reply(cards=(CUP,))))
    assert [m.get("caption") for m in lin.answers] == [None, "杯子\n¥25", "杯子\n¥25"]
    assert lin.answers[1]["caption_entities"] == [{"type": "bold", "offset": 0, "length": 2}]
    assert buttons_of(lin.answers[2])[0]["callback_data"] == "buy:cup"
    assert len(api.world.files) == 1


async def test_a_picture_that_was_replaced_is_uploaded_again(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, media: Path
) -> None:
    from PIL import Image

    await channel.deliver(outgoing(lin, Reply(cards=(CUP,))))
    Image.new("RGB", (9, 9), "blue").save(media / "cup.png")
    await channel.deliver(outgoing(lin, Reply(cards=(CUP,))))
    assert len(api.world.files) == 2


async def test_a_picture_that_telegram_forgot_is_uploaded_again(
    api: FakeBotApi, channel: TelegramChannel, lin: Person
) -> None:
    await channel.deliver(outgoing(lin, Reply(cards=(CUP,))))
    api.world.files.clear()
    assert (await channel.deliver(outgoing(lin, Reply(cards=(CUP,))))).status is SENT
    assert ["photo" in m for m in lin.answers] == [True, True]


@pytest.mark.parametrize(
    "picture", ["gone.png", "../secret.png", "/etc/passwd", "https://shop.example/x.png", None]
)
async def test_a_picture_that_can_not_be_shown_leaves_its_words(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, media: Path, picture: str | None
) -> None:
    (media.parent / "secret.png").write_bytes(b"\x89PNG")
    if picture and picture.startswith("https"):
        api.faults.add("400", "sendPhoto", description="Bad Request: failed to get HTTP URL content")
    card = Card(product_id="cup", title="杯子", text="¥25", picture=picture, buttons=CUP.buttons)
    assert (await channel.deliver(outgoing(lin, Reply(cards=(card,))))).status is SENT
    assert texts(lin.answers) == ["杯子\n¥25"]
    assert lin.answers[0]["entities"] == [{"type": "bold", "offset": 0, "length": 2}]
    assert buttons_of(lin.answers[0])
    assert api.world.files == {}


@pytest.mark.parametrize("kind", ["400", "404"])
async def test_a_server_without_pictures_gets_words(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, kind: Any
) -> None:
    api.faults.add(kind, "sendPhoto", times=None)
    assert (await channel.deliver(outgoing(lin, Reply(cards=(CUP, CUP))))).status is SENT
    assert texts(lin.answers) == ["杯子\n¥25"] * 2


@pytest.mark.parametrize("kind", ["500", "502", "closed"])
async def test_a_server_that_breaks_on_pictures_gets_words_at_the_next_attempt(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, kind: Any
) -> None:
    api.faults.add(kind, "sendPhoto", times=None)
    message = outgoing(lin, Reply(cards=(CUP,)))
    assert (await channel.deliver(message)).status is UNKNOWN
    assert (await channel.deliver(message)).status is SENT
    assert texts(lin.answers) == ["杯子\n¥25"]


async def test_markup_that_is_refused_leaves_the_words(
    api: FakeBotApi, channel: TelegramChannel, lin: Person
) -> None:
    buttons = ((Button(label="shop", url="http://localhost"),),)
    assert (await channel.deliver(outgoing(lin, Reply(text="看", buttons=buttons)))).status is SENT
    assert texts(lin.answers) == ["看"]
    assert buttons_of(lin.answers[0]) == []


async def test_a_pressed_button_is_acknowledged_once(
    api: FakeBotApi, channel: TelegramChannel, lin: Person
) -> None:
    await channel.deliver(outgoing(lin, Reply(text="?", buttons=((Button(label="好", action="ok"),),))))
    query = lin.presses("好")
    await channel.deliver(outgoing(lin, Reply(text="!"), callback_ref=query.id))
    assert len(query.answers) == 1
    await channel.deliver(outgoing(lin, Reply(text="!"), callback_ref=query.id, parts_sent=("9",)))
    assert len(query.answers) == 1
    assert (await channel.deliver(outgoing(lin, Reply(), callback_ref=query.id))).status is SENT
    assert (await channel.deliver(outgoing(lin, Reply(text="!"), callback_ref="old"))).status is SENT


@pytest.mark.parametrize("kind", ["400", "404", "500", "502", "closed", "429"])
async def test_a_chat_action_that_fails_is_nobodys_business(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, kind: Any
) -> None:
    await channel.working(str(lin.id))
    assert lin.chat.actions == ["typing"]
    api.faults.add(kind, "sendChatAction")
    await channel.working(str(lin.id))


@pytest.mark.parametrize(
    ("kind", "status", "arrived"),
    [
        ("lost", UNKNOWN, 1),
        ("closed", UNKNOWN, 0),
        ("500", UNKNOWN, 0),
        ("500-done", UNKNOWN, 1),
        ("502", UNKNOWN, 0),
        ("429", RETRY, 0),
        ("403", REFUSED, 0),
    ],
)
async def test_how_an_attempt_ended(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, kind: Any, status: DeliveryStatus, arrived: int
) -> None:
    api.faults.add(kind, "sendMessage", seconds=3)
    delivery = await channel.deliver(outgoing(lin, Reply(text="x")))
    assert (delivery.status, len(lin.answers), delivery.message_refs) == (status, arrived, ())
    assert delivery.retry_after == (3 if kind == "429" else None)
    assert delivery.reason


async def test_no_server_at_all_is_known_not_to_have_sent(make_channel: MakeChannel, lin: Person) -> None:
    delivery = await make_channel(base="http://127.0.0.1:9").deliver(outgoing(lin, Reply(text="x")))
    assert delivery.status is RETRY


async def test_who_is_out_of_reach(api: FakeBotApi, channel: TelegramChannel, lin: Person) -> None:
    lin.blocks()
    blocked = await channel.deliver(outgoing(lin, Reply(text="x")))
    assert (blocked.status, blocked.reason, blocked.blocked) == (REFUSED, "blocked", True)
    gone = await channel.deliver(outgoing(99, Reply(text="x")))
    assert (gone.status, gone.reason, gone.blocked) == (REFUSED, "chat_gone", False)


async def test_what_arrived_is_not_sent_again(api: FakeBotApi, channel: TelegramChannel, lin: Person) -> None:
    reply = Reply(text="先看看", cards=(CUP, CUP))
    api.faults.add("429", "sendPhoto", seconds=1)
    first = await channel.deliver(outgoing(lin, reply))
    assert (first.status, len(first.message_refs)) == (RETRY, 1)
    second = await channel.deliver(outgoing(lin, reply, parts_sent=first.message_refs))
    assert second.status is SENT
    assert second.message_refs == tuple(str(m["message_id"]) for m in lin.answers)
    assert texts(lin.answers) == ["先看看", "杯子\n¥25", "杯子\n¥25"]


async def test_a_wrong_token_waits_to_be_mended(make_channel: MakeChannel, lin: Person) -> None:
    delivery = await make_channel(token="1:AAWrongTokenThatIsLongEnoughToBeOne0").deliver(
        outgoing(lin, Reply(text="x"))
    )
    assert (delivery.status, delivery.reason) == (RETRY, "token_refused")


async def test_a_server_whose_results_are_null(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.botapi.methods import METHODS

    monkeypatch.setattr(api, "_checked", False)
    for name in ("sendmessage", "sendphoto"):
        monkeypatch.setitem(METHODS, name, lambda world, parameters: None)
    delivery = await channel.deliver(outgoing(lin, Reply(text="x", cards=(CUP,))))
    assert (delivery.status, len(delivery.message_refs)) == (SENT, 2)


async def test_neither_token_nor_text_in_the_log(
    api: FakeBotApi, channel: TelegramChannel, lin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for kind in ("400", "404", "lost", "500", "502", "429", "403"):
        api.faults.add(kind, "sendMessage", description="Bad Request: 'my secret words' is wrong")
        delivery = await channel.deliver(outgoing(lin, Reply(text="my secret words")))
        assert "secret" not in delivery.reason
    ours = "".join(r.getMessage() for r in caplog.records if r.name.startswith("bot."))
    assert TOKEN not in caplog.text
    assert "secret" not in ours
