"""What leaves is paced, in order, retried or marked; a campaign's message never goes out twice."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.delivery.departure import Drop, Leave, Verdict, Wait
from bot.delivery.pacing import Pacing
from bot.delivery.recording import GIVE_UP_AFTER
from bot.delivery.sender import LEASE, Sender
from bot.messages import Card, Delivery, DeliveryStatus, Outgoing, Reply, dump_reply
from kernel.times import utc_now
from storage import Store
from storage.outbox import Outbox, OutboxRow
from storage.redis_limits import RedisLimits
from storage.schema import account, conversation, message, outbox
from tests.bot.delivery.fakes import START, Clock, FakeChannel, put, running, sent, states, until

REDIS = os.environ.get("LIUKE_TEST_REDIS", "redis://127.0.0.1:6379/15")
RETRY = Delivery(status=DeliveryStatus.RETRY, reason="unreachable", retry_after=0.0)
UNKNOWN = Delivery(status=DeliveryStatus.UNKNOWN, reason="lost")
REFUSED = Delivery(status=DeliveryStatus.REFUSED, reason="no such chat")


async def fill(store: Store, *texts: str, **how: object) -> None:
    async def work(connection: AsyncConnection) -> None:
        for text in texts:
            await put(connection, text, **how)  # type: ignore[arg-type]

    await store.write(work)


async def have(store: Store, **wanted: str) -> bool:
    return await states(store) == wanted


async def test_replies_go_out_in_order(any_store: Store) -> None:
    channel = FakeChannel()
    for number in range(30):
        await fill(any_store, str(number), address=str(number % 3))
    async with running(Sender(any_store, [channel], owner="a")):
        await until(lambda: len(channel.sent) == 30)
    for address in range(3):
        assert list(map(int, channel.texts(str(address)))) == list(range(address, 30, 3))
    assert set((await states(any_store)).values()) == {"sent"}


async def test_senders_share_the_work(any_store: Store) -> None:
    channel = FakeChannel()
    senders = [Sender(any_store, [channel], owner=name) for name in "abc"]
    async with running(*senders):
        for number in range(60):
            await fill(any_store, str(number), address=str(number % 4))
            senders[number % 3].wake()
        await until(lambda: len(channel.sent) == 60)
    for address in range(4):
        assert list(map(int, channel.texts(str(address)))) == list(range(address, 60, 4))


async def test_an_unsure_reply_is_sent_again_before_later_ones_and_without_the_parts_that_arrived(
    any_store: Store,
) -> None:
    clock = Clock()

    def script(what: Outgoing) -> Delivery:
        if what.reply.text == "1" and not what.parts_sent:
            return Delivery(status=DeliveryStatus.UNKNOWN, message_refs=("m1",))
        return sent(what)

    channel = FakeChannel(script=script)
    await fill(any_store, "1", "2", "3")
    async with running(Sender(any_store, [channel], owner="a", clock=clock)):
        await until(lambda: have(any_store, **{"1": "ready", "2": "ready", "3": "ready"}))
        await fill(any_store, "other", address="2")
        await until(lambda: "other" in channel.texts())
        clock.forward(2)
        await until(lambda: have(any_store, **dict.fromkeys(("1", "2", "3", "other"), "sent")))
    assert channel.texts("1") == ["1", "1", "2", "3"]
    assert [one.parts_sent for one in channel.sent if one.reply.text == "1"] == [(), ("m1",)]


async def test_a_stated_wait_is_waited(any_store: Store) -> None:
    clock = Clock()
    wait = Delivery(status=DeliveryStatus.RETRY, reason="too_many", retry_after=100.0)
    answers = iter([wait])
    channel = FakeChannel(script=lambda what: next(answers, None) or sent(what))
    await fill(any_store, "1")
    async with running(Sender(any_store, [channel], owner="a", rates={"telegram": 28}, clock=clock)):
        await until(lambda: have(any_store, **{"1": "ready"}))
        await fill(any_store, "2")
        await fill(any_store, "other", address="2")
        await until(lambda: channel.texts() == ["1", "other"])
        clock.forward(98)
        await asyncio.sleep(0.3)
        assert channel.texts() == ["1", "other"]
        clock.forward(2)
        await until(lambda: channel.texts() == ["1", "other", "1", "2"])


async def test_when_several_chats_must_wait_the_whole_bot_waits(any_store: Store) -> None:
    clock = Clock()
    wait = Delivery(status=DeliveryStatus.RETRY, reason="too_many", retry_after=100.0)
    flooding = True
    channel = FakeChannel(script=lambda what: wait if flooding else sent(what))
    for address in "123":
        await fill(any_store, address, address=address)
    async with running(Sender(any_store, [channel], owner="a", rates={"telegram": 28}, clock=clock)):
        await until(
            lambda: have(any_store, **dict.fromkeys("123", "ready")) if len(channel.sent) == 3 else False
        )
        flooding = False
        await fill(any_store, "4", address="4")
        other = FakeChannel()
        async with running(Sender(any_store, [other], owner="b", rates={"telegram": 28}, clock=clock)):
            await asyncio.sleep(0.5)
            assert other.sent == [], "the wait is shared by all replicas"
            assert len(channel.sent) == 3
        clock.forward(101)
        await until(lambda: have(any_store, **dict.fromkeys("1234", "sent")))


async def test_a_refused_message_is_failed_and_a_block_is_told(any_store: Store) -> None:
    told = []

    async def on_blocked(connection: AsyncConnection, channel: str, address: str, now: datetime) -> None:
        told.append((channel, address))
        raise RuntimeError("must not keep the row from its end")

    blocked = Delivery(status=DeliveryStatus.REFUSED, reason="blocked", blocked=True)
    channel = FakeChannel(script=lambda what: blocked if what.address == "1" else sent(what))
    await fill(any_store, "1")
    await fill(any_store, "2", address="2")
    async with running(Sender(any_store, [channel], owner="a", on_blocked=on_blocked)):
        await until(lambda: have(any_store, **{"1": "failed", "2": "sent"}))
    assert told == [("telegram", "1")]


async def test_a_channel_that_raises_or_a_row_that_cannot_be_read_stops_nobody(store: Store) -> None:
    def script(what: Outgoing) -> Delivery:
        if what.reply.text == "bad":
            raise RuntimeError
        return sent(what)

    await fill(store, "bad", address="1", policy="once")
    await fill(store, "good", address="2")
    await store.write(
        lambda connection: connection.execute(
            insert(outbox).values(
                channel="telegram",
                address="3",
                kind="reply",
                policy="retry",
                payload={"text": "odd", "cards": [{}]},
                created_at=START,
                not_before=START,
            )
        )
    )
    async with running(Sender(store, [FakeChannel(script=script)], owner="a")):
        await until(lambda: have(store, bad="unknown", good="sent", odd="failed"))


async def test_an_answer_a_day_late_is_given_up(store: Store) -> None:
    clock = Clock()
    channel = FakeChannel(script=lambda _: RETRY)
    await fill(store, "1", now=START - GIVE_UP_AFTER - timedelta(seconds=1))
    async with running(Sender(store, [channel], owner="a", clock=clock)):
        await until(lambda: have(store, **{"1": "failed"}))


async def test_the_history_learns_what_the_channel_calls_a_message(any_store: Store) -> None:
    async def work(connection: AsyncConnection) -> None:
        [account_id] = (
            await connection.execute(
                insert(account).values(channel="telegram", address="1", created_at=START)
            )
        ).inserted_primary_key
        [conversation_id] = (
            await connection.execute(
                insert(conversation).values(
                    channel="telegram", address="1", account_id=account_id, owner_since=START, opened_at=START
                )
            )
        ).inserted_primary_key
        [message_id] = (
            await connection.execute(
                insert(message).values(
                    conversation_id=conversation_id, direction="out", author="bot", kind="reply", at=START
                )
            )
        ).inserted_primary_key
        await Outbox(connection).put(
            channel="telegram",
            address="1",
            kind="reply",
            policy="retry",
            reply=dump_reply(Reply(text="x")),
            now=START,
            message_id=message_id,
        )

    await any_store.write(work)
    async with running(Sender(any_store, [FakeChannel()], owner="a")):
        await until(lambda: have(any_store, x="sent"))
    async with any_store.read() as connection:
        assert (await connection.execute(select(message.c.channel_ref))).scalar_one() == "ref-1"


async def test_rows_of_channels_that_live_elsewhere_are_left_alone(store: Store) -> None:
    await fill(store, "1", channel="web")
    await fill(store, "2")
    async with running(Sender(store, [FakeChannel()], owner="a")):
        await until(lambda: have(store, **{"1": "ready", "2": "sent"}))


# --- pacing ---------------------------------------------------------------------------------------------------


async def test_the_whole_bot_keeps_its_rate_and_other_channels_do_not_wait(any_store: Store) -> None:
    channel, web = FakeChannel(), FakeChannel("web")
    for number in range(20):
        await fill(any_store, f"t{number}", address=str(number))
        await fill(any_store, f"w{number}", address=str(number), channel="web")
    senders = [Sender(any_store, [channel, web], owner=name, rates={"telegram": 20}) for name in "ab"]
    async with running(*senders):
        await until(lambda: len(web.sent) == 20)
        assert len(channel.sent) < 20
        await until(lambda: len(channel.sent) == 20)
    took = (channel.times[-1] - channel.times[0]).total_seconds()
    assert took >= 0.9 * 19 / 20
    times = sorted(channel.times)
    fullest = max(sum(start <= time < start + timedelta(seconds=1) for time in times) for start in times)
    assert fullest <= 22


async def test_a_chat_gets_a_few_at_once_then_one_a_second(store: Store) -> None:
    channel = FakeChannel()
    await fill(store, *"12345")
    async with running(Sender(store, [channel], owner="a", rates={"telegram": 1000})):
        await until(lambda: len(channel.sent) == 5)
    gaps = [
        (later - earlier).total_seconds()
        for earlier, later in zip(channel.times, channel.times[1:], strict=False)
    ]
    assert channel.texts() == list("12345")
    assert gaps[0] < 0.8
    assert gaps[1] < 0.8
    assert min(gaps[2:]) > 0.7


async def test_a_rate_of_nothing_lifts_every_limit(store: Store) -> None:
    channel = FakeChannel()
    await fill(store, *map(str, range(50)), address="-100")
    async with running(Sender(store, [channel], owner="a")):
        await until(lambda: len(channel.sent) == 50, seconds=5)


@pytest.mark.parametrize("address", [REDIS, "redis://127.0.0.1:1"])
async def test_the_limits_may_be_kept_in_redis_which_may_be_gone(store: Store, address: str) -> None:
    channel = FakeChannel()
    chats = [uuid.uuid4().hex for _ in range(2)]
    for number in range(10):
        await fill(store, str(number), address=chats[number % 2])
    limits = RedisLimits.open(address)
    try:
        async with running(Sender(store, [channel], owner="a", rates={"telegram": 100}, limits=limits)):
            await until(lambda: len(channel.sent) == 10)
    finally:
        await limits.close()
    for chat in range(2):
        assert channel.texts(chats[chat]) == [str(number) for number in range(10) if number % 2 == chat]
    assert (channel.times[-1] - channel.times[0]).total_seconds() > 1.5, "three at once, then one a second"


def row(**changes: object) -> OutboxRow:
    base = dict.fromkeys(OutboxRow.__slots__) | {"address": "1", "kind": "reply", "payload": {"text": "x"}}
    return OutboxRow(**(base | changes))  # type: ignore[arg-type]


def test_groups_campaigns_and_pictures_count() -> None:
    pacing = Pacing("telegram", 28, utc_now)
    assert [limit.key for limit in pacing.demand(row()).limits] == ["telegram:bot", "telegram:chat:1"]
    assert "telegram:group:-5" in {limit.key for limit in pacing.demand(row(address="-5")).limits}
    assert "telegram:campaigns" in {limit.key for limit in pacing.demand(row(kind="campaign")).limits}
    cards = tuple(Card(product_id="p", title="t", text="x") for _ in range(3))
    assert pacing.demand(row(payload=dump_reply(Reply(text="x", cards=cards)))).cost == 4
    for limit in pacing.demand(row(address="-5", kind="campaign")).limits:
        per_minute = limit.burst + timedelta(minutes=1) / limit.interval
        assert per_minute <= {"telegram:group:-5": 20, "telegram:chat:-5": 63}.get(limit.key, 28 * 60 + 2)


# --- at most once ---------------------------------------------------------------------------------------------


async def test_a_campaign_message_whose_answer_was_lost_stays_unknown(any_store: Store) -> None:
    clock = Clock()
    channel = FakeChannel(script=lambda _: UNKNOWN)
    await fill(any_store, "offer", kind="campaign", policy="once")
    async with running(Sender(any_store, [channel], owner="a", clock=clock)):
        await until(lambda: have(any_store, offer="unknown"))
        clock.forward(10_000)
        await asyncio.sleep(0.5)
    assert len(channel.sent) == 1
    assert await have(any_store, offer="unknown")


async def test_a_campaign_message_known_not_to_have_left_is_tried_again(any_store: Store) -> None:
    ends = iter([RETRY])
    channel = FakeChannel(script=lambda what: next(ends, None) or sent(what))
    await fill(any_store, "offer", kind="campaign", policy="once")
    async with running(Sender(any_store, [channel], owner="a", clock=Clock())):
        await until(lambda: have(any_store, offer="sent"))
    assert len(channel.sent) == 2


async def test_sending_is_committed_before_the_first_byte(any_store: Store) -> None:
    seen = []

    async def look(what: Outgoing) -> Delivery:
        async with any_store.read() as connection:
            found = await Outbox(connection).get(what.outbox_id)
        assert found is not None
        seen.append(found.state)
        return sent(what)

    await fill(any_store, "offer", kind="campaign", policy="once")
    async with running(Sender(any_store, [FakeChannel(script=look)], owner="a")):
        await until(lambda: have(any_store, offer="sent"))
    assert seen == ["sending"]


class Look:
    """A last look that does what a message's own words say, and remembers what it was told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.not_left: list[str] = []
        self.before: Callable[[], None] = lambda: None

    async def look(self, connection: AsyncConnection, row: OutboxRow, now: datetime) -> Verdict:
        self.seen.append(row.payload["text"])
        self.before()
        match row.payload["text"]:
            case "no":
                return Drop("consent")
            case "later" if now < START + timedelta(hours=1):
                return Wait(START + timedelta(hours=1))
            case "broken":
                raise RuntimeError
            case "old words":
                return Leave({"text": "new words"})
        return Leave(row.payload)

    async def not_sent(self, connection: AsyncConnection, row: OutboxRow) -> None:
        self.not_left.append(row.payload["text"])


