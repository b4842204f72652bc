"""What guests are known by is filled in for those who ordered before it was kept."""

from __future__ import annotations

from sqlalchemy import insert, select

from storage import Store, migrate
from storage.migrate import migrate_down
from storage.schema import customer, guest_contact
from tests.factories import NOW

GUESTS = (
    {"id": "guest-1", "email": "bea@example.com", "phone": "13800001111"},
    {"id": "guest-2", "email": None, "phone": "+8613800001111"},
    {"id": "guest-3", "email": None, "phone": "0049301"},
    {"id": "guest-4", "email": None, "phone": None},
    {"id": "c1", "email": "ann@example.com", "phone": None, "guest": False},
)


async def test_guests_of_then_are_known(any_url: str) -> None:
    await migrate(any_url)
    await migrate_down(any_url, "0014")
    store = Store.open(any_url)
    rows = [{"guest": True, "created_at": NOW, **one} for one in GUESTS]
    await store.write(lambda connection: connection.execute(insert(customer), rows))
    await store.close()
    await migrate(any_url)
    store = Store.open(any_url)
    async with store.read() as connection:
        found = {tuple(row) for row in await connection.execute(select(guest_contact))}
    await store.close()
    assert found == {
        ("email:bea@example.com", "guest-1"),
        ("phone:+8613800001111", "guest-1"),
        ("phone:+49301", "guest-3"),
    }
