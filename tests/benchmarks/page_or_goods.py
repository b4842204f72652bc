"""Fits what tells a question for the pages from one about goods, and says how often it is right in a shop left out.

    python -m tests.benchmarks.page_or_goods [--write]

The first message of every dialogue of the development shops: of pages (those that nothing answers, too), or of goods
and needs. The weights go by hand into `bot.conversation.skills.page_or_goods`. Beside it stands how often no sentence
of the nearest entry answers, where that entry is the right one and where nothing answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.conversation.skills.page_or_goods import HARDLY, RATHER, evidence
from kernel.arrays import Bools, Floats
from kernel.intervals import wilson
from nlu.acts import DialogueState
from nlu.types import DialogueContext
from tests.benchmarks.report import machine, table, today, write_section
from tests.benchmarks.talk import stage

_HERE = Path(__file__).parent
_ROWS, _SHOPS = _HERE / "answer_rows" / "development", _HERE / "talk_shops"
_KINDS = {"pages": True, "goods": False, "needs": False}
_NAMES = {"zh": "Chinese", "en": "English"}


@dataclass
class Collected:
    """What is weighed of each message, whether it is for the pages, its shop and its language; and, of the nearest
    entries, whether one of their sentences answers: of right ones, and of those to what nothing answers."""

    weighed: list[tuple[float, ...]] = field(default_factory=list)
    of_pages: list[bool] = field(default_factory=list)
    shops: list[str] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    stated: dict[str, list[bool]] = field(default_factory=lambda: {"right": [], "nothing": []})


async def collected() -> Collected:
    """All messages."""
    found = Collected()
    for shop in sorted({path.stem.rpartition("_")[0] for path in _ROWS.glob("*_??.jsonl")}):
        if not (_SHOPS / shop).is_dir():
            continue
        async with stage(_SHOPS / shop) as standing:
            reader = standing.engine._services.reader
            for path in sorted(_ROWS.glob(f"{shop}_*.jsonl")):
                for row in map(json.loads, path.read_text("utf-8").splitlines()):
                    if row["kind"] not in _KINDS or row.get("customer"):
                        continue
                    context = DialogueContext(
                        language=row["language"],
                        previous_intents=(),
                        now=standing.now,
                        time_zone="UTC",
                        state=DialogueState(),
                    )
                    (read,) = await reader.understand([row["turns"][0]["say"]], context)
                    told = await evidence(reader, read, row["language"])
                    if told is not None:
                        found.weighed.append(told)
                        found.of_pages.append(_KINDS[row["kind"]])
                        found.shops.append(shop)
                        found.languages.append(row["language"])
                    for nearest in await reader.search(read.text, row["language"], 1, "", 0.0):
                        answered = row["kind"] == "pages" and row["entry"] is not None
                        if answered and [nearest.page, nearest.title] in [row["entry"], *row.get("also", ())]:
                            found.stated["right"].append(nearest.stated)
                        elif row["kind"] == "pages" and not answered:
                            found.stated["nothing"].append(nearest.stated)
    return found


def chances(weighed: Floats, of_pages: Bools, shops: Sequence[str]) -> Floats:
    """Of each message, by a fit on the other shops."""
    found, shop_of = np.zeros(len(of_pages)), np.array(shops)
    for shop in set(shops):
        others = shop_of != shop
        found[~others] = fitted(weighed[others], of_pages[others]).predict_proba(weighed[~others])[:, 1]
    return found


def fitted(weighed: Floats, of_pages: Bools) -> LogisticRegression:
    """The regression."""
    return LogisticRegression(C=3, max_iter=3000).fit(weighed, of_pages)


def section() -> str:
    """The section of the page."""
    found = asyncio.run(collected())
    weighed, of_pages, shops, languages = (
        np.array(found.weighed), np.array(found.of_pages), found.shops, found.languages,
    )  # fmt: skip
    lacking = {name: _share(~np.array(stated)) for name, stated in found.stated.items()}
    chance, model = chances(weighed, of_pages, shops), fitted(weighed, of_pages)
    rows = []
    for language, name in _NAMES.items():
        own = np.array([one == language for one in languages])
        for kind, of_kind in (("for the pages", of_pages), ("about goods", ~of_pages)):
            mine = chance[own & of_kind]
            taken = mine >= RATHER if kind == "for the pages" else mine < RATHER
            rows.append(
                [
                    f"{name}, {kind}",
                    str(len(mine)),
                    _share(taken),
                    _share(mine < HARDLY),
                    _share(mine > 1 - HARDLY),
                ]
            )
    header = ["message", "rows", "taken for that", f"chance below {HARDLY:g}", f"chance above {1 - HARDLY:g}"]
    weights = ", ".join(f"{one:.2f}" for one in model.coef_[0])
    return f"""## For the pages, or about goods

`python -m tests.benchmarks.page_or_goods`, {today()}, {machine()}.

First messages to {len(set(shops))} invented shops on which this was developed (none held out), each judged by a fit on
the other shops. Fitted on all: constant {model.intercept_[0]:.2f}; weights {weights}. Of the
entries in first place that are right {lacking["right"]} have no sentence that answers, of those that are nearest to a
question that nothing answers {lacking["nothing"]}. Intervals are 95 %.

{table(header, rows)}
"""


def _share(taken: Bools) -> str:
    low, high = wilson(int(taken.sum()), len(taken))
    return f"{100 * taken.mean():.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def main() -> None:
    """Fit and print; with --write also into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(
        description="Questions for the pages and questions about goods told apart."
    )
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = section()
    print(report)
    if options.write:
        write_section("page-or-goods", report)


if __name__ == "__main__":
    main()