async def test_a_campaigns_message_is_looked_at_when_it_leaves(any_store: Store) -> None:
    clock, channel = Clock(), FakeChannel()
    texts = ("broken", "no", "later", "old words", "yes")
    await fill(any_store, *texts, kind="campaign", policy="once")
    await fill(any_store, "reply", address="2")
    async with running(Sender(any_store, [channel], owner="a", last_looks={"campaign": Look()}, clock=clock)):
        wanted = {
            "broken": "ready", "no": "cancelled", "later": "ready", "new words": "sent", "yes": "sent",
            "reply": "sent",
        }  # fmt: skip
        await until(lambda: have(any_store, **wanted))
        clock.forward(3601)
        await until(lambda: have(any_store, **(wanted | {"later": "sent"})))
    assert sorted(channel.texts()) == ["later", "new words", "reply", "yes"]


async def test_who_stood_still_after_the_last_look_looks_again(any_store: Store) -> None:
    """Between the look and the first byte lies a moment in which the process may be frozen."""
    clock, channel, look = Clock(), FakeChannel(), Look()
    freezes = iter([10.0])
    look.before = lambda: clock.forward(next(freezes, 0.0))
    await fill(any_store, "offer", kind="campaign", policy="once")
    async with running(Sender(any_store, [channel], owner="a", last_looks={"campaign": look}, clock=clock)):
        await until(lambda: have(any_store, offer="sent"))
    assert look.seen == ["offer", "offer"]
    assert look.not_left == ["offer"]
    assert len(channel.sent) == 1


