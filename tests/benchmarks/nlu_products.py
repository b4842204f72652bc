"""How fast and how surely a product is recognised among many.

    python -m tests.benchmarks.nlu_products [--products 100000] [--write]

The names are put together from parts, so that many differ in one word alone; every message about a product names
one of them whole, in Chinese, in English or by its code. A search is timed by the processor time of its thread,
which a busy machine does not lengthen, and by the clock.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence

from nlu.entities.products import ProductIndex
from nlu.normalise import normalise
from nlu.types import CatalogueEntry
from tests.benchmarks.report import machine, table, today, write_section

_SEED = 20261125
_MESSAGES = 600
_SYLLABLES = (
    "bel", "cor", "dan", "fen", "gal", "hov", "jun", "kel", "lum", "mor", "nav",
    "oth", "pel", "qua", "ros", "sil", "tor", "ven", "wex", "yor", "zan",
)  # fmt: skip
_CHARACTERS = "青松竹梅兰云海山星月清风雅致悦心宜家品味居优良物纯净自然简约时光木石金玉禾谷麦穗"
_KINDS = (
    ("蓝牙耳机", "Bluetooth earphones"), ("保温杯", "Vacuum flask"), ("纯棉短袖", "Cotton T-shirt"),
    ("手撕牛肉干", "Beef jerky"), ("洗碗海绵", "Dish sponge"), ("竹浆抽纸", "Bamboo tissues"),
    ("羊毛围巾", "Wool scarf"), ("儿童积木", "Building blocks"), ("咖啡豆", "Coffee beans"),
    ("护手霜", "Hand cream"), ("双肩包", "Backpack"), ("瑜伽垫", "Yoga mat"), ("台灯", "Desk lamp"),
    ("猫粮", "Cat food"), ("电动牙刷", "Electric toothbrush"), ("床单四件套", "Bed linen set"),
)  # fmt: skip
_ASKING = ("{}多少钱", "请问{}有货吗", "how much is the {}?", "do you have {} in stock", "{}")
_OTHER = (
    "我的订单到哪了", "能便宜点吗", "怎么退货", "where is my order please, I ordered it last week",
    "推荐一款蓝牙耳机", "cotton t-shirt, black, size L",
)  # fmt: skip


def catalogue(count: int, draw: random.Random) -> list[CatalogueEntry]:
    """So many products with a Chinese name, an English one and a code."""
    entries = []
    for number in range(count):
        chinese, english = draw.choice(_KINDS)
        brand = "".join(draw.sample(_SYLLABLES, 2)).title()
        names = (
            f"{''.join(draw.sample(_CHARACTERS, 2))} {chinese} {number % 40}号",
            f"{brand} {english} no {number % 40}",
            f"SKU-{number:06d}",
        )
        entries.append(CatalogueEntry(product_id=str(number), names=names))
    return entries


def messages(entries: Sequence[CatalogueEntry], draw: random.Random) -> list[tuple[str, frozenset[str]]]:
    """Messages and the products that they may mean: all of that name; none where no product is named."""
    owners: dict[str, set[str]] = {}
    for entry in entries:
        for name in entry.names:
            owners.setdefault(name, set()).add(entry.product_id)
    asked = []
    for entry in draw.sample(list(entries), _MESSAGES):
        name = draw.choice(entry.names)
        asked.append((draw.choice(_ASKING).format(name), frozenset(owners[name])))
    return [*asked, *((text, frozenset[str]()) for text in _OTHER for _ in range(20))]


def measure(count: int) -> str:
    """The section of the page."""
    draw = random.Random(_SEED)
    entries = catalogue(count, draw)
    began = time.perf_counter()
    index = ProductIndex(entries)
    built = time.perf_counter() - began
    by_processor, by_clock, right, named = [], [], 0, 0
    for text, meant in messages(entries, draw):
        read = normalise(text).text
        clock, processor = time.perf_counter(), time.thread_time()
        found = index.find(read)
        by_processor.append(1000 * (time.thread_time() - processor))
        by_clock.append(1000 * (time.perf_counter() - clock))
        if meant:
            named += 1
            right += bool(found) and found[0].value in meant
    rows = [
        [name, *(f"{_share(times, share):.2f}" for share in (0.5, 0.95, 0.99))]
        for name, times in (("processor time", by_processor), ("by the clock", by_clock))
    ]
    header = ["one search, ms", "median", "p95", "p99"]
    return f"""## Products in a message

`python -m tests.benchmarks.nlu_products`, {today()}, {machine()}; {count:,} made-up products with three names each,
seed {_SEED}, {_MESSAGES + 20 * len(_OTHER)} messages, one thread. The product named was the first one found in {right}
of {named} messages. Building the index takes {built:.0f} s.

{table(header, rows)}
"""


def _share(times: Sequence[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Measure and print; with --write also into docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description="Recognising products among many.")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="replace the section in docs/benchmarks.md")
    options = parser.parse_args()
    report = measure(options.products)
    print(report)
    if options.write:
        write_section("nlu-products", report)


if __name__ == "__main__":
    main()
