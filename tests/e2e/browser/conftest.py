"""The running program and a real browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, WebSocketRoute, expect, sync_playwright

from tests.conftest import absent
from tests.e2e.program import ROOT, Program

# Two cores may be busy with other tests.
PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)
_VIOLATION = "Content Security Policy"
ANSWERS = ".row:not(.mine) .bubble:not(.dots)"


@dataclass
class Site:
    """The program, started and stopped without an event loop: Playwright's synchronous side wants none."""

    program: Program
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return self.program.address

    def start(self) -> None:
        with self.program.log_path.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "run"],
                env=self.program.environment(), cwd=ROOT, stdout=output, stderr=output,
            )  # fmt: skip
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            # Another process becomes ready: there is nothing in this one to wait for.
            time.sleep(0.1)
        raise RuntimeError(f"not ready:\n{self.program.log[-3000:]}")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def liuke(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            env=self.program.environment(), cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def customer(self) -> dict[str, Any]:
        """A customer of the demo shop with orders."""
        recent = json.loads(self.liuke("customer", "list", "--json"))
        return dict(json.loads(self.liuke("customer", "show", recent[0]["id"], "--json")))

    def staff(self, login: str, *options: str) -> str:
        """Add a member; their password."""
        found = re.search(r"password (\S+)", self.liuke("staff", "add", login, *options))
        assert found
        return found[1]


@pytest.fixture(scope="session")
def site(filled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One program for all browser tests."""
    home = tmp_path_factory.mktemp("browser") / "home"
    shutil.copytree(filled_home, home)
    running = Site(Program(home))
    try:
        running.start()
        yield running
    finally:
        running.kill()
    assert "Traceback" not in running.program.log


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Closed after each file: Playwright's loop runs in this thread until then, and asyncio's tests need it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        absent("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


OpenPage = Callable[..., Page]
Held = list[WebSocketRoute]
"""Connections that a page has asked for and that nobody has let through yet."""


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Pages, each of a person with a browser of their own; none may report an error of its scripts, or do what its
    headers forbid.

    What they showed in the end, and said in their consoles, is printed: pytest shows it where a test failed.
    """
    contexts: list[BrowserContext] = []
    problems: list[str] = []
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        if _VIOLATION in line:
            problems.append(line)

    def make(address: str, *, width: int = 1100, height: int = 800, held: Held | None = None) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: hear(f"{page.url}: {message.text}"))
        if held is not None:
            page.route_web_socket(lambda _: True, lambda route: held.append(route))
        page.goto(address)
        return page

    yield make
    print(*said, sep="\n")
    for page in (page for context in contexts for page in context.pages):
        print(f"--- {page.url}\n{page.locator('body').inner_text()}")
    for context in contexts:
        context.close()
    assert problems == []


def say(page: Page, text: str) -> None:
    """Write in the chat."""
    page.locator("#text").fill(text)
    page.locator("#send").click()


def greeted(page: Page) -> Page:
    """The same page once the bot has said hello."""
    expect(page.locator(ANSWERS).first).to_be_visible()
    return page


def _served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    return folder


@pytest.fixture
def shop_site(shop_folder: Path) -> Iterator[str]:
    """A shop's own site, at another address than the chat's."""
    yield from _served(shop_folder)