@pytest.mark.parametrize(("end", "told"), [(REFUSED, True), (UNKNOWN, False), (None, False)])
async def test_it_is_told_of_what_has_not_left(any_store: Store, end: Delivery | None, told: bool) -> None:
    look = Look()
    channel = FakeChannel(script=lambda what: end or sent(what))
    await fill(any_store, "offer", kind="campaign", policy="once")
    state = "sent" if end is None else {"refused": "failed", "unknown": "unknown"}[end.status.value]
    async with running(Sender(any_store, [channel], owner="a", last_looks={"campaign": look}, clock=Clock())):
        await until(lambda: have(any_store, offer=state))
    assert look.not_left == (["offer"] if told else [])


@pytest.mark.parametrize("policy", ["once", "retry"])
async def test_what_a_dead_sender_had_in_hand(any_store: Store, policy: str) -> None:
    """Claimed: another one sends it. Being sent: a reply goes out again, a campaign's message never."""
    clock = Clock()

    async def die(store: Store) -> None:
        async def work(connection: AsyncConnection) -> None:
            box = Outbox(connection)
            rows = await box.claim(
                await box.ready(["telegram"], policy, "dead", clock(), 9),  # type: ignore[arg-type]
                "dead",
                clock() + LEASE,
            )
            if policy == "once":
                assert await box.start_sending(rows[0], clock(), clock() + LEASE) is not None

        await store.write(work)

    await fill(any_store, "1", "2", kind="campaign", policy=policy)
    await die(any_store)
    channel = FakeChannel()
    async with running(Sender(any_store, [channel], owner="b", clock=clock)):
        await asyncio.sleep(0.3)
        assert channel.sent == []
    clock.forward(LEASE.total_seconds() + 1)
    async with running(Sender(any_store, [channel], owner="b", clock=clock)):
        first = "unknown" if policy == "once" else "sent"
        await until(lambda: have(any_store, **{"1": first, "2": "sent"}))
    assert channel.texts() == (["2"] if policy == "once" else ["1", "2"])


