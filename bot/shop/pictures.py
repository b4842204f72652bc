"""Finds the picture of a product, and draws one where the shop has given none."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from bot.shop.demo.catalogue import Shelf, shelves
from bot.shop.drawing.picture import Subject, draw
from storage import Store
from storage.catalogue import Catalogue, Product

# Ids that can be a file name as they are; other products get no picture of ours.
_DRAWN = re.compile(r"products/([A-Za-z0-9_-]{1,100})\.jpg")


class PictureFolder:
    """The media folder: pictures the shop has put there, and those drawn on demand below `products/`."""

    def __init__(self, store: Store, media: Path) -> None:
        self._store = store
        self._media = media

    async def find(self, path: str) -> Path | None:
        """The file of a picture's path, drawn first if it must be; None when there is none.

        Args:
            path: below the media folder, as in `Product.picture`.
        """
        file = self._media / path
        if not file.resolve().is_relative_to(self._media.resolve()):
            return None
        if file.is_file():
            return file
        named = _DRAWN.fullmatch(path)
        if named is None:
            return None
        async with self._store.read() as connection:
            product = await Catalogue(connection).get(named[1])
        return None if product is None else await asyncio.to_thread(picture_path, product, self._media)


def drawn_picture(product_id: str) -> str | None:
    """What `Product.picture` is for a product without one of its own; None where its id can't name a file."""
    path = f"products/{product_id}.jpg"
    return path if _DRAWN.fullmatch(path) else None


def picture_path(product: Product, media: Path) -> Path:
    """Draw a product's picture unless it is there; return its file. Takes about 50 ms; call it in a thread."""
    file = media / "products" / f"{product.id}.jpg"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Two that draw at once must not see each other's half.
        unfinished = file.with_suffix(f".{uuid.uuid4().hex}.part")
        unfinished.write_bytes(draw(_subject(product)))
        unfinished.replace(file)
    return file


def forget_pictures(media: Path) -> None:
    """Delete what was drawn: another shop may call other goods by the same ids."""
    shutil.rmtree(media / "products", ignore_errors=True)


def _subject(product: Product) -> Subject:
    shelf = _shelves().get(product.category_id or "")
    colour = product.attributes.get("colour", {}).get("en")
    return Subject(
        icon=shelf.icon if shelf else "box",
        colour=shelf.colour if shelf else None,
        variant=colour[1] if colour else None,
        brand=product.brand,
        name_zh=product.name_zh,
        name_en=product.name_en,
    )


def _shelves() -> Mapping[str, Shelf]:
    return {shelf.id: shelf for shelf in shelves()}
