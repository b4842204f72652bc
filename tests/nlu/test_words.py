"""Words of the shop's own, out of the names of its products."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import jieba
import pytest

import nlu.words
from nlu.words import PRODUCT_NOUNS, Words, terms_of


def test_terms_are_written_as_messages_are_read() -> None:
    assert terms_of(["霜雲疊光杯", "霜云\u200b叠光杯 Frostcloud"]) == ["霜云叠光杯", "霜云叠光杯"]
    assert "霜云叠光杯" in Words(terms_of(["霜雲疊光杯"])).cut("有霜云叠光杯吗")


def test_a_long_name_makes_no_word_of_where_it_is_chopped() -> None:
    name = "云朵主动降噪蓝牙耳机旗舰版"
    assert terms_of([name, "山野保温杯"]) == ["山野保温杯"]
    assert Words(terms_of([name])).cut(name) == Words().cut(name)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Path]:
    """A folder for the dictionary, which other tests know nothing of."""
    nlu.words.keep_in(tmp_path / "cache")
    nlu.words._dictionary.cache_clear()
    yield tmp_path / "cache"
    nlu.words._path = None
    nlu.words._dictionary.cache_clear()


def _jiebas_own(terms: list[str]) -> jieba.Tokenizer:
    own = jieba.Tokenizer()
    with own.get_dict_file() as file:
        own.FREQ, own.total = jieba.Tokenizer.gen_pfdict(file)
    own.initialized = True
    for word in (*sorted(PRODUCT_NOUNS), *terms):
        own.add_word(word)
    return own


def test_the_dictionary_is_jiebas() -> None:
    terms = ["霜云叠光杯", "山野保温杯", "龙井"]
    ours, theirs = nlu.words.tokenizer(terms), _jiebas_own(terms)
    assert ours.total == theirs.total
    differing = [word for word, often in theirs.FREQ.items() if ours.FREQ.get(word) != often]
    assert differing == []
    assert ours.FREQ.get("不是词", -1) == -1
    for text in ("有霜云叠光杯吗，杭州西湖龙井多少钱", "砰砰砰砰砰砰砰", "B超和T恤", "龙"):
        assert list(ours.cut(text, HMM=True)) == list(theirs.cut(text, HMM=True))


def test_it_is_kept_between_starts(kept: Path) -> None:
    said = "我昨天买的龙井茶怎么还没有发货"
    words = Words().cut(said)
    (file,) = kept.iterdir()
    made = file.stat().st_mtime_ns
    nlu.words._dictionary.cache_clear()
    assert Words().cut(said) == words
    assert file.stat().st_mtime_ns == made


@pytest.mark.parametrize("content", [b"", b"nothing", b"We love Marisa.\0" * 9])
def test_one_that_cannot_be_read_is_made_anew(kept: Path, content: bytes) -> None:
    words = Words().cut("我想退货")
    (file,) = kept.iterdir()
    file.write_bytes(content)
    nlu.words._dictionary.cache_clear()
    assert Words().cut("我想退货") == words
    assert file.stat().st_size > 1_000_000


def test_a_folder_that_cannot_be_written_to_stops_nothing(tmp_path: Path, kept: Path) -> None:
    kept.write_bytes(b"a file in the way")
    assert Words().cut("我想退货") == ["我", "想", "退货"]
