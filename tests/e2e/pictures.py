"""Takes the pictures of the documentation from the running program: `make pictures`."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.transcript.cast import Player, find_cast, link_token
from tests.e2e.transcript.stage import Stage, stage

_FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
_CHROMIUM = "/usr/bin/chromium"
_PHONE = {"width": 420, "height": 760}
_DESK = {"width": 1180, "height": 720}
_ANSWERS_WITHIN = 10_000
_GAP = 60
_TRIES = 4
# An answer may come in several messages.
_SILENCE = 900

_CONVERSATIONS = {
    "en": (
        "Hi, my parcel is late. Where is it?",
        "Can you recommend something for me?",
        "Any discount on the first one?",
    ),
    "zh": ("你好，我的快递怎么还没到？", "给我推荐点东西吧", "第一个能便宜点吗"),
}
_WAITING = (
    ("Maya", "en", ("Where is my order?", "This is useless, I want to talk to a person!")),
    ("陈晨", "zh-hans", ("包裹被压坏了，太差劲了！", "转人工")),
    ("Tom", "en", ("Can I speak to a human please?",)),
)


async def take_all(filled: Path | None, folder: Path) -> None:
    """Start the program, have the conversations, take the pictures."""
    parts = [("late", language) for language in _CONVERSATIONS for _ in range(_TRIES)]
    async with stage(filled) as theatre, async_playwright() as playwright:
        cast = await find_cast(theatre.store, parts, datetime.now(UTC))  # type: ignore[arg-type]
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM)
        for language, said in _CONVERSATIONS.items():
            for _ in range(_TRIES):
                picture, offered = await _conversation(
                    theatre, browser, cast.take("late", language), language, said
                )
                if offered:
                    break
            _keep(picture, folder / f"conversation-{language}.png")
        _keep(await _console(theatre, browser), folder / "staff.png")
        await browser.close()


async def _conversation(
    theatre: Stage, browser: Browser, player: Player, language: str, said: Sequence[str]
) -> tuple[Image.Image, bool]:
    """Two screens of it, and whether a personal price came of it: not every customer gets one."""
    page = await browser.new_page(viewport=_PHONE, device_scale_factor=2, bypass_csp=True)  # type: ignore[arg-type]
    token = await link_token(theatre.store, player.customer_id, datetime.now(UTC))
    await page.goto(f"{theatre.program.address}/chat?lang={language}&start={token}")
    await _answered(page, 0)
    seen = []
    for text in said:
        before = await page.locator(".row:not(.mine)").count()
        await page.fill("#text", text)
        await page.press("#text", "Enter")
        await _answered(page, before)
        await page.locator("#log").evaluate("log => { log.scrollTop = log.scrollHeight }")
        seen.append(Image.open(io.BytesIO(await page.screenshot())).convert("RGB"))
    offered = "LK" in await page.locator(".row:not(.mine)").last.inner_text()
    await page.close()
    return _beside(seen[0], seen[-1]), offered


def _beside(left: Image.Image, right: Image.Image) -> Image.Image:
    """Two screens of one conversation."""
    whole = Image.new("RGB", (left.width + _GAP + right.width, left.height), "white")
    whole.paste(left, (0, 0))
    whole.paste(right, (left.width + _GAP, 0))
    return whole


async def _answered(page: Page, before: int) -> None:
    """Wait for an answer to be complete, pictures included."""
    rows = page.locator(".row:not(.mine):not(:has(.dots))")
    await expect(rows.nth(before)).to_be_visible(timeout=_ANSWERS_WITHIN)
    await page.wait_for_timeout(_SILENCE)
    await page.wait_for_function(
        """() => [...document.images].every(
            image => image.complete || image.getBoundingClientRect().left > innerWidth)"""
    )


async def _console(theatre: Stage, browser: Browser) -> Image.Image:
    """Three customers wait; one case is open in the console."""
    for name, language, said in _WAITING:
        person = theatre.api.person(name, language)
        person.starts()
        await person.hears(1)
        for text in said:
            await person.asks(text)
    told = await theatre.program.liuke("staff", "add", "lin", "--name", "Lin", "--language", "en")
    page = await browser.new_page(viewport=_DESK, device_scale_factor=1.5)  # type: ignore[arg-type]
    await page.goto(f"{theatre.program.address}/staff/login")
    await page.locator("input").first.fill("lin")
    await page.locator("input[type=password]").fill(told.split()[-1])
    await page.keyboard.press("Enter")
    await page.get_by_text("Maya").first.click(timeout=_ANSWERS_WITHIN)
    await page.get_by_role("button", name="Take", exact=True).click()
    await page.get_by_placeholder("Write to the customer").fill("Hi Maya, this is Lin. Let me look into it.")
    # The notice that the case is taken goes away by itself.
    await expect(page.locator(".q-notification")).to_have_count(0, timeout=_ANSWERS_WITHIN)
    await page.mouse.move(0, 0)
    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    await page.close()
    return picture


def _keep(picture: Image.Image, path: Path) -> None:
    """256 colours are enough for these pages, and a fifth of the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.pictures", description=__doc__)
    parser.add_argument("--home", type=Path, help="take the demo shop from here; it is made if need be")
    parser.add_argument("--folder", type=Path, default=_FOLDER)
    options = parser.parse_args()
    try:
        asyncio.run(take_all(options.home, options.folder))
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
