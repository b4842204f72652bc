"""The real program killed, limited, refused: nothing that a customer said is lost, nothing is answered twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.botapi import FakeBotApi
from tests.e2e.conftest import MakeProgram
from tests.e2e.program import rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
# Seconds until an answer must be there; a poller waits for the lease of the one that was killed.
_PATIENCE = 60.0


@pytest.mark.parametrize("webhook", [False, True], ids=["polling", "webhook"])
async def test_killed_between_question_and_answer(
    api: FakeBotApi, make_program: MakeProgram, webhook: bool
) -> None:
    program = make_program(bot_api=api.address, webhook=webhook)
    await program.start()
    people = [api.person(f"P{i}") for i in range(5)]
    api.faults.add("429", "sendMessage", times=None)
    for person in people:
        person.says("你好")
    # Confirmed to Telegram, and decided for some; nothing has left.
    await api.wait_for(lambda: not api.updates.pending and api.calls_of("sendMessage"), _PATIENCE)
    await program.kill()
    api.faults.clear()
    await program.start()
    for person in people:
        await person.hears(1, _PATIENCE)
        person.says("谢谢")
    for person in people:
        await person.hears(1, _PATIENCE)
        assert len(person.answers) == 1
        assert sum(message["from"]["is_bot"] for message in person.chat.messages.values()) == 2
    assert await program.stop() < 10


async def test_killed_again_and_again(api: FakeBotApi, make_program: MakeProgram) -> None:
    api.world.limits.on = False
    program = make_program(bot_api=api.address, webhook=True, rate=0)
    await program.start()
    people = [api.person(f"P{i}") for i in range(20)]
    for round_ in range(2):
        for person in people:
            person.says("你好")
        enough = round_ * len(people) + len(people) // 2
        await api.wait_for(lambda enough=enough: api.updates.confirmed >= enough, _PATIENCE)
        await program.kill()
        await program.start()
    await api.wait_for(lambda: not api.updates.pending, _PATIENCE)
    await asyncio.gather(*(person.hears(1, _PATIENCE) for person in people))
    await program.stop()
    assert Counter(state for (state,) in rows(program.home, "SELECT state FROM inbox")) == {"done": 40}
    await program.start()
    await program.holds("SELECT DISTINCT state FROM outbox", [("sent",)], _PATIENCE)


async def test_the_limits_are_kept_before_telegram_complains(
    api: FakeBotApi, make_program: MakeProgram
) -> None:
    async with make_program(bot_api=api.address, webhook=True):
        people = [api.person(f"P{i}") for i in range(80)]
        for person in people:
            person.says("你好")
        await asyncio.gather(*(person.hears(1, _PATIENCE) for person in people))
        assert api.world.limits.refused == 0


async def test_a_wrong_token_is_explained_and_the_rest_is_served(
    api: FakeBotApi, make_program: MakeProgram
) -> None:
    wrong = "999999:AAWrongTokenThatIsLongEnoughToBeOne0"
    async with make_program(bot_api=api.address, token=wrong) as program:
        await program.prints("@BotFather for the current one")
        assert wrong not in program.log
        await program.liuke("customer", "list")
        await program.stop()
