"""Finds the picture of a product, and draws one where the shop has given none."""

from __future__ import annotations

import asyncio
import io
import shutil
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bot.shop.demo.catalogue import categories
from bot.shop.drawn import DRAWN
from bot.shop.icons import Colour, Pen, Shades, draw_icon, parse, shades_of
from kernel.files import replacing
from storage import Store
from storage.catalogue import Catalogue, Product

_SIDE = 640
_FINE = 2
"""Drawn so many times larger, then made smaller: smooth edges."""
_QUALITY = 86
# Longer than fits in any font.
_LONGEST_NAME = 120

# Colours as customers name them, for goods that come in several.
_NAMED: dict[str, Colour] = {
    "black": (58, 60, 66), "white": (236, 236, 232), "grey": (150, 154, 160), "charcoal": (84, 88, 94),
    "navy": (44, 62, 105), "blue": (66, 118, 190), "sky blue": (124, 182, 222), "green": (84, 148, 96),
    "sage green": (158, 180, 150), "olive": (122, 128, 82), "red": (198, 68, 62), "pink": (232, 164, 176),
    "rose": (214, 128, 142), "beige": (216, 198, 168), "cream": (240, 228, 204), "brown": (126, 88, 64),
    "caramel": (194, 136, 82), "orange": (230, 134, 62), "yellow": (236, 196, 84), "silver": (190, 194, 200),
    "celadon": (148, 190, 172), "walnut": (112, 80, 60), "oak": (204, 166, 118), "clear": (196, 220, 226),
}  # fmt: skip
_OTHER_COLOURS = ("#4f7f52", "#b5652f", "#3b4a6b", "#8c6bb1", "#3f8f8b", "#c98a3d", "#9c5146", "#4c9ad1")
_CJK_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/System/Library/Fonts/PingFang.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)


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
        named = DRAWN.fullmatch(path)
        if named is None:
            return None
        async with self._store.read() as connection:
            product = await Catalogue(connection).get(named[1])
        return None if product is None else await asyncio.to_thread(picture_path, product, self._media)


def picture_path(product: Product, media: Path) -> Path:
    """Draw a product's picture unless it is there; return its file. Takes about 50 ms; call it in a thread."""
    file = media / "products" / f"{product.id}.jpg"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Two that draw at once must not see each other's half.
        with replacing(file) as draft:
            draft.write_bytes(draw(_subject(product)))
    return file


def forget_pictures(media: Path) -> None:
    """Delete what was drawn: another shop may call other products by the same ids."""
    shutil.rmtree(media / "products", ignore_errors=True)


def _subject(product: Product) -> Subject:
    category = next((one for one in categories() if one.id == product.category_id), None)
    colour = product.facts.get("colour", {}).get("en")
    return Subject(
        icon=category.icon if category else "box",
        colour=category.colour if category else None,
        variant=colour[1] if colour else None,
        brand=product.brand,
        name_zh=product.name_zh,
        name_en=product.name_en,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be drawn."""

    icon: str
    """A name in `ICONS`; anything else is drawn as a parcel."""
    colour: str | None
    """`#rrggbb` of the shelf; one is chosen when there is none."""
    variant: str | None
    """The colour of the product itself, in English."""
    brand: str
    name_zh: str
    name_en: str


def draw(subject: Subject) -> bytes:
    """A JPEG of 640 × 640 pixels, at most 60 kB."""
    side = _SIDE * _FINE
    number = zlib.crc32((subject.name_zh + subject.name_en).encode())
    shelf = shades_of(parse(subject.colour or _OTHER_COLOURS[number % len(_OTHER_COLOURS)]))
    own = shades_of(_NAMED[subject.variant]) if subject.variant in _NAMED else shelf
    image = _ground(side, shelf)
    _stage(image, shelf, number)
    size = side * 0.46
    origin = ((side - size) / 2, side * 0.155)
    _shadow(image, side)
    draw_icon(subject.icon, Pen(image, origin, size), own)
    _caption(image, side, subject, shelf)
    small = image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_QUALITY, optimize=True, subsampling=0)
    return buffer.getvalue()


def _ground(side: int, shelf: Shades) -> Image.Image:
    gradient = Image.linear_gradient("L").resize((side, side))
    return Image.composite(
        Image.new("RGB", (side, side), _mix(shelf.pale, shelf.light, 0.55)),
        Image.new("RGB", (side, side), _mix(shelf.pale, (255, 255, 255), 0.45)),
        gradient,
    )


def _stage(image: Image.Image, shelf: Shades, number: int) -> None:
    """A disc behind the shape and a few rings, set a little differently for each product."""
    pen = Pen(image, (0, 0), image.width)
    shift = number % 13 - 6
    pale = _mix(shelf.pale, shelf.light, 0.35)
    pen.ring(8 + shift, -14, 46 + shift, 24, pale, 0.7)
    pen.ring(64 - shift, 50, 104 - shift, 90, pale, 0.7)
    pen.ellipse(22, 9, 78, 65, _mix(shelf.pale, (255, 255, 255), 0.72))


def _shadow(image: Image.Image, side: int) -> None:
    layer = Image.new("L", image.size, 0)
    ImageDraw.Draw(layer).ellipse((side * 0.31, side * 0.575, side * 0.69, side * 0.635), fill=95)
    layer = layer.filter(ImageFilter.GaussianBlur(side * 0.012))
    image.paste((60, 60, 70), (0, 0), layer)


def _caption(image: Image.Image, side: int, subject: Subject, shelf: Shades) -> None:
    pen = Pen(image, (0, 0), side)
    pen.box(6, 71, 94, 95, (255, 255, 255), 4)
    sketch = ImageDraw.Draw(image)
    left, width = side * 0.11, side * 0.78
    brand = subject.brand.upper() or _initials(subject.name_en or subject.name_zh)
    sketch.text((left, side * 0.738), brand, font=_latin(side * 0.026), fill=shelf.main)
    chinese = _chinese(side * 0.042)
    lines: list[tuple[str, Any, Colour]] = []
    if chinese is not None and subject.name_zh and not subject.name_zh.isascii():
        lines.append((_fit(sketch, subject.name_zh, chinese, width), chinese, shelf.ink))
    english = _latin(side * (0.03 if lines else 0.04))
    latin_name = _latin_only(subject.name_en)
    if latin_name:
        lines.append(
            (_fit(sketch, latin_name, english, width), english, shelf.ink if not lines else shelf.dark)
        )
    top = side * 0.782
    for text, font, colour in lines:
        sketch.text((left, top), text, font=font, fill=colour)
        top += side * 0.075


def _fit(sketch: ImageDraw.ImageDraw, text: str, font: Any, width: float) -> str:
    text = text[:_LONGEST_NAME]
    if sketch.textlength(text, font=font) <= width:
        return text
    while text and sketch.textlength(text + "…", font=font) > width:
        text = text[:-1]
    return text.rstrip(" ,，") + "…"


def _latin_only(text: str) -> str:
    """What the built-in font can draw."""
    return "".join(c if c.isascii() and c.isprintable() else " " for c in text.replace("×", "x")).strip()


def _initials(name: str) -> str:
    return "".join(word[0] for word in _latin_only(name).upper().split()[:3] if word[0].isalnum())


@cache
def _latin(size: float) -> Any:
    return ImageFont.load_default(size)


@cache
def _chinese(size: float) -> Any:
    """A font with Chinese characters, where the machine has one."""
    for path in _CJK_FONTS:
        if Path(path).exists():
            return ImageFont.truetype(path, round(size))
    return None


def _mix(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
