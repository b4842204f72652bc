"""Plays conversations that nobody developed with, over invented shops, and counts what went right.

    python -m tests.benchmarks.talk FOLDER [--rows FOLDER] [--out FOLDER] [--only FILE]

`FOLDER` holds a folder a shop (`shop.json`, the files that `liuke import` takes, `api/*.json`, `pages/`) and
`*.jsonl` with a conversation a line: its messages, each with strings of which one of every group has to stand in the
answer (`must`) and that must not (`must_not`); the requests that have to be made by the end, with what they have to
hold (`filed`), and the kinds that would do harm (`not_filed`). Strings are a floor, no grade: the transcripts that
`--out` keeps are for a reader. With `--rows` the conversations lie in a folder of their own: those of
`talk_rows_development` were used to develop the bot.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.conversation.services import Shop
from bot.shop.intake.defaults import Defaults
from kernel.intervals import wilson
from storage import Store
from storage.requests import Request
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.stage import RECORDS, Stage, opened, take_in

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A conversation as it went."""

    script: Mapping[str, Any]
    answers: tuple[str, ...]
    requests: tuple[Request, ...]
    lost: tuple[str, ...] = ()
    """What an answer lacked, or should not have said: the turn's number and the strings."""


async def play(stage: Stage, script: Mapping[str, Any]) -> Played:
    """All messages of a conversation, by a customer of the shop or a visitor."""
    language = script["language"]
    stage.now = stage.opened_at
    address = await stage.enter(script["customer"] or "", language)
    answers = [
        await stage.say(address, turn["say"], f"{stage.count}-{number}", language)
        for number, turn in enumerate(script["turns"])
    ]
    requests = await stage.filed(address)
    await stage.clear()
    return Played(
        script=script,
        answers=tuple(answers),
        requests=requests,
        lost=tuple(_lost(script["turns"], answers)),
    )


def _lost(turns: Sequence[Mapping[str, Any]], answers: Sequence[str]) -> list[str]:
    found = []
    for number, (turn, answer) in enumerate(zip(turns, answers, strict=True), start=1):
        said = answer.casefold()
        missing = [group for group in turn["must"] if not any(one.casefold() in said for one in group)]
        wrong = [one for one in turn["must_not"] if one.casefold() in said]
        if missing or wrong or not answer:
            found.append(f"{number}: {missing or ''} {wrong or ''}{'silence' if not answer else ''}".strip())
    return found


def filed_right(played: Played) -> list[bool]:
    """Of each request that has to be made, whether it was, of its order, with all that it has to hold."""
    found = []
    for wanted in played.script["filed"]:
        fitting = [
            one
            for one in played.requests
            if one.kind == wanted["kind"] and (one.order_number or "") in (wanted["order"], "")
        ]
        held = ["\n".join(str(value) for value in one.details.values()).casefold() for one in fitting]
        found.append(any(all(part.casefold() in text for part in wanted["has"]) for text in held))
    return found


def harm(played: Played) -> list[str]:
    """Kinds of requests that were made and must not have been."""
    return [one.kind for one in played.requests if one.kind in played.script["not_filed"]]


