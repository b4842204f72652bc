"""Warnings are told once, in the order of what is at stake, until somebody has seen to them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Conflict, NotFound, Store
from storage.models import ModelVersion, ModelVersions
from storage.schema import customer
from storage.scores import Scores
from storage.staff import Staff
from storage.warnings import NewWarning, Warnings
from tests.factories import NOW, add_customer, add_score


def warning(customer_id: str, at: datetime = NOW, *, loss: int | None = None) -> NewWarning:
    return NewWarning(
        customer_id=customer_id,
        at=at,
        was="low",
        band="high",
        probability=0.9,
        lead_days=-3.5,
        expected_loss=loss,
        currency=None if loss is None else "CNY",
        reasons=[{"code": "recency", "value": 40.0, "weight": 1.2}],
        policy="blend/v",
    )


async def _customers(connection: AsyncConnection) -> None:
    for name in ("a", "b", "c", "gone"):
        await add_customer(connection, name)


async def test_each_is_told_once_and_the_dearest_first(any_store: Store) -> None:
    await any_store.write(_customers)
    night = [warning("a", loss=5), warning("b", loss=500), warning("c"), warning("gone", loss=900)]
    assert await any_store.write(lambda connection: Warnings(connection).add(night)) == 4
    assert await any_store.write(lambda connection: Warnings(connection).add(night)) == 0
    later = warning("c", NOW + timedelta(days=1))
    assert await any_store.write(lambda connection: Warnings(connection).add([later])) == 1
    await any_store.write(
        lambda connection: connection.execute(
            update(customer).where(customer.c.id == "gone").values(erased_at=NOW)
        )
    )
    async with any_store.read() as connection:
        found = await Warnings(connection).open()
        assert [(one.customer_id, one.at) for one in found] == [
            ("c", NOW + timedelta(days=1)),
            ("b", NOW),
            ("a", NOW),
            ("c", NOW),
        ]
    assert (found[1].lead_days, found[1].expected_loss, found[1].reasons[0]["code"]) == (-3.5, 500, "recency")


async def test_what_somebody_saw_to_is_off_the_list(any_store: Store) -> None:
    await any_store.write(_customers)
    await any_store.write(lambda connection: Warnings(connection).add([warning("a"), warning("b")]))
    member = await any_store.write(
        lambda connection: Staff(connection).add(
            login="ann", name="Ann", role="agent", password_hash="x", language="en", now=NOW
        )
    )
    async with any_store.read() as connection:
        first = (await Warnings(connection).open())[0]
    await any_store.write(lambda connection: Warnings(connection).see_to(first.id, member, NOW))
    async with any_store.read() as connection:
        assert [one.customer_id for one in await Warnings(connection).open()] == ["b"]
    with pytest.raises(Conflict):
        await any_store.write(lambda connection: Warnings(connection).see_to(first.id, member, NOW))
    with pytest.raises(NotFound):
        await any_store.write(lambda connection: Warnings(connection).see_to(999, member, NOW))


async def test_the_way_back_leads_to_versions_that_were_served(any_store: Store) -> None:
    def version(name: str, day: int, *, current: bool) -> ModelVersion:
        return ModelVersion(
            kind="retention",
            version=name,
            path=f"models/{name}",
            metrics={},
            data_hash="0" * 64,
            seed=0,
            fitted_at=NOW + timedelta(days=day),
            current=current,
            report={"notes": [name]},
        )

    async def work(connection: AsyncConnection) -> None:
        models = ModelVersions(connection)
        assert await models.before("retention") is None
        for name, day, current in (("one", 0, True), ("refused", 1, False), ("two", 2, True)):
            await models.add(version(name, day, current=current))
        back = await models.before("retention")
        assert back is not None
        assert (back.version, back.report) == ("one", {"notes": ["one"]})
        await models.make_current("retention", back.version, NOW + timedelta(days=3))
        assert await models.before("retention") is None
        served = {one.version: one.served_since for one in await models.all("retention")}
        assert served == {
            "one": NOW + timedelta(days=3),
            "two": NOW + timedelta(days=2),
            "refused": None,
        }

    await any_store.write(work)


async def test_how_many_are_in_each_band_and_when_they_were_scored(any_store: Store) -> None:
    async def score(connection: AsyncConnection) -> None:
        for number, risk in enumerate((0.9, 0.8, 0.1)):
            await add_customer(connection, f"c{number}")
            await add_score(connection, f"c{number}", risk)

    async with any_store.read() as connection:
        assert await Scores(connection).bands("churn") == {}
        assert await Scores(connection).latest("churn") is None
    await any_store.write(score)
    async with any_store.read() as connection:
        assert await Scores(connection).bands("churn") == {"high": 2, "low": 1}
        assert await Scores(connection).bands("value") == {}
        assert await Scores(connection).latest("churn") == NOW
