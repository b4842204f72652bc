"""The shipped encoder with the output of its inner layers.

Its last layer is bent towards the intents that ship; layers below it keep more of what else a message says, and a
head for other labels needs that (Tenney et al. 2019, BERT rediscovers the classical NLP pipeline).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from kernel.arrays import Floats32
from nlu.encoder import batches_by_length, inner_layers, open_session, with_outputs
from nlu.errors import ModelDamaged
from nlu.normalise import encoder_text

BATCH = 32


class LayeredEncoder:
    """Texts in, mean vectors of several layers out."""

    def __init__(self, folder: Path) -> None:
        """Load the encoder of a model folder.

        Raises:
            ModelDamaged: one of its files cannot be loaded.
        """
        try:
            stored = (folder / "encoder.onnx").read_bytes()
            self._session = open_session(stored + with_outputs(inner_layers(stored)))
            self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as broken:
            raise ModelDamaged(f"{folder} cannot be loaded ({broken}): build or fetch it again.") from broken
        self._inputs = [node.name for node in self._session.get_inputs()]
        self._outputs = [node.name for node in self._session.get_outputs()]
        self.layers = len(self._outputs)
        """How many layers are shown side by side."""

    def vectors(self, texts: Sequence[str], advance: Callable[[float], None] = lambda _: None) -> Floats32:
        """Mean token vectors of the last layer and those below it, side by side, shape (texts, layers · d).

        `advance` is called with the share of the texts that is read.
        """
        prepared = [encoder_text(text) for text in texts]
        rows: dict[int, Floats32] = {}
        for group in batches_by_length(prepared, BATCH):
            rows.update(zip(group, self._batch([prepared[i] for i in group]), strict=True))
            advance(len(rows) / len(prepared))
        return np.stack([rows[i] for i in range(len(prepared))])

    def _batch(self, texts: list[str]) -> Floats32:
        encodings = self._tokenizer.encode_batch(texts)
        ids = np.array([encoding.ids for encoding in encodings], np.int64)
        mask = np.array([encoding.attention_mask for encoding in encodings], np.int64)
        layers = self._session.run(self._outputs, dict(zip(self._inputs, (ids, mask), strict=True)))
        share = (mask / mask.sum(1, keepdims=True)).astype(np.float32)
        return np.concatenate([np.einsum("btd,bt->bd", states, share) for states in layers], axis=1)
