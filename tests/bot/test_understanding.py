"""The model that reads messages is swapped while the program runs; a damaged one leaves the one in use."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

import nlu
from bot import app
from bot.understanding import KIND, SHIPPED, ServedUnderstanding
from nlu import modelfiles
from nlu.heads import Heads
from nlu.types import CatalogueEntry, EntityKind, Language, PageIndex, Passage, Understander
from storage import Store
from storage.models import ModelVersion, ModelVersions
from tests.factories import NOW
from tests.fakes import FakePages
from tests.nlu.unsound import narrow_heads

PAGES = Path(__file__).parents[2] / "bot" / "shop" / "pages"


def _pages(understander: Understander) -> PageIndex:
    return nlu.load_pages(PAGES, understander)


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
    modelfiles.seal(folder, {})
    assert Heads.load(folder / "heads.npz").intents[-1] == name


@dataclass
class _HeardPages(FakePages):
    """Knows nothing, and which vectors it was given."""

    heard: list[object] = field(default_factory=list)

    def search(
        self, question: str, language: Language, n: int = 3, vector: object = None, *more: float | None
    ) -> list[Passage]:
        self.heard.append(vector)
        return super().search(question, language, n, vector, *more)


def _version(name: str, path: str, at: datetime) -> ModelVersion:
    return ModelVersion(
        kind=KIND, version=name, path=path, metrics={}, data_hash="", seed=0, fitted_at=at, current=True
    )


@pytest.fixture(scope="module")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    _with_own_intent(home / "models" / KIND / "v1")
    return home


async def test_a_taught_version_reads_and_going_back_is_one_step(store: Store, own_model: Path) -> None:
    served = ServedUnderstanding(store, own_model, _pages)
    served.set_catalogue([CatalogueEntry(product_id="p1", names=("Moonbeam kettle",))])
    assert not await served.refresh()
    assert served.understand(["hello there"])[0].intent == "greeting"
    await store.write(lambda c: ModelVersions(c).add(_version(SHIPPED, "", NOW)))
    await store.write(
        lambda c: ModelVersions(c).add(_version("v1", f"models/{KIND}/v1", NOW + timedelta(hours=1)))
    )
    assert await served.refresh()
    (meaning,) = served.understand(["is the moonbeam kettle there?"])
    assert meaning.intent == "gift_wrap"
    assert meaning.first(EntityKind.PRODUCT) is not None
    assert served.search("How long does delivery take?", "en")
    async with store.read() as connection:
        before = await ModelVersions(connection).before(KIND)
    assert before is not None
    await store.write(lambda c: ModelVersions(c).make_current(KIND, before.version, NOW))
    assert await served.refresh()
    assert served.version == SHIPPED
    assert served.understand(["hello there"])[0].intent == "greeting"


async def _teach(store: Store) -> None:
    await store.write(lambda c: ModelVersions(c).add(_version("v1", f"models/{KIND}/v1", NOW)))


async def test_products_that_change_while_a_version_is_loaded_are_known_to_it(
    store: Store, own_model: Path
) -> None:
    kettle = CatalogueEntry(product_id="p1", names=("Moonbeam kettle",))
    loads: list[Understander] = []

    def load_pages(understander: Understander) -> PageIndex:
        if loads:
            served.set_catalogue([kettle])
        loads.append(understander)
        return _HeardPages()

    served = ServedUnderstanding(store, own_model, load_pages)
    await _teach(store)
    assert await served.refresh()
    (meaning,) = served.understand(["is the moonbeam kettle there?"])
    assert meaning.first(EntityKind.PRODUCT) is not None


async def test_products_that_changed_before_the_first_look_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old, new = (CatalogueEntry(product_id=name, names=(name,)) for name in ("old", "new"))
    served = SimpleNamespace(catalogue=[old])

    async def entries(_: object) -> list[CatalogueEntry]:
        return [new]

    def set_catalogue(found: list[CatalogueEntry]) -> None:
        served.catalogue = found

    served.set_catalogue = set_catalogue
    monkeypatch.setattr(app, "catalogue_entries", entries)
    monkeypatch.setattr(app, "_CATALOGUE_EVERY", 0.0)
    parts = cast(app.Parts, SimpleNamespace(store=None, understanding=served))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(app.Parts.watch_catalogue(parts), 0.3)
    assert served.catalogue == [new]


async def test_a_vector_of_the_model_before_is_not_shown_to_the_pages(store: Store, own_model: Path) -> None:
    loaded: list[_HeardPages] = []

    def load_pages(_: Understander) -> PageIndex:
        loaded.append(_HeardPages())
        return loaded[-1]

    def ask(vector: np.ndarray | None) -> object:
        served.search("hello there", "en", vector=vector)
        return loaded[-1].heard[-1]

    served = ServedUnderstanding(store, own_model, load_pages)
    before = served.understand(["hello there"])[0].vector
    assert before is not None
    assert ask(before) is before
    await _teach(store)
    assert await served.refresh()
    assert ask(before) is None
    after = served.understand(["hello there"])[0].vector
    assert after is not None
    assert ask(after) is after


async def test_a_page_that_is_mended_lets_the_version_in(
    store: Store, own_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken: list[str] = []

    def load_pages(_: Understander) -> PageIndex:
        if broken:
            raise nlu.PagesRefused(broken[0])
        return _HeardPages()

    served = ServedUnderstanding(store, own_model, load_pages)
    await _teach(store)
    broken.append("faq.md is not UTF-8")
    assert not await served.refresh()
    assert not await served.refresh()
    assert served.version == SHIPPED
    assert len([line for line in caplog.messages if "faq.md" in line]) == 1
    broken.clear()
    assert await served.refresh()
    assert served.version == "v1"


async def test_a_version_for_vectors_of_another_length_leaves_the_one_in_use(
    store: Store, own_model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "models" / KIND / "v3"
    shutil.copytree(own_model / "models" / KIND / "v1", folder)
    narrow_heads(folder)
    served = ServedUnderstanding(store, tmp_path, lambda _: _HeardPages())
    await store.write(lambda c: ModelVersions(c).add(_version("v3", f"models/{KIND}/v3", NOW)))
    assert not await served.refresh()
    assert served.version == SHIPPED


async def test_a_damaged_version_leaves_the_one_in_use(
    store: Store, own_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(own_model / "models" / KIND / "v1", tmp_path / "models" / KIND / "v2")
    (tmp_path / "models" / KIND / "v2" / "heads.npz").write_bytes(b"nothing")
    served = ServedUnderstanding(store, tmp_path, _pages)
    await store.write(lambda c: ModelVersions(c).add(_version("v2", f"models/{KIND}/v2", NOW)))
    assert not await served.refresh()
    assert not await served.refresh()
    assert served.version == SHIPPED
    assert len([record for record in caplog.records if "can't be loaded" in record.message]) == 1
    assert served.understand(["hello there"])[0].intent == "greeting"
