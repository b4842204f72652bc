"""`liuke nlu missed`: where the bot fails, and what staff taught it there, as turns to learn from."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from bot.commands.asked_as import beside_pages, told
from bot.commands.common import AsJson, with_store
from bot.settings import Settings
from bot.staff.asked_as import GroupBesidePages
from bot.staff.missed import DAYS, Example, Group, Missed
from kernel.console import fail, failing, out, print_json, print_table
from nlu.datafiles import write_lines, written_beside
from nlu.normalise import normalise
from nlu.workshop.dialogues import labels
from nlu.workshop.reports import check_writable
from storage import Store

_SHOWN_GROUPS = 30
_COLUMNS = ("group", "size", "why", "asked", "bot", "message", "read", "answered", "meant", "at")
_SUFFIXES = (".jsonl", ".tsv")
_ANSWERS = {"affirm": "yes", "deny": "no"}
"""Intents that are acts, where something was asked."""


def missed(
    days: Annotated[int, typer.Option(min=1, help="How far back.")] = DAYS,
    language: Annotated[
        Literal["zh", "en"] | None, typer.Option(help="Of the conversations; both when left out.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--out", help="Write all of them there: .jsonl or .tsv, a turn a line.")
    ] = None,
    taught: Annotated[
        bool,
        typer.Option(
            "--taught",
            help="Instead all turns of which staff said what they mean, for `liuke nlu context --more`; "
            "with --out FILE.jsonl.",
        ),
    ] = False,
    pages: Annotated[
        bool,
        typer.Option(
            "--pages",
            help="Beside each group the nearest entry of the shop's pages, and what it could be also asked as; "
            "loads the model.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the messages that may not have been understood, alike ones together, the most frequent first.

    Those not understood or asked back about, with the same answer as one before, or followed by a person;
    the newest 2,000, without personal data.
    """
    if taught and (to is None or to.suffix != ".jsonl"):
        fail("--taught writes turns: name a file with --out FILE.jsonl.")
    if to is not None and to.suffix not in _SUFFIXES:
        fail(f"{to} is neither .jsonl nor .tsv.")
    if pages and to is not None:
        fail("--pages goes with the list and with --json, not with --out.")
    check_writable(to)
    if taught and to is not None:
        _write_taught(to)
        return

    async def work(_settings: Settings, store: Store) -> list[Group]:
        return await Missed(store).groups(days=days, language=language)

    if pages:
        _show_beside_pages(work, as_json=as_json)
        return
    groups = with_store(work)
    if to is not None:
        _write(to, groups)
    if as_json:
        print_json([asdict(group) for group in groups])
    elif to is not None:
        out.print(f"{sum(group.size for group in groups)} turns in {len(groups)} groups written to {to}.")
    else:
        _print(groups)


def _show_beside_pages(gather: Callable[[Settings, Store], Awaitable[list[Group]]], *, as_json: bool) -> None:
    async def work(settings: Settings, store: Store) -> list[GroupBesidePages]:
        groups = await gather(settings, store)
        return await beside_pages(settings, store, groups[:_SHOWN_GROUPS])

    with failing():
        found = with_store(work)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        first = next(iter(one.group.examples)).say
        out.print(f"{one.group.size} × {first}", markup=False, highlight=False, soft_wrap=True)
        for line in told(one).splitlines():
            out.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)


def _print(groups: Sequence[Group]) -> None:
    rows = [
        (group.size, group.asked, one.say, ", ".join(one.read), one.answered[:80])
        for group in groups[:_SHOWN_GROUPS]
        for one in group.examples[:1]
    ]
    title = f"{sum(group.size for group in groups)} turns in {len(groups)} groups"
    print_table(title, ("turns", "asked", "for example", "read as", "answered"), rows, unbroken=1)


def _write(to: Path, groups: Sequence[Group]) -> None:
    with failing(), written_beside(to) as file:
        if to.suffix == ".tsv":
            write_lines(file, _COLUMNS, _rows(groups))
            return
        for number, group in enumerate(groups, start=1):
            for one in group.examples:
                facts = {"group": number, "size": group.size, **asdict(one)}
                file.write(json.dumps(facts, ensure_ascii=False, default=str) + "\n")


def _rows(groups: Sequence[Group]) -> Iterator[tuple[str, ...]]:
    for number, group in enumerate(groups, start=1):
        for one in group.examples:
            told = (one.bot, one.say, ", ".join(one.read), one.answered, one.meant or one.act)
            yield (
                str(number),
                str(group.size),
                one.why,
                one.asked,
                *(normalise(text).text for text in told),
                one.at.isoformat(),
            )


def _write_taught(to: Path) -> None:
    async def work(_settings: Settings, store: Store) -> list[Example]:
        return await Missed(store).taught()

    found = with_store(work)
    turns = [turn for turn in map(as_turn, found) if turn is not None]
    with failing(), written_beside(to) as file:
        for turn in turns:
            file.write(json.dumps(turn, ensure_ascii=False) + "\n")
    left = len(found) - len(turns)
    beside = (
        f" {left} mean or ask something that the reader of conversations has no name for." if left else ""
    )
    out.print(f"{len(turns)} turns written to {to}.{beside}")


def as_turn(one: Example) -> dict[str, Any] | None:
    """A taught turn as `nlu/corpus/dialogues` has them; None where it can't be said in the names of its labels.

    What it points at and which values it tells is not known: `points` and `slots` are null.
    """
    act = one.act or (_ANSWERS.get(one.meant, "") if one.asked else "")
    wish = "" if act else one.meant
    known = (act in labels.ACTS if act else wish in labels.WISHES) and _can_be_asked(one.asked)
    if not known or not one.say.strip():
        return None
    aside = ["aside"] if one.asked or one.tasks else []
    return {
        "lang": one.language,
        "shop": "",
        "bot": one.bot,
        "asked": one.asked,
        "tasks": [name for name in one.tasks if name in labels.TASKS],
        "filed": [name for name in one.filed if name in labels.TASKS],
        "shown": list(one.shown),
        "before": list(one.before),
        "say": one.say,
        "acts": [act] if act else aside,
        "wishes": [[wish, one.say]] if wish else [],
        "points": None,
        "slots": None,
        "danger": "",
    }


def _can_be_asked(asked: str) -> bool:
    task = asked.partition(" ")[2].partition(".")[0]
    return task in ("", "meaning", *labels.TASKS)
