"""Understanding: a customer's message in, its meaning out. Chinese and English, on one core.

import nlu

understander = nlu.load()
(meaning,) = understander.understand(["我的快递到哪了？"])
meaning.intent, meaning.probability, meaning.sentiment
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nlu.errors import DataRefused, ModelDamaged, NluError, PagesRefused
from nlu.redaction import redact
from nlu.types import (
    CatalogueEntry,
    DecidingWord,
    DialogueContext,
    Entity,
    EntityKind,
    IntentScore,
    PageIndex,
    Passage,
    Sentiment,
    Understander,
    Understanding,
)

if TYPE_CHECKING:
    from nlu.pages import MarkdownPages
    from nlu.understander import TransformerUnderstander


def load(path: Path | str | None = None) -> TransformerUnderstander:
    """The understander of a model folder; the shipped one by default.

    Raises:
        ModelDamaged: the folder is missing, incomplete, altered or of another format.
    """
    from nlu.modelfiles import SHIPPED
    from nlu.understander import TransformerUnderstander

    return TransformerUnderstander(Path(path) if path is not None else SHIPPED)


def load_pages(folder: Path | str, understander: TransformerUnderstander) -> MarkdownPages:
    """The pages of a folder with one folder a language, ready to be asked.

    Raises:
        ModelDamaged: what answers from pages cannot be loaded.
        PagesRefused: a page is not UTF-8 text.
    """
    from nlu.pages import MarkdownPages, PagesModel

    return MarkdownPages.from_folder(Path(folder), PagesModel.of(understander.folder, understander.encoder))


__all__ = [
    "CatalogueEntry",
    "DataRefused",
    "DecidingWord",
    "DialogueContext",
    "Entity",
    "EntityKind",
    "IntentScore",
    "ModelDamaged",
    "NluError",
    "PageIndex",
    "PagesRefused",
    "Passage",
    "Sentiment",
    "Understander",
    "Understanding",
    "load",
    "load_pages",
    "redact",
]
