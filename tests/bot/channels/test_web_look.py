"""A shop's colour can be read on and in, whichever it is; and its mark is where the page may take it from."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.channels.web.look import READABLE, Look, contrast, ink_on, readable
from bot.channels.web.shopfront import Shopfront
from storage import Store
from tests.bot.channels.webchat import replica

PART = st.integers(0, 255)
COLOUR = st.tuples(PART, PART, PART)


@pytest.mark.parametrize(
    ("one", "other", "known"),
    [
        ((0, 0, 0), (255, 255, 255), 21.0),
        ((119, 119, 119), (255, 255, 255), 4.48),
        ((255, 255, 0), (255, 255, 255), 1.07),
        ((0, 0, 255), (255, 0, 0), 2.15),
    ],
)
def test_contrast_is_that_of_wcag(
    one: tuple[int, int, int], other: tuple[int, int, int], known: float
) -> None:
    assert contrast(one, other) == pytest.approx(known, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


@given(COLOUR)
@example((118, 118, 118))
def test_black_or_white_is_readable_on_every_colour(colour: tuple[int, int, int]) -> None:
    assert ink_on(colour) in ((0, 0, 0), (255, 255, 255))
    assert contrast(ink_on(colour), colour) >= READABLE


@given(COLOUR, COLOUR)
def test_words_in_the_colour_are_readable_on_any_ground(
    colour: tuple[int, int, int], ground: tuple[int, int, int]
) -> None:
    shade = readable(colour, ground)
    assert contrast(shade, ground) >= READABLE
    if contrast(colour, ground) >= READABLE:
        assert shade == colour


def test_a_bright_colour_is_darkened_where_it_is_written_with() -> None:
    style = Look(colour="#ffd400").stylesheet()
    assert "--fill: #ffd400; --fill-ink: #000000" in style
    light, dark = re.findall(r"--brand: (#[0-9a-f]{6})", style)
    assert light != "#ffd400"
    assert dark == "#ffd400"
    assert Look().stylesheet() == ""


async def test_page_and_widget_are_dressed(store: Store) -> None:
    front = Shopfront(
        names={"en": "Shop"},
        bot_names={"en": "Ada"},
        look=Look(colour="#aa3355", logo="https://e.org/a.png?x=\"'"),
    )
    async with replica(store, front=front) as chat, httpx.AsyncClient(base_url=chat.address) as client:
        page = (await client.get("/chat")).text
        assert 'data-logo="https://e.org/a.png?x=&quot;&#x27;"' in page
        style = await client.get("/chat/look.css")
        assert style.headers["content-type"].startswith("text/css")
        assert "#aa3355" in style.text
        found = re.search(r"const look = (\{.*\});", (await client.get("/widget.js")).text)
        assert found
        assert json.loads(found[1]) == {
            "color": "#aa3355", "ink": "#ffffff", "logo": "https://e.org/a.png?x=\"'",
        }  # fmt: skip
        async with chat.browser() as browser:
            assert (await browser.hello())["bot"] == {"en": "Ada"}


async def test_without_settings_they_are_as_they_were(store: Store) -> None:
    async with replica(store) as chat, httpx.AsyncClient(base_url=chat.address) as client:
        assert 'data-logo=""' in (await client.get("/chat")).text
        assert (await client.get("/chat/look.css")).text == ""
        assert "const look = {};" in (await client.get("/widget.js")).text


def test_a_picture_of_the_shops_own_is_below_media() -> None:
    assert Look(logo="brand/logo.png").picture == "media/brand/logo.png"
    assert Look().picture == ""