async def test_an_owner_that_comes_back_says_what_became_of_an_unknown_row(any_store: Store) -> None:
    clock = Clock()
    gate, sending = asyncio.Event(), asyncio.Event()

    async def slow(what: Outgoing) -> Delivery:
        sending.set()
        await gate.wait()
        return sent(what)

    channel = FakeChannel(script=slow)
    await fill(any_store, "offer", kind="campaign", policy="once")
    frozen = Sender(any_store, [channel], owner="frozen", clock=clock)
    async with running(frozen):
        await sending.wait()
        clock.forward(LEASE.total_seconds() + 1)
        await any_store.write(lambda connection: Outbox(connection).reap(clock()))
        assert await have(any_store, offer="unknown")
        gate.set()
        await until(lambda: have(any_store, offer="sent"))
    assert len(channel.sent) == 1


async def test_campaigns_leave_room_for_replies(store: Store) -> None:
    """A reply put behind a long campaign leaves within a fraction of a second."""
    channel = FakeChannel()
    await fill(store, *(f"c{number}" for number in range(5)), kind="campaign", policy="once")
    for number in range(60):
        await fill(store, f"campaign {number}", address=f"c{number}", kind="campaign", policy="once")
    sender = Sender(store, [channel], owner="a", rates={"telegram": 20})
    async with running(sender):
        await until(lambda: len(channel.sent) >= 5)
        began = len(channel.sent)
        await fill(store, "reply", address="r")
        sender.wake()
        await until(lambda: "reply" in channel.texts())
        assert channel.texts().index("reply") - began <= 12


