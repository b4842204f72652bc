"""A customer can have what is held about them, and can have it erased."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

from bot.cli import app
from bot.privacy import erase_customer, export_customer, forget_lessons, said_by
from bot.settings import Settings
from nlu import modelfiles
from nlu.teaching.labelled import read_taught
from storage import NotFound, Store, migrate
from storage.audience import Candidate
from storage.campaigns import Campaigns
from storage.conversations import Conversations, NewMessage
from storage.corrections import Corrections
from storage.customers import Accounts, Consents, Customers
from storage.outbox import Outbox
from storage.schema import event, message, outbox
from storage.staff import Staff
from storage.warnings import NewWarning, Warnings
from tests.factories import NOW, add_customer, add_product, add_purchase

SECRET = "my name is Rumpelstiltskin"


async def _somebody(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    await add_customer(connection, "c1", telegram="77")
    await add_purchase(connection, "c1", "p1", NOW - timedelta(days=3))
    account = await Accounts(connection).find("telegram", "77")
    assert account is not None
    await Conversations(connection).open("telegram", "77", account.id, "en", NOW)
    contact = await Conversations(connection).contact("telegram", "77")
    assert contact is not None
    await Conversations(connection).append(
        NewMessage(
            conversation_id=contact.conversation.id,
            direction="in",
            author="customer",
            kind="text",
            text=SECRET,
            at=NOW,
        )
    )
    (said,) = await Conversations(connection).history(contact.conversation.id)
    await Staff(connection).add(
        login="ann", name="Ann", role="agent", password_hash="-", language="en", now=NOW
    )
    (ann,) = await Staff(connection).all()
    await Corrections(connection).put(said.id, "their_name", staff_id=ann.id, now=NOW)
    await Outbox(connection).put(
        channel="telegram",
        address="77",
        kind="reply",
        policy="retry",
        reply={"text": SECRET},
        now=NOW,
        customer_id="c1",
    )


async def _judged(connection: AsyncConnection) -> None:
    """A warning was given of them, and a campaign left them alone."""
    reasons = [{"code": "silence", "value": 90, "weight": 1.5}]
    warning = NewWarning(
        customer_id="c1", at=NOW, was="low", band="high", probability=0.9, lead_days=None,
        expected_loss=4_711, currency="CNY", reasons=reasons, policy="test",
    )  # fmt: skip
    await Warnings(connection).add([warning])
    campaigns = Campaigns(connection)
    campaign = await campaigns.ensure("win-back", "win_back", holdout=1.0, settings={}, seed=1, now=NOW)
    run = await campaigns.start_run(campaign.id, "s1", NOW)
    candidate = Candidate(
        customer_id="c1", name="", language="en", time_zone="UTC", channel="telegram", address="77",
        account_id=1, risk=0.9, expected_value=8_150, at_stake=7_335, currency="CNY", reasons=reasons,
    )  # fmt: skip
    await campaigns.add_contact(
        candidate, campaign_id=campaign.id, run_id=run.id, arm="holdout", probability=1.0, now=NOW
    )


async def test_an_export_holds_all_of_it(any_store: Store) -> None:
    await any_store.write(_somebody)
    await any_store.write(_judged)
    async with any_store.read() as connection:
        told = json.dumps(await export_customer(connection, "c1"), default=str)
    for what in ("Name c1", "marketing", "purchase", SECRET, "77", "their_name", "4711", "7335", "holdout"):
        assert what in told


async def test_after_erasure_nothing_names_them_and_nobody_writes_again(any_store: Store) -> None:
    await any_store.write(_somebody)
    assert await any_store.write(lambda c: erase_customer(c, "c1", NOW)) == 1
    async with any_store.read() as connection:
        customer = await Customers(connection).get("c1")
        assert customer is not None
        assert customer.name == ""
        assert await Accounts(connection).by_customer("c1") == []
        assert not await Consents(connection).granted("marketing", customer_id="c1")
        assert [row.text for row in await connection.execute(select(message.c.text))] == [""]
        assert await Corrections(connection).all() == []
        left = (await connection.execute(select(outbox.c.state, outbox.c.payload))).one()
        assert left.state == "cancelled"
        assert SECRET not in json.dumps(left.payload)
        # The shop's books stay right.
        assert (await connection.execute(select(event.c.amount))).scalar_one() == 10_000


async def test_erasure_reaches_what_every_version_was_taught_with(store: Store, tmp_path: Path) -> None:
    await store.write(_somebody)
    for version, more in (("v1", ""), ("v2", "wrap it up\tgift_wrap\n")):
        folder = tmp_path / "models" / "nlu" / version
        folder.mkdir(parents=True)
        rows = f"text\tlabel\n{SECRET.upper()}\ttheir_name\n{more}"
        (folder / modelfiles.TAUGHT).write_text(rows, "utf-8")
    async with store.read() as connection:
        said = await said_by(connection, "c1")
    assert forget_lessons(tmp_path, said) == 2
    left = [
        read_taught(tmp_path / "models" / "nlu" / version / modelfiles.TAUGHT) for version in ("v1", "v2")
    ]
    assert [[row.text for row in rows] for rows in left] == [[], ["wrap it up"]]
    assert forget_lessons(tmp_path, said) == 0


def test_the_command_forgets_the_lessons_and_then_the_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    url = Settings(home=tmp_path).store_url

    async def fill() -> None:
        await migrate(url)
        store = Store.open(url)
        await store.write(_somebody)
        await store.close()

    asyncio.run(fill())
    taught = tmp_path / "models" / "nlu" / "v1" / modelfiles.TAUGHT
    taught.parent.mkdir(parents=True)
    taught.write_bytes(b"\xff\xfe")
    run = CliRunner()
    # Nothing is erased where not everything can be: it could not be made up for.
    assert run.invoke(app, ["customer", "erase", "c1", "--yes"]).exit_code == 1
    taught.write_text(f"text\tlabel\n{SECRET}\ttheir_name\n", "utf-8")
    done = run.invoke(app, ["customer", "erase", "c1", "--yes"])
    assert done.exit_code == 0
    assert "were taught with: 1." in done.output
    assert SECRET not in taught.read_text("utf-8")


async def test_somebody_unknown_is_said_so(any_store: Store) -> None:
    with pytest.raises(NotFound):
        await any_store.write(lambda c: erase_customer(c, "nobody", NOW))
    async with any_store.read() as connection:
        with pytest.raises(NotFound):
            await export_customer(connection, "nobody")
