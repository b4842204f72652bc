"""How long a search among many products takes, as the process that reads messages does it.

    python -m tests.benchmarks.goods_speed [--products 100000] [--write]

The products are put together from parts; the needs are what people put to invented shops while this was developed.
Nothing is said of what is found, only of how long it takes. Every search encodes what is looked for. Times are the
processor's, of all threads together, which a busy machine lengthens little.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import nlu
from nlu.likeness import embedding_of
from nlu.modelfiles import SHIPPED
from nlu.pages import PagesModel
from nlu.products.goods import Goods, Written
from nlu.products.nearness import MOST_GOODS
from nlu.products.needs import read
from nlu.serving import SearchGoods
from nlu.serving.goods import ServedGoods
from nlu.workshop.evaluation import percentiles
from tests.benchmarks.nlu_products import catalogue
from tests.benchmarks.report import machine, table, today, write_section

_SEED = 20261129
_ROWS = Path(__file__).parent / "answer_rows" / "development"
_SEARCHES, _FOUND = 300, 8
_COLOURS = (
    ("红色", "red"),
    ("深蓝", "dark blue"),
    ("米白", "off-white"),
    ("黑色", "black"),
    ("草绿", "grass green"),
)
_STUFFS = (
    ("棉", "cotton"),
    ("羊毛", "wool"),
    ("不锈钢", "stainless steel"),
    ("竹", "bamboo"),
    ("陶瓷", "ceramic"),
)
_USES = (
    ("适合送父母", "a present for parents"), ("上班路上用", "for the way to work"), ("给孩子用", "for children"),
    ("露营和徒步", "for camping and hikes"), ("放在厨房", "for the kitchen"), ("学生宿舍", "for students' rooms"),
)  # fmt: skip


def made_up(count: int) -> list[Goods]:
    """So many products with names, a category, a description and three attributes in both languages."""
    draw = random.Random(_SEED)
    goods = []
    for entry in catalogue(count, draw):
        chinese, english, _ = entry.names
        kind_zh, kind_en = chinese.split()[1], " ".join(english.split()[1:-2])
        colour, stuff, use = draw.choice(_COLOURS), draw.choice(_STUFFS), draw.choice(_USES)
        weight = f"{draw.randrange(50, 4000)} g"
        facts = (
            ("颜色", colour[0]),
            ("材质", stuff[0]),
            ("重量", weight),
            ("Colour", colour[1]),
            ("Material", stuff[1]),
        )
        about = (f"{stuff[0]}制，{colour[0]}，{use[0]}。", f"Made of {stuff[1]}, {colour[1]}, {use[1]}.")
        written = (
            Written("zh", chinese, f"{kind_zh}\n{about[0]}\n颜色：{colour[0]}\n材质：{stuff[0]}", kind_zh),
            Written("en", english, f"{kind_en}\n{about[1]}\nColour: {colour[1]}\nMaterial: {stuff[1]}", kind_en),
        )  # fmt: skip
        goods.append(
            Goods.of(
                id=entry.product_id,
                names=(chinese, english),
                category=(kind_zh, kind_en),
                facts=facts,
                about=about,
                written=written,
            )
        )
    return goods


def needs() -> list[SearchGoods]:
    """What is looked for, in both languages in turn."""
    said = []
    for path in sorted(_ROWS.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        said += [(row["turns"][0]["say"], row["language"]) for row in rows if row["kind"] == "needs"]
    random.Random(_SEED).shuffle(said)
    return [SearchGoods(read(text), language, _FOUND) for text, language in said[:_SEARCHES]]


def measure(count: int) -> list[str]:
    """The cells of a row: products, seconds until they can be searched, MB, and milliseconds of a search."""
    reader = nlu.load()
    finder, goods = PagesModel.of(reader.folder, reader.encoder), made_up(count)
    with tempfile.TemporaryDirectory() as cache:
        served = ServedGoods(embedding_of(reader), SHIPPED, Path(cache), finder)
        began = time.process_time()
        served.take(goods)
        _wait_for_threads(f"{count:,} products are being placed")
        ready = time.process_time() - began
        taken = []
        for request in needs():
            began = time.process_time()
            served.search(request)
            taken.append(1000 * (time.process_time() - began))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    median, p95, p99 = percentiles(taken)
    return [f"{count:,}", f"{ready:.0f}", f"{memory:,.0f}", f"{median:.1f}", f"{p95:.1f}", f"{p99:.1f}"]


def _wait_for_threads(said: str) -> None:
    """Goods are placed in a thread that ends once they are."""
    began = time.monotonic()
    while placing := [thread for thread in threading.enumerate() if thread is not threading.current_thread()]:
        print(f"\r{said}: {time.monotonic() - began:.0f} s", end="", file=sys.stderr, flush=True)
        placing[0].join(10.0)
    print(file=sys.stderr)


def section(counts: Sequence[int]) -> str:
    """The section of the page."""
    header = ["products", "s to be ready", "MB at most", "a search, ms", "p95", "p99"]
    return f"""### A search among many goods

`python -m tests.benchmarks.goods_speed`, {today()}, {machine()}. Made-up products (seed {_SEED}) with names, a
description and attributes in both languages; {_SEARCHES} needs that people put to invented shops, each encoded anew.
Up to {MOST_GOODS:,} products the tokens of all that is written are compared, above that words and one vector for the
whole. The processor's time, all threads together.

{table(header, [measure(count) for count in counts])}
"""


def main() -> None:
    """Measure, and show or write the section."""
    parser = argparse.ArgumentParser(description="How long a search among many goods takes.")
    parser.add_argument("--products", type=int, nargs="+", default=[1_000, MOST_GOODS, 100_000])
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = section(options.products)
    print(report)
    if options.write:
        write_section("goods-speed", report)


if __name__ == "__main__":
    main()
