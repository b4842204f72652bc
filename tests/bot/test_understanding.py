"""The model that reads messages is swapped while the program runs; a damaged one leaves the one in use."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import nlu
from bot.understanding import KIND, SHIPPED, ServedUnderstanding
from nlu import modelfiles
from nlu.heads import Heads
from nlu.types import CatalogueEntry, EntityKind, PageIndex, Understander
from storage import Store
from storage.models import ModelVersion, ModelVersions
from tests.factories import NOW

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
