"""What every `Understander` promises, whatever it understands.

Subclass it in a test module and give it an `understander`, which it may teach a catalogue.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from nlu.acts import DialogueState, Question, Shown
from nlu.types import CatalogueEntry, DialogueContext, EntityKind, Language, Understander, Understanding

CATALOGUE = [
    CatalogueEntry(product_id="p1", names=("青瓷茶杯", "Celadon Teacup", "CUP-1")),
    CatalogueEntry(product_id="p2", names=("竹编提篮", "Bamboo Basket", "BAS-2")),
]
STRANGE = [
    "", " ", "\n\t", "\x00", "\u200b\u202e", "😀" * 300, "字" * 9_000, "a" * 9_000, "<b>&amp;'\"", "%s{}\\",
    "Where is my order A1024?", "我的订单A1024到哪了", "привет", "\ud800", "1024", "ok",
]  # fmt: skip
ASKED = DialogueState(
    question=Question(kind="value", task="return", slot="items"),
    tasks=("return",),
    filed=("invoice",),
    shown=(Shown(kind="line", text="1 x 青瓷茶杯"), Shown(kind="line", text="1 x Bamboo Basket")),
    before=("A1024 我要退货",),
)


class UnderstanderContract:
    """The suite. `understander` is the implementation under test."""

    @pytest.fixture
    def understander(self) -> Understander:
        raise NotImplementedError

    def read(self, understander: Understander, text: str, language: Language | None = None) -> Understanding:
        (meaning,) = understander.understand([text], DialogueContext(language=language))
        return meaning

    def products(self, understander: Understander, text: str) -> list[str]:
        entities = self.read(understander, text).entities
        assert [one.text for one in entities] == [text[one.start : one.end] for one in entities]
        return [one.value for one in entities if one.kind is EntityKind.PRODUCT]

    def test_it_is_an_understander(self, understander: Understander) -> None:
        assert isinstance(understander, Understander)

    def test_nothing_is_nothing(self, understander: Understander) -> None:
        assert understander.understand([]) == []

    def test_a_batch_is_read_in_order_as_each_alone(self, understander: Understander) -> None:
        batch = understander.understand(STRANGE)
        assert [one.text for one in batch] == [understander.understand([text])[0].text for text in STRANGE]
        assert [one.intent for one in batch] == [
            understander.understand([text])[0].intent for text in STRANGE
        ]

    @pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
    def test_no_text_fails_and_what_is_said_of_it_holds(self, understander: Understander, text: str) -> None:
        meaning = self.read(understander, text)
        probabilities = [one.probability for one in meaning.intents]
        assert len(probabilities) <= 5
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(0 <= one <= 1 for one in probabilities)
        assert 0 <= meaning.sentiment_strength <= 1
        assert meaning.intents or not meaning.understood
        for entity in meaning.entities:
            assert text[entity.start : entity.end] == entity.text
            assert 0 < entity.score <= 1

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_the_dialogue_decides_where_words_do_not(
        self, understander: Understander, language: Language
    ) -> None:
        assert self.read(understander, "1024", language).language == language
        assert self.read(understander, "我的包裹在哪里", language).language == "zh"

    @pytest.mark.parametrize("text", [*STRANGE, "第一个", "对，另外开张发票", "no, the second one"])
    def test_what_a_message_does_is_told_in_its_own_words(
        self, understander: Understander, text: str
    ) -> None:
        (meaning,) = understander.understand([text], DialogueContext(state=ASKED))
        acts = meaning.acts
        assert all(0 <= one <= 1 for one in acts.acts.values())
        assert 0 <= acts.danger_probability <= 1
        assert all(0 < one.probability <= 1 for one in (*acts.wishes, *acts.slots))
        for one in (*acts.wishes, *acts.slots):
            assert text[one.start : one.end] == one.text
        assert len(acts.pointing.shown) in (0, len(ASKED.shown))
        assert all(0 <= one <= 1 for one in (*acts.pointing.shown, acts.pointing.none, acts.pointing.other))

    def test_an_order_number_is_found(self, understander: Understander) -> None:
        found = self.read(understander, "Where is my order A1024?").first(EntityKind.ORDER_NUMBER)
        assert found is not None
        assert found.value == "A1024"

    @pytest.mark.parametrize(
        "text", ["青瓷茶杯多少钱", "how much is the Celadon Teacup", "is the celadon teacup in stock?"]
    )
    def test_products_are_those_of_the_latest_catalogue(self, understander: Understander, text: str) -> None:
        understander.set_catalogue(CATALOGUE)
        assert self.products(understander, text) == ["p1"]
        understander.set_catalogue(CATALOGUE[1:])
        assert self.products(understander, text) == []
        understander.set_catalogue([])
        assert self.products(understander, text) == []

    def test_many_may_ask_at_once(self, understander: Understander) -> None:
        texts = STRANGE[-6:] * 4
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda text: understander.understand([text])[0].text, texts))
        assert found == [one.text for one in understander.understand(texts)]