# --- stopping -------------------------------------------------------------------------------------------------


async def test_stopping_finishes_what_is_on_its_way_and_gives_the_rest_back(any_store: Store) -> None:
    gate, sending = asyncio.Event(), asyncio.Event()

    async def slow(what: Outgoing) -> Delivery:
        sending.set()
        await gate.wait()
        return sent(what)

    sender = Sender(any_store, [FakeChannel(script=slow)], owner="a")
    task = asyncio.create_task(sender.run())
    await fill(any_store, "1", "2")
    await sending.wait()
    stopping = asyncio.create_task(sender.stop())
    await until(sender._stopping.is_set)
    gate.set()
    await asyncio.gather(stopping, task)
    assert await have(any_store, **{"1": "sent", "2": "ready"})


async def test_stopping_marks_what_would_not_end(any_store: Store) -> None:
    begun = []

    async def hang(what: Outgoing) -> Delivery:
        begun.append(what)
        await asyncio.Event().wait()
        return sent(what)

    sender = Sender(any_store, [FakeChannel(script=hang)], owner="a", clock=Clock())
    task = asyncio.create_task(sender.run())
    await fill(any_store, "reply")
    await fill(any_store, "offer", kind="campaign", policy="once")
    await until(lambda: len(begun) == 2)
    await sender.stop(within=0.05)
    await task
    assert await have(any_store, reply="ready", offer="unknown")


def test_a_negative_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        Pacing("telegram", -1, utc_now)
