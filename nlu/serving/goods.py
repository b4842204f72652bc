"""The goods that the reading process searches: by words at once, by meaning once their vectors are there.

Vectors are kept in the cache folder, so that a restart, or a price that changes, works out none again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from kernel.arrays import Floats32
from nlu.errors import NluError
from nlu.likeness import Embed, centre_of
from nlu.pages.model import PagesModel
from nlu.pages.reading import LANGUAGES
from nlu.products import nearness
from nlu.products.goods import Goods, Written
from nlu.products.meaning import spoken
from nlu.products.nearness import Nearness, Tokens
from nlu.products.searching import Found, GoodsIndex
from nlu.serving import SearchGoods
from nlu.types import Language

_AT_ONCE = 64
_FEW = 5_000
"""Products that can be searched by words within a second."""
_HEARD_AT_MOST = 256

log = logging.getLogger(__name__)


class ServedGoods:
    """What `SetGoods` handed over last."""

    def __init__(self, embed: Embed, model: Path, cache: Path, finder: PagesModel | None = None) -> None:
        self._embed = embed
        self._finder = finder
        self._wish = lru_cache(_HEARD_AT_MOST)(
            lambda said: nearness.wish(finder, said) if finder is not None else None
        )
        self._tokens: dict[Written, Tokens] = {}
        self._vector = lru_cache(_HEARD_AT_MOST)(lambda text: embed([text])[0])
        self._kept = cache / f"goods-{_name_of(model)}.npz"
        self._index: GoodsIndex | None = None
        self._taken: Sequence[Goods] = ()
        self._centres: dict[Language, Floats32] | None = None

    def take(self, goods: Sequence[Goods]) -> None:
        """Replace them: few at once, many in a thread, and their vectors, too, which gives up once they are replaced
        again. Until then those before are searched."""
        self._taken = goods
        if len(goods) <= _FEW:
            self._index = GoodsIndex(goods)
        threading.Thread(target=self._prepare, args=(goods,), daemon=True).start()

    def search(self, request: SearchGoods) -> list[Found] | None:
        """The goods that meet a request."""
        index = self._index
        if index is None:
            return None
        said = request.need.said
        wished = self._wish(said) if index.places and said else None
        meant = index.means and said and not index.by_tokens_alone
        vector = self._vector(said) if meant else None
        return index.search(request.need, request.n, vector, request.language, wished)

    def _prepare(self, goods: Sequence[Goods]) -> None:
        index = self._index if len(goods) <= _FEW else GoodsIndex(goods)
        if self._taken is goods and index is not None:
            self._index = index
            self._mean(index)
            self._place(index)

    def _place(self, index: GoodsIndex) -> None:
        """Place the tokens of goods, if they aren't too many; those placed before are not placed again."""
        if self._finder is None or len(index.goods) > nearness.MOST_GOODS:
            return
        try:
            texts = list(dict.fromkeys(written for one in index.goods for written in one.written))
            known = {text: self._tokens[text] for text in texts if text in self._tokens}
            new = [text for text in texts if text not in known]
            for start in range(0, len(new), _AT_ONCE):
                if self._index is not index:
                    return
                part = new[start : start + _AT_ONCE]
                known.update(zip(part, nearness.placed(self._finder, part), strict=True))
            self._tokens = known
            index.place(Nearness(index.goods, known))
        except (NluError, ValueError) as error:
            log.error("goods can't be searched by tokens (%s)", type(error).__name__)

    def _mean(self, index: GoodsIndex) -> None:
        try:
            texts = list(spoken(index.goods))
            known = self._read()
            keys = [_key(text) for text in texts]
            new = [place for place, key in enumerate(keys) if key not in known]
            for start in range(0, len(new), _AT_ONCE):
                if self._index is not index:
                    return
                part = new[start : start + _AT_ONCE]
                vectors = self._embed([texts[place] for place in part]).astype(np.float16)
                known.update(zip((keys[place] for place in part), vectors, strict=True))
            if not texts:
                return
            if new:
                self._keep({key: known[key] for key in keys})
            if self._centres is None:
                self._centres = {language: centre_of(self._embed, language) for language in LANGUAGES}
            index.mean(np.stack([known[key] for key in keys]).astype(np.float32), self._centres)
        except (NluError, OSError, ValueError) as error:
            log.error("goods can't be searched by meaning (%s)", type(error).__name__)

    def _read(self) -> dict[int, np.ndarray]:
        """The vectors that are kept; where they can't be read, they are made anew."""
        # numpy leaves a broken file open that it opened itself.
        with (
            suppress(OSError, ValueError, KeyError, EOFError, BadZipFile),
            self._kept.open("rb") as file,
            np.load(file) as kept,
        ):
            return dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
        return {}

    def _keep(self, known: dict[int, np.ndarray]) -> None:
        beside = self._kept.with_suffix(".new.npz")
        beside.parent.mkdir(parents=True, exist_ok=True)
        np.savez(beside, keys=np.array(list(known), np.uint64), vectors=np.stack(list(known.values())))
        beside.replace(self._kept)


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _name_of(model: Path) -> str:
    """Changes with the encoder: vectors of another mean nothing."""
    return str(json.loads((model / "manifest.json").read_text("utf-8"))["sha256"]["encoder.onnx"])[:16]