@asynccontextmanager
async def stage(shop: Path, model: Path | None = None) -> AsyncIterator[Stage]:
    """Load a shop as its owner would, and open it; read by the model of a folder, or by the shipped one."""
    facts = json.loads((shop / "shop.json").read_text("utf-8"))
    now = datetime.fromisoformat(facts["now"])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = {**os.environ, **facts["settings"], "LIUKE_HOME": str(home)}
        for kind in ("customers", "products", "orders"):
            mapping = (
                ["--mapping", f"{kind}.mapping.toml"] if (shop / f"{kind}.mapping.toml").exists() else []
            )
            command = [sys.executable, "-m", "bot.cli", "import", kind, f"{kind}.csv", *mapping]
            environment["PYTHONPATH"] = str(_ROOT)
            done = await asyncio.to_thread(
                subprocess.run,
                command,
                cwd=shop,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(f"{shop.name}: {kind}: {done.stdout}{done.stderr}")
        names = {"zh": facts["name_zh"], "en": facts["name_en"]}
        about = Shop(names=names, time_zone=facts["time_zone"])
        async with opened(
            home, shop / "pages", about, now, lambda store: _take_batches(store, shop, now, facts), model
        ) as standing:
            yield standing


async def _take_batches(store: Store, shop: Path, now: datetime, facts: Mapping[str, Any]) -> None:
    defaults = Defaults(
        currency=facts["currency"], language=facts["first_language"], time_zone=facts["time_zone"]
    )
    told = {}
    for kind in RECORDS:
        path = shop / "api" / f"{kind}.json"
        if path.exists():
            said = json.loads(path.read_text("utf-8"))
            told[kind] = said[kind] if isinstance(said, dict) else said
    await take_in(store, now, defaults, told)


async def main() -> None:
    """Play, count, and keep the transcripts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="*.jsonl")
    parser.add_argument(
        "--rows", type=Path, help="the folder of the conversations; that of the shops by default"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--at-most", type=int, default=10**6)
    parser.add_argument(
        "--read", type=Path, help="a reader's grades: conversation, turn and grade (R, A, U, W, H, S) a line"
    )
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    given = parser.parse_args()
    scripts = [
        json.loads(line)
        for path in sorted((given.rows or given.folder).glob(given.only))
        for line in path.read_text("utf-8").splitlines()
        if line.strip()
    ][: given.at_most]
    if not scripts:
        parser.error(f"{given.rows or given.folder} holds no conversations: name a folder with *.jsonl")
    played: list[Played] = []
    for shop in sorted({script["shop"] for script in scripts}):
        async with stage(given.folder / shop) as open_shop:
            for script in scripts:
                if script["shop"] == shop:
                    played.append(await play(open_shop, script))
    report = section(played, read_grades(given.read) if given.read is not None else {})
    print(report)
    if given.write:
        write_section("talk", report)
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        for language in ("zh", "en"):
            some = [one for one in played if one.script["language"] == language]
            (given.out / f"{language}.md").write_text("\n\n".join(map(transcript, some)) + "\n", "utf-8")


def read_grades(path: Path) -> dict[tuple[str, int], str]:
    """A reader's grades by conversation and turn, from 1."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines() if line.strip())
    return {(about, int(turn)): grade.strip() for about, turn, grade in rows}


def section(played: Sequence[Played], grades: Mapping[tuple[str, int], str]) -> str:
    """What went right by language, as a page."""
    some = {
        name: [one for one in played if one.script["language"] == language]
        for name, language in (("Chinese", "zh"), ("English", "en"))
    }
    columns = [counted(part) | graded(part, grades) for part in some.values() if part]
    names = list(dict.fromkeys(name for column in columns for name in column))
    rows = [[name, *(column.get(name, "–") for column in columns)] for name in names]
    header = ["", *(name for name, part in some.items() if part)]
    return f"""## Conversations over three invented shops

`make bench-talk`, {today()}, {machine()}.

Conversations of three to six turns by writers who knew neither code nor corpus, played in process with a clock that
stands. Several were read while the benchmark was made and faults that they showed were mended; of what the reader
learned from, about 2,000 turns were written over the goods of one of the shops (the tea shop), by others. “Stated”
counts turns whose answers hold the strings that any right answer has to hold, and none that would be
wrong: a floor for facts, not a grade. “Read” are a second reader's grades of a part of them, by the texts alone: right
or acceptable; they are of the answers of 2026-11-29, whatever was changed since.
Requests count when they are of the right kind and order and hold what they have to. Intervals are 95 %.

{table(header, rows)}
"""


def graded(played: Sequence[Played], grades: Mapping[tuple[str, int], str]) -> dict[str, str]:
    """Shares of turns that a reader found right or acceptable, and those that did harm."""
    counts: Counter[str] = Counter()
    for one in played:
        for number in range(1, len(one.answers) + 1):
            grade = grades.get((str(one.script["about"]), number))
            if grade is None:
                continue
            place = "first" if number == 1 else "later"
            counts[place] += 1
            counts[f"{place} right"] += grade in ("R", "A")
            counts["harmful"] += grade == "H"
    if not counts:
        return {}
    found = {
        f"{place} turns, read": _share(counts[f"{place} right"], counts[place])
        for place in ("first", "later")
    }
    return {**found, "harmful turns, read": f"{counts['harmful']} of {counts['first'] + counts['later']}"}


def counted(played: Sequence[Played]) -> dict[str, str]:
    """What went right, as shares with their counts."""
    counts: Counter[str] = Counter()
    for one in played:
        lost = {int(said.partition(":")[0]) for said in one.lost}
        for number, turn in enumerate(one.script["turns"], start=1):
            if turn["must"] or turn["must_not"]:
                place = "first" if number == 1 else "later"
                counts[f"{place} turns"] += 1
                counts[f"{place} turns right"] += number not in lost
        right = filed_right(one)
        counts["requests"] += len(right)
        counts["requests right"] += sum(right)
        counts["harmful"] += len(harm(one))
        counts["answers"] += len(one.answers)
        counts["repeated"] += len(one.answers) - len(set(one.answers))
        counts["silent"] += sum(not answer for answer in one.answers)
        counts["conversations"] += 1
    share = {
        f"{name}, stated": _share(counts[f"{name} right"], counts[name])
        for name in ("first turns", "later turns", "requests")
        if counts[name]
    }
    return {
        **share,
        "harmful requests": str(counts["harmful"]),
        "repeated word for word": f"{counts['repeated']} of {counts['answers']}",
        "silent": str(counts["silent"]),
        "conversations": str(counts["conversations"]),
    }


def _share(hits: int, count: int) -> str:
    low, high = wilson(hits, count)
    return f"{hits} of {count}, {100 * hits / count:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def transcript(one: Played) -> str:
    """A conversation to be read."""
    script = one.script
    lines = [f"## {script['about']} ({script['shop']}, {script['customer'] or 'visitor'})", ""]
    for turn, answer in zip(script["turns"], one.answers, strict=True):
        lines += [f"C: {turn['say']}", f"   (wanted: {turn['gist']})", f"B: {answer}", ""]
    lines += [
        f"filed: {request.kind} {request.order_number} {dict(request.details)}" for request in one.requests
    ]
    lines += [f"wanted: {wanted}" for wanted in script["filed"]]
    lines += [f"lost {said}" for said in one.lost]
    return "\n".join(lines)


if __name__ == "__main__":
    asyncio.run(main())
