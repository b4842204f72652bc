"""The model that reads messages is swapped while the program runs; a damaged one leaves the one in use."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import app
from bot.delivery.ports import TookTooLong
from bot.models.understanding import KIND, SHIPPED, ServedUnderstanding
from bot.settings import Settings
from bot.shop.demonstration import Demonstration
from bot.staff.asked_as import AskedAs, Entry
from nlu import modelfiles
from nlu.heads import Heads
from nlu.products.goods import Goods
from nlu.serving.client import ReadingProcess
from nlu.types import CatalogueEntry, EntityKind
from storage import Store
from storage.models import ModelVersion, ModelVersions
from storage.schema import product
from storage.shop import Shop
from storage.staff import Staff
from tests.bot.staff.test_case_service import opened
from tests.factories import NOW, add_product
from tests.nlu.stuck_reader import HANG
from tests.nlu.unsound import narrow_heads

pytestmark = pytest.mark.slow

PAGES = Path(__file__).parents[3] / "bot" / "shop" / "pages"
KETTLE = CatalogueEntry(product_id="p1", names=("Moonbeam kettle",))
Serve = Callable[..., Awaitable[ServedUnderstanding]]


def _with_own_intent(folder: Path, name: str = "gift_wrap") -> None:
    """The shipped model with one more intent that beats all others."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(modelfiles.SHIPPED, folder)
    with np.load(folder / "heads.npz") as stored:
        arrays = dict(stored)
    arrays["intents"] = np.array([*arrays["intents"], name])
    arrays["intent_weight"] = np.concatenate([arrays["intent_weight"], 0 * arrays["intent_weight"][:1]])
    arrays["intent_bias"] = np.append(arrays["intent_bias"], np.float32(50))
    np.savez_compressed(folder / "heads.npz", allow_pickle=False, **arrays)
    modelfiles.write_manifest(folder, {})
    assert Heads.load(folder / "heads.npz").intents[-1] == name


def _version(name: str, path: str, at: datetime) -> ModelVersion:
    return ModelVersion(
        kind=KIND, version=name, path=path, metrics={}, data_hash="", seed=0, fitted_at=at, current=True
    )


