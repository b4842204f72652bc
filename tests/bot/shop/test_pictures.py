"""Pictures of products."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image

from bot.shop.demo.catalogue import all_products, categories
from bot.shop.drawn import drawn_picture
from bot.shop.icons import ICONS
from bot.shop.pictures import PictureFolder, Subject, draw, forget_pictures
from storage import Store
from tests.storage.shop import stock_shop

LIMIT = 60_000


def test_every_shelf_has_a_shape() -> None:
    assert {shelf.icon for shelf in categories()} <= ICONS.keys()


@pytest.mark.parametrize("icon", [*sorted(ICONS), "unheard-of"])
def test_a_picture_is_small_and_square(icon: str) -> None:
    goods = all_products()[0]
    subject = Subject(
        icon=icon, colour=None, variant="red", brand="Yunting", name_zh=goods.name[0], name_en=goods.name[1]
    )
    picture = draw(subject)
    assert len(picture) <= LIMIT
    assert Image.open(io.BytesIO(picture)).size == (640, 640)


@pytest.mark.parametrize("name", ["", "a" * 5_000, "🙂\u202e<b>&", "西湖龙井" * 200, "Crème brûlée"])
@pytest.mark.parametrize("fonts", [(), None])
def test_any_name_can_be_drawn_with_or_without_a_chinese_font(
    name: str, fonts: tuple[str, ...] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fonts is not None:
        from bot.shop import pictures as picture

        monkeypatch.setattr(picture, "_CJK_FONTS", fonts)
        picture._chinese.cache_clear()
    drawn = draw(Subject(icon="box", colour="#336699", variant=None, brand="", name_zh=name, name_en=name))
    assert 0 < len(drawn) <= LIMIT


async def test_a_picture_is_drawn_when_it_is_asked_for(store: Store, tmp_path: Path) -> None:
    await store.write(stock_shop)
    folder = PictureFolder(store, tmp_path / "media")
    found = await asyncio.gather(*(folder.find("products/p1.jpg") for _ in range(4)))
    assert set(found) == {tmp_path / "media" / "products" / "p1.jpg"}
    assert [file.name for file in (tmp_path / "media" / "products").iterdir()] == ["p1.jpg"]
    forget_pictures(tmp_path / "media")
    assert not (tmp_path / "media" / "products").exists()


async def test_a_shops_own_picture_is_found_and_nothing_outside(store: Store, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "mine.png").write_bytes(b"x")
    (tmp_path / "secret.png").write_bytes(b"x")
    folder = PictureFolder(store, media)
    assert await folder.find("mine.png") == media / "mine.png"
    assert await folder.find("../secret.png") is None
    assert await folder.find(str(tmp_path / "secret.png")) is None
    assert await folder.find("products/gone.jpg") is None
    assert await folder.find("products/../../secret.png") is None


def test_only_an_id_that_can_name_a_file_gets_a_picture() -> None:
    assert drawn_picture("85123A") == "products/85123A.jpg"
    assert drawn_picture("../x") is None
    assert drawn_picture("a b") is None
