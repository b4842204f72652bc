"""A product of the store as the search for goods knows it."""

from __future__ import annotations

from bot.shop.sizes import without_table
from nlu.products.goods import Goods, Written
from storage.catalogue import Attributes, Category, Product, label_and_value


def goods_of(product: Product, category: Category | None) -> Goods:
    """What a shop tells of a product, in both languages."""
    return Goods.of(
        id=product.id,
        group=product.group_id or product.id,
        names=(product.name_zh, product.name_en),
        category=(category.name_zh, category.name_en) if category is not None else (),
        options=_pairs(product.options),
        facts=_pairs(without_table(product.facts)),
        about=(product.description_zh, product.description_en),
        written=[
            _written(product, category, language)
            for language, name in (("zh", product.name_zh), ("en", product.name_en))
            if name
        ],
    )


def _written(product: Product, category: Category | None, language: str) -> Written:
    faces = without_table(product.facts).values()
    facts = [": ".join(pair) for one in faces if (pair := label_and_value(one, language)) is not None]
    kind = category.name(language) if category is not None else ""
    text = "\n".join(filter(None, (kind, product.description(language), *facts)))
    return Written(language, product.name(language), text, kind)


def _pairs(told: Attributes) -> list[tuple[str, str]]:
    """Labels and values, and under its key whatever has no label of its own that says more."""
    return [
        (f"{key} {pair[0]}", str(pair[1])) for key, faces in told.items() for pair in faces.values() if pair
    ]
