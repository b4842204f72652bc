"""Which of the two languages a message is in, and whether it is in neither."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from nlu.datafiles import read_table
from nlu.types import Language

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_CHINESE_SIGN = re.compile(r"[\u3000-\u303f]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_LETTER_OF_ANOTHER_SCRIPT = re.compile(
    r"[\u00c0-\u024f\u0370-\u1cff\u1e00-\u1fff\u3040-\u30ff\u3130-\u318f\ua000-\ud7ff\ufb1d-\ufdff\ufe70-\ufeff]"
)
_ADDRESS_OR_LINK = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,255}|https?://\S{1,400}", re.ASCII)
_LETTER = re.compile(r"[^\W\d_]")
_KANA = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff]")

# (๑•̀ㅂ•́)و✧ is drawn with the letters of five scripts and belongs to none.
_FACE = re.compile(r"[^\s\w]?[ヽヾ]?\([^()A-Za-z0-9\u4e00-\u9fff]{2,16}\)[ノつっシゞو۶งδ✧/]*")
# Japanese without kana. Characters that were simplified in Japan alone, and words of its shops.
_JAPANESE_CHARACTER = re.compile(
    "[込働畑円図売発対営楽気広駅歩払価労単戻拡検様歳残済浜渋焼県砕稲継続総緑縄聴脳蔵薬覚訳読証転軽辺遅釈鉄鉱銭録険隠雑"
    "頼顔験髪黒黙齢剤択択沢伝届枠匂辻]"
)
_JAPANESE_WORD = re.compile(
    "注文|追跡番号|会員番号|返品希望|返品方法|返品可能|荷物|送料|返金|領収|請求書|問合|交換希望|未着|不良品交換"
)
_CHINESE_ONLY = re.compile("[的了吗嗎呢吧我你您这這那哪么麼们們没沒给給还還要怎啥谁誰啊哦呀嘛请請帮幫吃她]")


_ROWS = read_table(Path(__file__).parent / "corpus" / "foreign_words.tsv", ["kind", "words"])


def _words(kind: str) -> frozenset[str]:
    return frozenset(word for row in _ROWS if row["kind"] == kind for word in row["words"].split())


_NOT_ENGLISH = _words("foreign")
_COURTESY = _words("courtesy")
"""Words that people who write English use as well; alone they make no message foreign."""
_GREETINGS = _words("greeting")
"""Words that are foreign also where they stand alone."""
_ALSO_ENGLISH = _words("english")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LEAST_FOREIGN = 0.4
"""Share of the words that are known to be of another language, from which a text with Latin letters is foreign."""


def detect(text: str, fallback: Language | None = None) -> Language:
    """The language of normalised text; `fallback` decides where its characters do not (`1024`, an emoji). Addresses of
    e-mail and pages are in none."""
    text = _ADDRESS_OR_LINK.sub(" ", text)
    chinese = len(_CHINESE.findall(text))
    latin = len(_LATIN_WORD.findall(text))
    if chinese or latin:
        # Each character counts as a whole word, so that names such as iPhone don't make Chinese English.
        return "zh" if chinese >= latin else "en"
    return fallback or ("zh" if _CHINESE_SIGN.search(text) else "en")


def is_foreign(text: str) -> bool:
    """Whether a text is in neither language, by its letters or, where those are shared, by its words.

    In doubt it is not: a customer who is not read is worse off than one who is read badly.
    """
    text = _FACE.sub("", text)
    letters = len(_LETTER.findall(text))
    if not letters:
        return False
    other = len(_LETTER_OF_ANOTHER_SCRIPT.findall(text))
    if other / letters > 0.3:
        return True
    if not _CHINESE.search(text):
        return _is_of_another_language(text)
    return not _CHINESE_ONLY.search(text) and ((other > 2 and bool(_KANA.search(text))) or _is_japanese(text))


def _is_japanese(text: str) -> bool:
    """Whether Chinese characters are used as in Japanese: 返品希望, 注文番号."""
    hints = len(_JAPANESE_CHARACTER.findall(text)) + len(_JAPANESE_WORD.findall(text))
    return hints >= 2 or (hints == 1 and (len(text) <= 6 or _KANA.search(text) is not None))


def _is_of_another_language(text: str) -> bool:
    """Whether Latin letters spell words of another language, and more of them than English ones."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if len(words) == 1:
        return words[0] in _GREETINGS
    foreign = {word for word in words if word in _NOT_ENGLISH or _without_marks(word) in _NOT_ENGLISH}
    english = sum(word in _ALSO_ENGLISH for word in words)
    if len(foreign) < 2 or foreign <= _COURTESY:
        return False
    named = sum(word in foreign for word in words)
    return named > 1.5 * english and named / len(words) >= _LEAST_FOREIGN


def _without_marks(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def has_words(text: str) -> bool:
    """Whether anything in the text can be read: a Chinese character, or two Latin letters in a row."""
    return bool(_CHINESE.search(text) or _LATIN_WORD.search(text))
