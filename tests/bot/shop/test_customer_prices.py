"""What a product costs one customer: never more than everybody pays, and an offer only while it holds and for them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.shop.customer_prices import CustomerPrices
from storage import Store
from storage.catalogue import Product
from storage.offers import NewOffer, Offers, StoredOffer
from tests.factories import NOW, add_customer, add_product

amounts = st.integers(0, 10**9)


def product(list_price: int, sale_price: int | None = None, **values: object) -> Product:
    told = {
        "id": "p1", "code": "P1", "name_zh": "茶", "name_en": "Tea", "list_price": list_price, "sale_price": sale_price,
        "currency": "CNY", "stock": 1, "created_at": NOW, "updated_at": NOW, **values,
    }  # fmt: skip
    return Product(**told)  # type: ignore[arg-type]


def new(price: int, **values: object) -> NewOffer:
    told = {
        "code": "LK1", "customer_id": "c1", "product_id": "p1", "price": price, "list_price": 10_000, "floor": 0,
        "currency": "CNY", "reason": "asked", "reasons": [], "policy": "test", "probability": 1.0,
        "valid_until": NOW + timedelta(days=1), **values,
    }  # fmt: skip
    return NewOffer(**told)  # type: ignore[arg-type]


def live(price: int, **values: object) -> StoredOffer:
    offer = new(price, **values)
    own = {name: getattr(offer, name) for name in NewOffer.__dataclass_fields__}
    return StoredOffer(**own, id=1, state="live", created_at=NOW, used_at=None)


@given(list_price=amounts, sale=st.none() | amounts, offers=st.lists(amounts, max_size=3))
def test_it_is_the_lowest_of_list_price_sale_and_offers(
    list_price: int, sale: int | None, offers: list[int]
) -> None:
    price = CustomerPrices(NOW).having(*map(live, offers)).of(product(list_price, sale))
    everybody = min(list_price, sale if sale is not None else list_price)
    assert price.everybody == everybody
    assert price.amount == min([everybody, *offers])
    assert (price.offer is not None) == (price.amount < everybody)
    assert price.saved == everybody - price.amount
    assert bool(price.code) == (price.offer is not None)


@given(price=amounts)
def test_an_offer_of_another_product_or_in_another_currency_changes_nothing(price: int) -> None:
    others = CustomerPrices(NOW).having(live(price, product_id="p2"), live(price, currency="JPY"))
    assert others.of(product(10**9)).amount == 10**9


async def test_only_the_customers_own_live_offers_are_loaded(any_store: Store) -> None:
    async def fill(connection: object) -> None:
        for one in ("p1", "p2", "p3"):
            await add_product(connection, one)  # type: ignore[arg-type]
        for one in ("c1", "c2"):
            await add_customer(connection, one, marketing=None)  # type: ignore[arg-type]
        offers = Offers(connection)  # type: ignore[arg-type]
        await offers.reserve(new(9_000), NOW)
        await offers.reserve(
            new(8_000, code="LK2", product_id="p2", valid_until=NOW + timedelta(hours=1)), NOW
        )
        await offers.reserve(new(7_000, code="LK3", customer_id="c2"), NOW)
        gone = await offers.reserve(new(6_000, code="LK4", product_id="p3"), NOW)
        await offers.withdraw(gone.id, NOW)

    await any_store.write(fill)
    async with any_store.read() as connection:

        async def prices(customer: str | None, hours: int = 0, *, personal: bool = True) -> dict[str, int]:
            at = NOW + timedelta(hours=hours)
            loaded = await CustomerPrices.load(connection, customer, at, personal=personal)
            return {one: loaded.of(product(10_000, id=one)).amount for one in ("p1", "p2", "p3")}

        nobodys = dict.fromkeys(("p1", "p2", "p3"), 10_000)
        assert await prices("c1") == {**nobodys, "p1": 9_000, "p2": 8_000}
        assert await prices("c1", hours=1) == {**nobodys, "p1": 9_000}
        assert await prices("c2") == {**nobodys, "p1": 7_000}
        assert await prices(None) == nobodys
        assert await prices("c1", personal=False) == nobodys
