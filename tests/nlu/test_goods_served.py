"""The goods that the reading process searches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kernel.arrays import Floats32
from nlu.modelfiles import SHIPPED
from nlu.pages.model import PagesModel
from nlu.products import nearness
from nlu.products.goods import Goods, Written
from nlu.products.needs import Need, read
from nlu.products.searching import GoodsIndex
from nlu.serving import SearchGoods, SetGoods, pack, unpack
from nlu.serving import goods as served
from nlu.types import Language
from nlu.understander import TransformerUnderstander

TEA = Goods.of(
    id="tea", names=("Green tea", "绿茶"), category=("Tea", "茶叶"), about=("Fresh leaves.", "清鲜。")
)
PAN = Goods.of(
    id="pan", names=("Steel pan", "钢锅"), category=("Kitchen", "厨房"), about=("For the hob.", "灶上用。")
)


class _Counting:
    """Vectors that tell texts apart, and how many were made."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, texts: Sequence[str]) -> Floats32:
        self.made += len(texts)
        seeds = [np.random.default_rng(sum(map(ord, text))).normal(size=8) for text in texts]
        found: Floats32 = np.stack([seed / np.linalg.norm(seed) for seed in seeds]).astype(np.float32)
        return found


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would follow in a thread is done at once."""

    class _Now:
        def __init__(self, target: Callable[..., None], args: tuple[object, ...], daemon: bool) -> None:
            self.run = partial(target, *args)

        def start(self) -> None:
            self.run()

    monkeypatch.setattr(threading, "Thread", _Now)


def _asks(text: str, *words: str) -> SearchGoods:
    return SearchGoods(read(text, words), "en", 5)


@pytest.mark.usefixtures("no_threads")
@pytest.mark.parametrize("few", [0, 5])
def test_goods_are_searched_and_their_vectors_are_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(served, "_FEW", few)
    embed = _Counting()
    goods = served.ServedGoods(embed, SHIPPED, tmp_path)
    assert goods.search(_asks("tea please", "tea")) is None
    goods.take([TEA, PAN])
    found = goods.search(_asks("tea please", "tea"))
    assert found is not None
    assert found[0].id == "tea"
    made, again = embed.made, _Counting()
    assert made >= 4
    another = served.ServedGoods(again, SHIPPED, tmp_path)
    another.take([TEA, PAN])
    assert again.made == made - 4 - 1, "the vectors of goods were kept; the one text asked for was not"


@pytest.mark.usefixtures("no_threads")
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"something else"])
def test_kept_vectors_that_cannot_be_read_are_made_anew(tmp_path: Path, content: bytes) -> None:
    served.ServedGoods(_Counting(), SHIPPED, tmp_path).take([TEA, PAN])
    (kept,) = tmp_path.glob("goods-*.npz")
    kept.write_bytes(content)
    goods = served.ServedGoods(_Counting(), SHIPPED, tmp_path)
    goods.take([TEA, PAN])
    assert goods.search(_asks("green tea", "tea"))
    with np.load(kept) as made:
        assert len(made["keys"]) == 4


def test_what_no_words_meet_is_found_by_meaning_and_said_to_be_so() -> None:
    index, rng = GoodsIndex([TEA, PAN]), np.random.default_rng(2)
    vectors = rng.normal(size=(4, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index.mean(vectors, {"zh": np.zeros(8, np.float32), "en": np.zeros(8, np.float32)})
    # The Chinese and the English text of each are placed around their own middle.
    near_pan = vectors[3] - (vectors[1] + vectors[3]) / 2
    found = index.search(Need(said="fry an egg"), 5, near_pan / np.linalg.norm(near_pan), "en")
    assert found[0].id == "pan"
    assert not found[0].worded


def _written(id: str, *texts: tuple[str, str, str]) -> Goods:
    return Goods.of(
        id=id,
        names=[name for _, name, _ in texts],
        written=[Written(language, name, text) for language, name, text in texts],
    )


LAMP = _written(
    "lamp",
    ("en", "Table lamp Arc", "For the desk, dimmable.\nHeight: 40 cm\nPower: 9 W"),
    ("zh", "台灯 弧", "书桌用，可调光。\n高度: 40 厘米\n功率: 9 瓦"),
)
KETTLE = _written(
    "kettle",
    ("en", "Kettle Brook", "Boils a litre in three minutes.\nVolume: 1.7 l\nMaterial: stainless steel"),
    ("zh", "水壶 溪", "三分钟烧开一升水。\n容量: 1.7 升\n材质: 不锈钢"),
)


@pytest.fixture
def placed(understander: TransformerUnderstander) -> tuple[GoodsIndex, PagesModel]:
    model = PagesModel.of(understander.folder, understander.encoder)
    index, texts = GoodsIndex([LAMP, KETTLE]), [*LAMP.written, *KETTLE.written]
    index.place(nearness.Nearness(index.goods, dict(zip(texts, nearness.placed(model, texts), strict=True))))
    return index, model


@pytest.mark.parametrize(
    ("said", "language", "first", "line"),
    [
        ("something to boil water with", "en", "kettle", "Boils a litre"),
        ("is the kettle of stainless steel", "en", "kettle", "Material"),
        ("书桌上用的", "zh", "lamp", "书桌用"),
        ("台灯多少瓦", "zh", "lamp", "功率"),
    ],
)
def test_what_is_written_of_goods_finds_them_and_its_nearest_line_is_told(
    placed: tuple[GoodsIndex, PagesModel], said: str, language: Language, first: str, line: str
) -> None:
    index, model = placed
    found = index.search(Need(said=said), 2, language=language, wish=nearness.wish(model, said))
    assert found[0].id == first
    assert found[0].near > found[1].near
    assert found[0].line.startswith(line)


def test_goods_written_of_in_one_language_are_found_in_the_other(
    understander: TransformerUnderstander,
) -> None:
    model = PagesModel.of(understander.folder, understander.encoder)
    goods = [replace(one, written=one.written[:1]) for one in (LAMP, KETTLE)]
    tokens = dict(zip(texts := [one.written[0] for one in goods], nearness.placed(model, texts), strict=True))
    wish = nearness.wish(model, "台灯")
    assert wish is not None
    lamp, kettle = nearness.Nearness(goods, tokens).to(wish, "zh", [0, 1])
    assert lamp > kettle


def test_nothing_said_is_near_to_nothing(placed: tuple[GoodsIndex, PagesModel]) -> None:
    assert nearness.wish(placed[1], "  ") is None


def test_goods_and_needs_travel_between_processes() -> None:
    for value in (SetGoods((TEA, PAN)), _asks("a present for mum under 300", "tea")):
        assert unpack(pack(value)[4:]) == value
