"""What a shop knows of its customers besides their names: addresses, consents, birthdays and points, by either road."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from bot.channels.registry import WRITING_FIRST
from bot.shop.importing.running import Report
from bot.shop.importing.undoing import undo
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.merging import Taken
from bot.shop.intake.people import ConsentChannel, CustomerRecord, PointRecord, birthday_of
from bot.shop.intake.points import take_points
from kernel.console import quiet
from storage import Store
from storage.consents import MARKETING
from storage.customers import Accounts, Consents, Customer, Customers
from storage.points import PointChange, Points
from storage.schema import consent, point_change
from tests.bot.shop.test_import_whole import Home, but_imports
from tests.factories import erase_customer

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(days=90)
_numbers = itertools.count(1)

Said = dict[str, Any]


def day(number: int) -> datetime:
    return BEGAN + timedelta(days=number)


class Shop:
    """A shop that tells of one customer."""

    def __init__(self, store: Store, customer_id: str = "c1") -> None:
        self.store, self.id = store, customer_id

    async def tell(self, now: datetime = NOW, **said: Any) -> Taken:
        record = CustomerRecord.model_validate({"id": self.id, **said})
        taken = await self.store.write(lambda c: take_customers(c, [record], now, Defaults()))
        assert not taken.refused
        return taken

    async def points(self, *changes: Said) -> Taken:
        records = [PointRecord.model_validate({"customer_id": self.id, **one}) for one in changes]
        return await self.store.write(lambda c: take_points(c, records, NOW, Defaults()))

    async def known(self) -> Customer:
        async with self.store.read() as connection:
            found = await Customers(connection).get(self.id)
        assert found is not None
        return found

    async def balance(self, at: datetime = NOW) -> int:
        async with self.store.read() as connection:
            return await Points(connection).balance(self.id, at)

    async def agrees(self, channel: str | None = None) -> bool:
        async with self.store.read() as connection:
            return await Consents(connection).granted(MARKETING, customer_id=self.id, channel=channel)

    async def facts(self) -> Mapping[str, Any]:
        """All that matters of the customer."""
        known = await self.known()
        channels = ("telegram", "email", None)
        return {
            "birthday": known.birthday,
            "addresses": known.addresses,
            "default": known.default_address,
            "points": await self.balance(),
            "agrees": [await self.agrees(channel) for channel in channels],
        }


@pytest.fixture
async def shop(any_store: Store) -> Shop:
    return Shop(any_store)


# --- addresses ------------------------------------------------------------------------------------------------------

HOME = {"label": "home", "city": "杭州", "line": "文三路 1 号", "province": "浙江"}
OFFICE = {"label": "office", "city": "上海", "line": "南京路 2 号", "phone": "021 5555 0000"}


async def test_addresses_are_added_changed_and_taken_away_by_their_ids(shop: Shop) -> None:
    await shop.tell(addresses={"a": HOME, "b": OFFICE}, default_address="a")
    assert (await shop.known()).addresses == {"a": HOME, "b": OFFICE}
    assert (await shop.tell(addresses={"a": HOME})).changed == 0
    await shop.tell(addresses={"a": {"line": "文三路 9 号", "province": None}, "b": None})
    known = await shop.known()
    left = {name: words for name, words in HOME.items() if name != "province"}
    assert (known.addresses, known.default_address) == ({"a": {**left, "line": "文三路 9 号"}}, "a")
    await shop.tell(addresses=None)
    assert (await shop.known()).addresses == {}


async def test_an_address_that_was_taken_away_does_not_come_back_with_an_older_word(shop: Shop) -> None:
    await shop.tell(addresses={"a": {"city": "杭州"}}, updated_at=day(1))
    await shop.tell(addresses={"a": None}, updated_at=day(5))
    await shop.tell(addresses={"a": HOME}, updated_at=day(3))
    assert (await shop.known()).addresses == {}
    await shop.tell(addresses=None, updated_at=day(6))
    # Of one that nobody had heard of then, too.
    await shop.tell(addresses={"b": OFFICE}, updated_at=day(4))
    assert (await shop.known()).addresses == {}
    await shop.tell(addresses={"b": OFFICE}, updated_at=day(7))
    assert (await shop.known()).addresses == {"b": OFFICE}


# --- birthdays ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "kept"),
    [("1990-05-17", "1990-05-17"), ("--05-17", "--05-17"), ("05-17", "--05-17"), ("02-29", "--02-29")],
)
async def test_a_birthday_needs_no_year(shop: Shop, said: str, kept: str) -> None:
    await shop.tell(birthday=said)
    assert (await shop.known()).birthday == kept
    assert (await shop.tell(birthday=said)).changed == 0
    await shop.tell(birthday=None)
    assert (await shop.known()).birthday is None


@pytest.mark.parametrize("said", ["1990-02-29", "17.05.1990", "05/06", "1190-05-17", "May", "--13-01"])
def test_what_is_no_birthday_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match=r"birthday|calendar|true"):
        birthday_of(said)


# --- consents -------------------------------------------------------------------------------------------------------


def test_every_channel_that_writes_first_can_be_spoken_of() -> None:
    assert set(WRITING_FIRST) <= set(get_args(ConsentChannel))
    with pytest.raises(ValidationError):
        CustomerRecord.model_validate({"id": "c1", "consents": {"telegramm": {"granted": False}}})


async def test_a_newsletter_is_no_consent_to_anything_else(shop: Shop) -> None:
    await shop.tell(consents={"email": {"granted": True, "at": day(1)}})
    assert await shop.agrees("email")
    assert not await shop.agrees("telegram")
    assert not await shop.agrees()


async def test_words_of_a_channel_come_once_and_hold_by_their_times(shop: Shop) -> None:
    said = {"consents": {"telegram": {"granted": True, "at": day(5)}, "sms": {"granted": False}}}
    assert (await shop.tell(**said)).more["consents"] == 2
    assert (await shop.tell(**said)).more["consents"] == 0
    await shop.tell(consents={"telegram": {"granted": False, "at": day(3)}})
    assert await shop.agrees("telegram")
    await shop.tell(consents={"telegram": {"granted": False, "at": day(6)}})
    assert not await shop.agrees("telegram")
    assert (await shop.tell(**said)).more["consents"] == 0
    assert not await shop.agrees("telegram")


async def test_a_refusal_told_again_later_holds_though_an_older_yes_comes_last(shop: Shop) -> None:
    for granted, at in ((False, day(1)), (False, day(3)), (True, day(2))):
        await shop.tell(marketing=granted, marketing_at=at)
    assert not await shop.agrees()


@pytest.mark.parametrize("channel", [None, "telegram"])
async def test_a_yes_without_a_time_lifts_no_stop(shop: Shop, channel: str | None) -> None:
    """Also of one that was said in a messenger before it was known whose that is."""
    await shop.tell()

    async def stops(connection: Any) -> None:
        own = await Accounts(connection).get_or_create("telegram", "77", now=NOW)
        await Consents(connection).record(
            MARKETING, False, source="conversation:telegram", now=day(1), account_id=own.id
        )
        await Accounts(connection).link(own.id, "c1", "deep_link", NOW)

    await shop.store.write(stops)
    yes = {"marketing": True} if channel is None else {"consents": {channel: {"granted": True}}}
    assert (await shop.tell(**yes)).more["consents"] == 0
    later = {**yes, "marketing_at": day(2)} if channel is None else {
        "consents": {channel: {"granted": True, "at": day(2)}}
    }  # fmt: skip
    assert (await shop.tell(**later)).more["consents"] == 1
    assert await shop.agrees("telegram")


# --- points ---------------------------------------------------------------------------------------------------------


async def test_changes_of_points_come_once(shop: Shop) -> None:
    await shop.tell()
    first = {"id": "x1", "at": day(1), "change": 50, "reason": "签到"}
    second = {"at": day(2), "change": -20, "order_id": "1024"}
    assert (await shop.points(first, second)).changed == 2
    assert (await shop.points(first, second, {**first, "change": 99})).changed == 0
    assert await shop.balance() == 30
    async with shop.store.read() as connection:
        found = await Points(connection).latest("c1", NOW, limit=5)
    assert [(one.change, one.reason("zh"), one.reason("en"), one.order_id) for one in found] == [
        (-20, "", "", "1024"), (50, "签到", "签到", None)
    ]  # fmt: skip


async def test_points_of_nobody_are_refused_and_those_of_the_erased_left_out(shop: Shop) -> None:
    await shop.tell()
    await shop.points({"id": "x", "at": day(1), "change": 5})
    await shop.store.write(lambda c: erase_customer(c, "c1"))
    async with shop.store.read() as connection:
        assert (await connection.execute(select(point_change))).all() == []
    changes = [{"at": day(1), "change": 5}, {"at": day(1), "change": 5, "customer_id": "nobody"}]
    taken = await shop.points(*changes)
    assert (taken.changed, taken.erased) == (0, {0})
    assert [(one.place, one.code) for one in taken.refused] == [(1, "unknown_reference")]


async def test_the_balance_that_was_told_last_holds_and_changes_after_it_count(shop: Shop) -> None:
    await shop.tell(points=100, updated_at=day(5))
    await shop.points({"at": day(4), "change": 30}, {"at": day(6), "change": 7})
    assert await shop.balance() == 107
    await shop.tell(points=90, updated_at=day(2))
    assert await shop.balance() == 107
    # Without a time it is as of now: what comes late lies before it. The same once more is no news.
    assert (await shop.tell(points=110)).changed == 1
    assert (await shop.tell(points=110, now=NOW + timedelta(days=1))).changed == 0
    await shop.points({"at": day(7), "change": 1_000})
    assert await shop.balance() == 110
    await shop.tell(points=None)
    assert await shop.balance() == 1_037


# --- in any order, in pieces ----------------------------------------------------------------------------------------

_PIECES = st.lists(
    st.one_of(
        st.builds(
            lambda name, part, words: {"addresses": {name: {part: words}}},
            st.sampled_from(["a", "b"]),
            st.sampled_from(["city", "line"]),
            st.sampled_from(["杭州", "上海", None]),
        ),
        st.builds(lambda name: {"addresses": {name: None}}, st.sampled_from(["a", "b"])),
        st.just({"addresses": None}),
        st.builds(lambda name: {"default_address": name}, st.sampled_from(["a", "b", None])),
        st.builds(lambda said: {"birthday": said}, st.sampled_from(["05-17", "1990-05-17", None])),
        st.builds(lambda points: {"points": points}, st.sampled_from([0, 70, None])),
        st.builds(lambda change: {"change": change}, st.integers(-9, 9)),
        st.builds(lambda granted: {"marketing": granted}, st.booleans()),
        st.builds(
            lambda channel, granted: {"consents": {channel: {"granted": granted}}},
            st.sampled_from(["telegram", "email"]),
            st.booleans(),
        ),
    ),
    max_size=8,
)


def _dated(piece: Said, at: datetime) -> Said:
    if "change" in piece:
        return {**piece, "at": at}
    if "consents" in piece:
        [(channel, word)] = piece["consents"].items()
        piece = {"consents": {channel: {**word, "at": at}}}
    return {**piece, "updated_at": at, **({"marketing_at": at} if "marketing" in piece else {})}


async def _told(store: Store, pieces: list[Said]) -> Mapping[str, Any]:
    shop = Shop(store, f"c{next(_numbers)}")
    await shop.tell()
    for piece in [*pieces, *pieces[-1:]]:
        await (shop.points(piece) if "change" in piece else shop.tell(**piece))
    return await shop.facts()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=_PIECES, data=st.data())
async def test_pieces_in_any_order_are_the_same_customer(
    any_store: Store, pieces: list[Said], data: st.DataObject
) -> None:
    dated = [_dated(piece, day(number)) for number, piece in enumerate(pieces)]
    assert await _told(any_store, dated) == await _told(any_store, data.draw(st.permutations(dated)))


# --- by files -------------------------------------------------------------------------------------------------------

CUSTOMERS = (
    "customer,姓名,积分,生日,营销同意,Accepts Email Marketing,Email Marketing Date,consent_telegram,"
    "省份,城市,地址,邮编\n"
    "c1,王芳,120,1990年5月17日,,yes,2026-09-01,no,浙江,杭州,文三路 1 号,310012\n"
    "c2,Ann,,05-17,no,,2026-09-01,,,,,\n"
)
ADDRESSES = (
    "customer,address id,label,recipient,city,address,default\n"
    "c1,o7,office,王芳,上海,南京路 2 号,yes\nc1,,home,,杭州,文三路 9 号,\nc9,x,,,Berlin,Weg 1,\nc1,,,,杭州,nowhere,\n"
)
POINTS = (
    "id,customer,time,change,balance,reason,reason_en,order\n"
    "x1,c1,2026-11-01 10:00,+50,170,签到,Daily visit,\n,c1,2026-11-02 10:00,-20,,,,1024\n,c7,2026-11-02,5,,,,\n"
)


@pytest.fixture
async def home(any_store: Store, tmp_path: Path) -> Home:
    return Home(any_store, tmp_path)


async def _import(home: Home) -> list[Report]:
    files = {"customers": CUSTOMERS, "addresses": ADDRESSES, "points": POINTS}
    return [await home.take(kind, content) for kind, content in files.items()]


async def test_files_say_all_of_it(home: Home) -> None:
    people, places, points = await _import(home)
    assert (people.rejected, places.rejected, points.rejected) == (0, 1, 1)
    assert list(places.reasons) == ["id: an address is known by an id or a label, and this has neither"]
    assert list(points.reasons) == ["customer_id: there is no customer 'c7'"]
    known = await home.customer("c1")
    assert (known.birthday, known.default_address) == ("1990-05-17", "o7")
    assert known.addresses == {
        "home": {"label": "home", "city": "杭州", "line": "文三路 9 号"},
        "main": {"province": "浙江", "city": "杭州", "line": "文三路 1 号", "postcode": "310012"},
        "o7": {"label": "office", "recipient": "王芳", "city": "上海", "line": "南京路 2 号"},
    }
    assert (await home.customer("c2")).birthday == "--05-17"
    shop = Shop(home.store)
    assert [await shop.agrees(channel) for channel in ("email", "telegram", None)] == [True, False, False]
    assert await shop.balance() == 120
    assert not any(count for report in await _import(home) for count in report.written.values())


async def test_the_api_says_the_same(home: Home) -> None:
    """The same facts, as a program would send them, change nothing after the files."""
    await _import(home)
    office = {"label": "office", "recipient": "王芳", "city": "上海", "line": "南京路 2 号"}
    began = "2026-09-01T00:00:00+08:00"
    main = {"province": "浙江", "city": "杭州", "line": "文三路 1 号", "postcode": "310012"}
    taken = await Shop(home.store).tell(
        name="王芳", points=120, birthday="1990-05-17", addresses={"o7": office, "main": main},
        default_address="o7", consents={"email": {"granted": True, "at": began}, "telegram": {"granted": False}},
    )  # fmt: skip
    assert (taken.changed, taken.more["consents"]) == (0, 0)
    again = await Shop(home.store).points(
        {"id": "x1", "at": "2026-11-01T10:00:00+08:00", "change": 50},
        {"at": "2026-11-02T10:00:00+08:00", "change": -20, "order_id": "1024"},
    )
    assert again.changed == 0


async def test_what_files_said_can_be_taken_back(home: Home) -> None:
    await home.take("customers", "customer,name\nc1,王\n")
    before = but_imports(await home.everything())
    reports = await _import(home)
    for report in reversed(reports):
        assert report.import_id is not None
        await undo(home.store, report.import_id, NOW, quiet)
    after = but_imports(await home.everything())
    assert {name for name in after if after[name] != before[name]} == {"consent"}
    async with home.store.read() as connection:
        left = (await connection.execute(select(consent.c.channel, consent.c.granted))).all()
    # Nobody is written to for a wrong file, and nobody's refusal is lost with it.
    assert [tuple(row) for row in left] == [("telegram", False)]


async def test_nothing_of_it_comes_back_after_an_erasure(home: Home) -> None:
    reports = await _import(home)
    await home.store.write(lambda c: erase_customer(c, "c1"))
    left = await home.everything()
    assert not [row for row in left["import_change"] if "杭州" in row or "签到" in row]
    assert [report.ignored for report in await _import(home)] == [1, 2, 2]
    # Of the points nothing is kept any more that could be undone.
    for report in reversed(reports[:2]):
        assert report.import_id is not None
        await undo(home.store, report.import_id, NOW, quiet)
    after = await home.everything()
    assert not [row for rows in after.values() for row in rows if "文三路" in row or "签到" in row]


def test_a_change_says_why_in_either_language() -> None:
    one = PointChange(id="x", customer_id="c1", at=NOW, change=1, reason_zh="签到")
    assert (one.reason("zh"), one.reason("en")) == ("签到", "签到")
