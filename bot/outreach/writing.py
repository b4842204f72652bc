"""What a win-back message says."""

from __future__ import annotations

from collections.abc import Mapping

from bot.conversation import wording
from bot.conversation.messages import Button, Card, Reply
from bot.conversation.texts import Texts
from bot.outreach.planner import WinBack
from storage.audience import Candidate
from storage.catalogue import Product

# Longer names are cut: a greeting is no place for them.
_NAME = 40


class WinBackWriter:
    """Writes in the customer's language: a greeting, one product, its price, how to stop this."""

    def __init__(self, texts: Texts, shop_names: Mapping[str, str], shop_time_zone: str) -> None:
        self._texts = texts
        self._shop_names = shop_names
        self._shop_time_zone = shop_time_zone

    def __call__(self, candidate: Candidate, product: Product, win_back: WinBack) -> Reply:
        language = "zh" if candidate.language.startswith("zh") else "en"
        hello = self._texts.say(
            language,
            "outreach-hello",
            name=candidate.name[:_NAME],
            shop=self._shop_names.get(language, ""),
        )
        # One card and nothing else: a campaign's message is one message on every wire.
        card = Card(
            product_id=product.id,
            title=product.name(language),
            text=f"{hello}\n{self._price(language, candidate, win_back)}",
            picture=product.picture,
            buttons=(
                Button(label=self._say(language, "outreach-look"), action=f"product:show:{product.id}"),
                Button(label=self._say(language, "outreach-stop"), action="news:off"),
            ),
        )
        return Reply(cards=(card,), language=language)

    def _price(self, language: str, candidate: Candidate, win_back: WinBack) -> str:
        offer, stored = win_back.offer, win_back.stored
        list_price = wording.money(offer.list_price.minor, offer.list_price.currency)
        if stored is None:
            return list_price
        where = wording.zone(candidate.time_zone, self._shop_time_zone)
        price = self._texts.say(
            language,
            "outreach-price",
            price=wording.money(stored.price, stored.currency),
            list=list_price,
            code=stored.code,
            until=wording.moment(stored.valid_until, language, where),
        )
        return f"{price}\n{self._say(language, 'offer-disclosure')}"

    def _say(self, language: str, text_id: str) -> str:
        return self._texts.say(language, text_id)
