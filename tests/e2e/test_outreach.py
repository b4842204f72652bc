"""A win-back message reaches a customer once, in their daytime, whatever is killed; some are left alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.outreach.planner import HOLDOUT, MESSAGE
from tests.botapi import FakeBotApi, Person
from tests.e2e.conftest import MakeProgram
from tests.e2e.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PEOPLE = 8


def query(home: Path, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with sqlite3.connect(home / "liuke.db", timeout=20) as connection:
        return connection.execute(statement, parameters).fetchall()


def where_it_is_noon() -> str:
    """A time zone in which it is between 12:00 and 13:00 now. (`Etc/GMT+5` lies five hours behind.)"""
    behind = datetime.now(UTC).hour - 12
    return f"Etc/GMT{behind:+d}" if behind else "Etc/GMT"


def at_risk_and_willing(home: Path) -> list[str]:
    """Customers in the band `high` whose last word on marketing was yes, and who have not refused profiling."""
    rows = query(
        home,
        """SELECT customer_id FROM score WHERE kind = 'churn' AND band = 'high' AND
             (SELECT granted FROM consent WHERE consent.customer_id = score.customer_id
               AND purpose = 'marketing' ORDER BY at DESC, granted LIMIT 1) = 1 AND
             NOT EXISTS (SELECT 1 FROM consent WHERE consent.customer_id = score.customer_id
               AND purpose = 'profiling' AND NOT granted)
           ORDER BY value DESC LIMIT ?""",
        (PEOPLE,),
    )
    return [row[0] for row in rows]


async def link(program: Program, api: FakeBotApi, customers: Sequence[str]) -> dict[str, Person]:
    """Each customer opens their deep link in a messenger of their own."""
    people: dict[str, Person] = {}
    for customer in customers:
        made = await program.liuke_json("customer", "link", customer)
        person = api.person(customer)
        person.starts(made["deep_link"].rsplit("start=", 1)[1])
        await person.hears(1, 20)
        people[customer] = person
    return people


def messages_with_a_way_out(person: Person) -> list[Any]:
    """What came with the button that stops such messages."""
    return [
        message
        for message in person.chat.messages.values()
        if any(
            button.get("callback_data") == "news:off"
            for line in message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in line
        )
    ]


async def test_each_gets_one_message_and_a_tenth_is_left_alone(
    api: FakeBotApi, make_program: MakeProgram
) -> None:
    program = make_program(bot_api=api.address)
    await program.start()
    customers = at_risk_and_willing(program.home)
    assert len(customers) == PEOPLE
    people = await link(program, api, customers)
    marks = ",".join("?" * len(customers))
    query(
        program.home,
        f"UPDATE customer SET time_zone = ? WHERE id IN ({marks})",  # noqa: S608
        [where_it_is_noon(), *customers],
    )
    await program.liuke("outreach", "plan")
    arms = dict(query(program.home, "SELECT customer_id, arm FROM campaign_contact"))
    assert set(arms) == set(customers)
    expected = {customer for customer, arm in arms.items() if arm == MESSAGE}
    await api.wait_for(lambda: all(messages_with_a_way_out(people[c]) for c in expected), 30)
    await program.kill()
    await program.start()
    await program.liuke("outreach", "plan")
    # The program is up and sends again: whatever would come twice comes before this answer does.
    for person in people.values():
        await person.asks("谢谢", 30)
    for customer, person in people.items():
        written = messages_with_a_way_out(person)
        assert len(written) == (1 if customer in expected else 0), (customer, arms[customer])
    assert all(arm in (MESSAGE, HOLDOUT) for arm in arms.values())
    (report,) = await program.liuke_json("outreach", "show")
    written_to = report["arms"][MESSAGE]
    # What left just before the kill may not have been recorded: it is under way until its lease ends, then unknown,
    # and nobody claims that it was sent.
    states = [state for (state,) in query(program.home, "SELECT state FROM outbox WHERE kind = 'campaign'")]
    assert set(states) <= {"sent", "sending", "unknown"}
    assert len(states) == len(expected)
    sent = states.count("sent")
    # Each of them has answered "谢谢" above.
    assert (written_to["sent"], written_to["responded"]) == (sent, sent)
    chosen = await program.liuke_json("outreach", "contacts", "win-back")
    stakes = [one["at_stake"] for one in chosen]
    assert stakes == sorted(stakes, reverse=True)
    assert all(one["reasons"] and one["expected_value"] is not None for one in chosen)
    await program.stop()