@pytest.fixture(scope="module")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    _with_own_intent(home / "models" / KIND / "v1")
    return home


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts one; all are closed at the end."""
    started: list[ServedUnderstanding] = []

    async def start(store: Store, home: Path, pages: Path = PAGES) -> ServedUnderstanding:
        started.append(await ServedUnderstanding.start(store, home, pages))
        return started[-1]

    yield start
    for served in started:
        await served.close()


async def _intent(served: ServedUnderstanding, text: str = "hello there") -> str | None:
    (meaning,) = await served.understand([text])
    return meaning.intent


async def test_a_taught_version_reads_and_going_back_is_one_step(
    store: Store, own_model: Path, serve: Serve
) -> None:
    served = await serve(store, own_model)
    await served.set_catalogue([KETTLE])
    assert not await served.refresh()
    assert await _intent(served) == "greeting"
    await store.write(lambda c: ModelVersions(c).add(_version(SHIPPED, "", NOW)))
    await store.write(
        lambda c: ModelVersions(c).add(_version("v1", f"models/{KIND}/v1", NOW + timedelta(hours=1)))
    )
    assert await served.refresh()
    (meaning,) = await served.understand(["is the moonbeam kettle there?"])
    assert meaning.intent == "gift_wrap"
    assert meaning.first(EntityKind.PRODUCT) is not None
    assert await served.search("How long does delivery take?", "en")
    async with store.read() as connection:
        before = await ModelVersions(connection).before(KIND)
    assert before is not None
    await store.write(lambda c: ModelVersions(c).make_current(KIND, before.version, NOW))
    assert await served.refresh()
    assert served.version == SHIPPED
    assert await _intent(served) == "greeting"


async def _teach(store: Store) -> None:
    await store.write(lambda c: ModelVersions(c).add(_version("v1", f"models/{KIND}/v1", NOW)))


async def test_products_that_change_while_a_version_is_loaded_are_known_to_it(
    store: Store, own_model: Path, serve: Serve
) -> None:
    served = await serve(store, own_model)
    await _teach(store)
    loading = asyncio.create_task(served.refresh())
    await served.set_catalogue([KETTLE])
    assert not loading.done()
    assert await loading
    (meaning,) = await served.understand(["is the moonbeam kettle there?"])
    assert meaning.first(EntityKind.PRODUCT) is not None


async def test_who_is_being_read_when_versions_change_is_answered(
    store: Store, own_model: Path, serve: Serve
) -> None:
    served = await serve(store, own_model)
    await _teach(store)
    loading = asyncio.create_task(served.refresh())
    answered: list[str | None] = []
    while not loading.done():
        answered += await asyncio.gather(*(_intent(served) for _ in range(20)))
    assert await loading
    answered.append(await _intent(served))
    assert answered[0] == "greeting"
    assert answered[-1] == "gift_wrap"


async def test_a_message_that_takes_too_long_is_an_error_of_its_own(store: Store, own_model: Path) -> None:
    stuck = [sys.executable, str(Path(__file__).parents[2] / "nlu" / "stuck_reader.py")]
    served = ServedUnderstanding(store, own_model, PAGES, await ReadingProcess.start(stuck, PAGES, limit=0.3))
    try:
        with pytest.raises(TookTooLong):
            await served.understand([HANG])
        with pytest.raises(TookTooLong):
            await served.search(HANG, "en")
    finally:
        await served.close()


async def test_products_that_changed_before_the_first_look_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = (CatalogueEntry(product_id=name, names=(name,)) for name in ("old", "new"))
    goods = Goods.of(id="new", names=("new",))
    served = SimpleNamespace(catalogue=[old], goods=())

    async def entries(_: object) -> tuple[list[CatalogueEntry], list[Goods]]:
        return [new], [goods]

    async def set_catalogue(found: list[CatalogueEntry]) -> None:
        served.catalogue = found

    async def set_goods(found: list[Goods]) -> None:
        served.goods = found

    served.set_catalogue, served.set_goods = set_catalogue, set_goods
    monkeypatch.setattr(app, "catalogue_entries", entries)
    monkeypatch.setattr(app, "_CATALOGUE_EVERY", 0.0)
    parts = cast(app.Parts, SimpleNamespace(store=None, understanding=served))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(app.Parts.watch_catalogue(parts), 0.3)
    assert (served.catalogue, served.goods) == ([new], [goods])


async def test_a_demo_shop_that_is_made_or_taken_out_is_noticed_with_its_pages(
    store: Store, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo, served = Demonstration(store), await serve(store, tmp_path, tmp_path / "pages")
    parts = SimpleNamespace(store=store, understanding=served, demo=demo, settings=Settings(home=tmp_path))
    monkeypatch.setattr(app, "_DEMO_EVERY", 0.01)

    async def noticed(there: bool) -> bool:
        async with asyncio.timeout(10):
            # Another task looks.
            while (demo(), bool(served.catalogue)) != (there, there):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await served.refresh()
        return bool(await served.search("How long does delivery take?", "en"))

    async def make(connection: AsyncConnection) -> None:
        await add_product(connection)
        await connection.execute(product.update().values(demo=True))

    watching = asyncio.create_task(app.Parts.watch_demo(cast(app.Parts, parts)))
    await store.write(make)
    assert await noticed(True)
    await store.write(lambda connection: Shop(connection).remove_demo())
    assert not await noticed(False)
    watching.cancel()


async def test_a_page_that_is_mended_lets_the_version_in(
    store: Store, own_model: Path, serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = tmp_path / "en" / "faq.md"
    page.parent.mkdir()
    page.write_text("# Gifts\n\n## Do you wrap them?\nYes.\n", "utf-8")
    served = await serve(store, own_model, tmp_path)
    await _teach(store)
    page.write_bytes("# Geschenke für alle".encode("latin-1"))
    assert not await served.refresh()
    assert not await served.refresh()
    assert served.version == SHIPPED
    assert len([line for line in caplog.messages if "faq.md" in line]) == 1
    page.write_text("# Gifts\n\n## Do you wrap them?\nNo.\n", "utf-8")
    assert await served.refresh()
    assert served.version == "v1"
    (found,) = await served.search("do you wrap gifts?", "en", 1, at_least=0.0)
    assert found.text == "No."


async def test_a_page_that_changes_is_taken_while_running(store: Store, serve: Serve, tmp_path: Path) -> None:
    page = tmp_path / "en" / "faq.md"
    page.parent.mkdir()
    page.write_text("# Gifts\n\n## Do you wrap them?\nYes.\n", "utf-8")
    served = await serve(store, tmp_path, tmp_path)
    assert not await served.refresh()
    page.write_text("# Gifts\n\n## Do you wrap them?\nNot any more.\n", "utf-8")
    assert await served.refresh()
    (found,) = await served.search("do you wrap gifts?", "en", 1, at_least=0.0)
    assert found.text == "Not any more."


async def test_what_an_entry_is_also_asked_as_is_taken_while_running(
    store: Store, serve: Serve, tmp_path: Path
) -> None:
    page = tmp_path / "en" / "faq.md"
    page.parent.mkdir()
    page.write_text("# Shop\n\n## In the shop\nAnimals wait at the door.\n", "utf-8")
    await opened(store, tmp_path)
    async with store.read() as connection:
        (root,) = [one for one in await Staff(connection).all() if one.role == "admin"]
    served = await serve(store, tmp_path, tmp_path)
    assert not await served.refresh()
    (before,) = await served.search("can my poodle come along", "en", 1, at_least=0.0)
    entry = Entry(page="faq", title="In the shop", language="en")
    assert await AskedAs(store, tmp_path).add(root, entry, ["is my dog allowed in"])
    assert await served.refresh()
    (after,) = await served.search("can my poodle come along", "en", 1, at_least=0.0)
    assert after.score > before.score
    assert after.text == before.text == "Animals wait at the door."


async def test_a_version_for_vectors_of_another_length_leaves_the_one_in_use(
    store: Store, own_model: Path, serve: Serve, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / KIND / "v3"
    shutil.copytree(own_model / "models" / KIND / "v1", folder)
    narrow_heads(folder)
    served = await serve(store, tmp_path)
    await store.write(lambda c: ModelVersions(c).add(_version("v3", f"models/{KIND}/v3", NOW)))
    assert not await served.refresh()
    assert served.version == SHIPPED


async def test_a_damaged_version_leaves_the_one_in_use(
    store: Store, own_model: Path, serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(own_model / "models" / KIND / "v1", tmp_path / "models" / KIND / "v2")
    (tmp_path / "models" / KIND / "v2" / "heads.npz").write_bytes(b"nothing")
    served = await serve(store, tmp_path)
    await store.write(lambda c: ModelVersions(c).add(_version("v2", f"models/{KIND}/v2", NOW)))
    assert not await served.refresh()
    assert not await served.refresh()
    assert served.version == SHIPPED
    assert len([record for record in caplog.records if "can't be loaded" in record.message]) == 1
    assert await _intent(served) == "greeting"
