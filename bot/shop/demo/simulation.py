"""Eighteen months in the life of the shop, a day at a time.

Customers visit, look, buy, buy again when something is used up, and grow annoyed by parcels that come late,
catalogue that disappoint, staples that are out of stock and prices that rise. Annoyance fades, but while it is high
a customer may drift away: visits thin out over weeks and purchases stop. Neither the annoyance nor the day of
leaving is ever written down; only what people did is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bot.shop.demo.answers import Answers, Messages, Offers, PricesOfTheShop
from bot.shop.demo.catalogue import DemoProduct, categories
from bot.shop.demo.chances import Chances, Draws
from bot.shop.demo.orders import DAY, NOTHING, Aftermath, Basket, Journal, Orders, Shipping, by_time, together
from bot.shop.demo.world import Market, Traits
from kernel.arrays import Bools, Floats, Ints

_STAPLES = 4
_NEVER = 10**6
# Days by which customers bring a purchase forward to put it into the same parcel.
_TOGETHER = 9
_GREAT_SALE = 2.0
# Not everything is bought here: the pack at home lasts until the one from the corner shop is gone too.
_ELSEWHERE = 1.45
_OFFER_DAYS = 3
# A place of drawing of its own, for what is drawn as often as there are new habits.
_HABIT = 1
# Shopping hours, local time, from midnight.
_NIGHT_AND_MORNING = [1.2, 0.5, 0.2, 0.1, 0.1, 0.2, 0.6, 1.4, 2.4, 3.4, 4.2, 4.4]
_AFTERNOON_AND_EVENING = [4.6, 4.2, 3.6, 3.4, 3.4, 3.6, 4.0, 5.2, 6.6, 7.4, 6.2, 3.2]
_HOURS = np.array([*_NIGHT_AND_MORNING, *_AFTERNOON_AND_EVENING])


class Simulation:
    """The state of the shop's world between two days."""

    def __init__(
        self,
        traits: Traits,
        catalogue: list[DemoProduct],
        market: Market,
        shipping: Shipping,
        start_offset: int,
        chances: Chances,
    ) -> None:
        """Start with nobody annoyed.

        Args:
            start_offset: seconds between midnight UTC and the start of the window.
        """
        self.journal = Journal()
        self.orders = Orders()
        self._crowd, self._market, self._shipping, self._chances = traits, market, shipping, chances
        self._start_offset = start_offset
        self._days = len(market.activity)
        people, products = traits.liking.shape
        self._category_of = np.array([categories().index(item.category) for item in catalogue])
        self._cycle = np.array([item.cycle for item in catalogue]) * _ELSEWHERE
        self._aftermath = Aftermath(catalogue, self.journal, self.orders, self._upset, chances)
        self._usual_price = market.price[0].astype(np.float64)
        self._offset = shipping.utc_offsets[traits.places]
        self._annoyance = np.zeros(people)
        self._shock = np.zeros((self._days + 120, people), dtype=np.float32)
        self._left = np.full(people, _NEVER)
        self._owns = np.zeros((people, products), dtype=bool)
        self._staple = np.full((people, _STAPLES), NOTHING)
        self._due = np.full((people, _STAPLES), float(_NEVER))
        self._paid = np.zeros((people, _STAPLES))
        self._shop: _Shop | None = None
        self._settle_old_customers()

    def run(self, first: int = 0, until: int | None = None) -> None:
        """Live through the days of the window, or those from `first` to before `until`."""
        for day in range(first, self._days if until is None else until):
            self._chances.begin(day)
            self._shipping.chances.begin(day)
            self._brood(day)
            self._read_messages(day)
            staples = self._rebuy(day)
            browsed = self._browse(day)
            self._order(day, together(staples, browsed))

    def let_decide(self, prices: PricesOfTheShop, answers: Answers, seed: int) -> None:
        """From now on customers ask for prices and are written to. Until then everybody pays the list price.

        Args:
            prices: decides.
            answers: how customers take it.
            seed: of all that is drawn from now on, for each customer and day (`Chances.compared`).
        """
        for chances in (self._chances, self._shipping.chances):
            chances.compared(seed)
        self._shop = _Shop(prices, answers, Offers(*self._owns.shape, _OFFER_DAYS), self._chances)

    def left(self, day: int) -> Bools:
        """Who has stopped being a customer by a day."""
        gone: Bools = self._left <= day
        return gone

    # --- what the shop offers and writes ---

    def _price(self, day: int, who: Ints, product: Ints) -> Ints:
        """What each pays for one."""
        price: Ints = self._market.price[day, product]
        if self._shop is not None:
            price = price - (price * self._shop.offers.share(day, who, product)).astype(np.int64)
        return price

    def _ask(self, day: int, who: Ints, product: Ints, second: Ints) -> None:
        """Some ask for a better price of what they look at."""
        if self._shop is None:
            return
        asks = self._shop.chances.of(who).random() < self._shop.answers.asks[who]
        asks &= self._market.in_stock[day, product]
        who, product = who[asks], product[asks]
        self.journal.note("message", who, second[asks] + 5, product=product)
        self._shop.offers.give(day, who, product, self._shop.prices.offers(day, who, product))

    def _read_messages(self, day: int) -> None:
        """Messages bring some back, remind some and annoy some."""
        if self._shop is None:
            return
        shop, sent = self._shop, self._shop.prices.messages(day)
        who = sent.customer
        shop.offers.give(day, who, sent.product, sent.share)
        self._annoyance[who[shop.answers.put_off[who]]] += 0.9
        chance = shop.answers.comes_back[who] * (1 + 5 * sent.share) * ~shop.answers.put_off[who]
        back = (self._left[who] <= day) & (shop.chances.of(who).random() < chance)
        self._left[who[back]] = _NEVER
        self._annoyance[who[back]] = 0.0
        opens = shop.chances.of(who).random() < shop.answers.opens[who]
        shop.reminded = Messages(customer=who[opens], product=sent.product[opens], share=sent.share[opens])

    # --- moods ---

    def _settle_old_customers(self) -> None:
        """Customers from before the window already have their staples."""
        old = np.flatnonzero(self._crowd.joined < 0)
        consumable = (self._cycle > 0) & (self._market.launched == 0)
        weights = self._crowd.liking[old] * consumable
        for slot in range(_STAPLES - 1):
            likely = self._chances.of(old).random() < (0.5, 0.3, 0.15)[slot]
            chosen = _draw(weights, self._chances.of(old))
            weights[np.arange(len(old)), chosen] = 0
            who, product = old[likely], chosen[likely]
            self._staple[who, slot] = product
            self._due[who, slot] = self._chances.of(who).uniform(0, 1.2) * self._cycle[product]
            self._paid[who, slot] = self._market.price[0, product]

    def _brood(self, day: int) -> None:
        self._annoyance = self._annoyance * 0.978 + self._shock[day]
        strain = self._annoyance - 1.7 * self._crowd.patience
        hazard = 0.0002 + 0.05 / (1 + np.exp(-3.2 * strain))
        here = (self._crowd.joined <= day) & (self._left == _NEVER)
        self._left[here & (self._chances.of(np.arange(len(here))).random() < hazard)] = day

    def _liveliness(self, day: int) -> Floats:
        """How much of their usual visits customers still make."""
        fading = np.exp(-np.maximum(day - self._left, 0) / 16.0)
        quiet = ((day >= self._crowd.lull) & (day < self._crowd.lull + 28)).any(axis=1)
        return np.where(self._crowd.joined <= day, fading * np.where(quiet, 0.15, 1.0), 0.0)

    # --- buying again ---

    def _rebuy(self, day: int) -> Basket:
        """What is used up, and along with it what soon will be; on a great sale much is bought ahead."""
        ahead = 12 if self._market.activity[day] > _GREAT_SALE else 0
        # The pack is empty on any day of the week, but shopping waits for a day that suits.
        suits = self._chances.of(np.arange(len(self._due))).random() < 0.4 * self._market.activity[day] ** 2
        here = suits & (self._crowd.joined <= day) & (self._due <= day + ahead).any(axis=1)
        who, slot = np.nonzero((self._due <= day + max(ahead, _TOGETHER)) & here[:, None])
        leaving = (self._left[who] <= day) & (self._chances.of(who).random() < 0.85)
        self._due[who[leaving], slot[leaving]] = _NEVER
        who, slot = who[~leaving], slot[~leaving]
        product = self._staple[who, slot]
        start = self._visit_times(day, who)
        self.journal.note("view", who, start, product=product)
        missing = ~self._market.in_stock[day, product]
        self._annoyance[who[missing]] += 0.55
        self._due[who[missing], slot[missing]] = day + self._chances.of(who[missing]).integers(2, 6)
        self._ask(day, who, product, start)
        price = self._price(day, who, product)
        rise = np.maximum(price / np.maximum(self._paid[who, slot], 1) - 1, 0)
        shocked = ~missing & (rise > 0.05)
        self._annoyance[who[shocked]] += rise[shocked] * 9 * self._crowd.price_sense[who[shocked]]
        hesitates = shocked & (self._chances.of(who).random() < 0.3)
        self._due[who[hesitates], slot[hesitates]] = day + self._chances.of(who[hesitates]).integers(4, 10)
        buys = ~missing & ~hesitates
        who, slot, product, start = who[buys], slot[buys], product[buys], start[buys]
        quantity = 1 + (self._chances.of(who).random() < 0.14).astype(np.int64)
        rhythm = self._cycle[product] * quantity * self._chances.of(who).lognormal(0, 0.17)
        self._due[who, slot] = day + np.maximum(rhythm, 4)
        self._paid[who, slot] = self._price(day, who, product)
        self.journal.note("cart", who, start + 40, product=product, quantity=quantity)
        return Basket(customer=who, product=product, quantity=quantity, second=start + 90)

    # --- looking around ---

    def _browse(self, day: int) -> Basket:
        chance = self._crowd.pace * self._market.activity[day] * self._liveliness(day)
        visitors = np.flatnonzero(self._chances.of(np.arange(len(chance))).random() < chance)
        start = self._visit_times(day, visitors)
        first = self._look(day, visitors)
        self._search(visitors, start, first)
        looks = self._chances.of(visitors).poisson(2.3)
        more = np.repeat(np.arange(len(visitors)), looks)
        stays = self._chances.of(visitors[more]).random() < 0.6
        others = self._look(day, visitors[more], np.where(stays, self._category_of[first][more], NOTHING))
        who = np.concatenate([visitors, visitors[more]])
        product = np.concatenate([first, others])
        step = np.arange(len(more)) - np.repeat(np.cumsum(looks) - looks, looks)
        second = np.concatenate([start + 20, start[more] + 20 + (step + 1) * 47])
        if self._shop is not None:
            reminded = self._shop.reminded
            who, product = (
                np.concatenate([who, reminded.customer]),
                np.concatenate([product, reminded.product]),
            )
            second = np.concatenate([second, self._visit_times(day, reminded.customer)])
        self.journal.note("view", who, second, product=product)
        return self._choose(day, who, product, second)

    def _look(self, day: int, who: Ints, category: Ints | None = None) -> Ints:
        """One product for each, by liking and season; on one category where that is given."""
        sold = (self._market.launched <= day) * self._market.season[day]
        weights = self._crowd.liking[who] * sold.astype(np.float32)
        if category is not None:
            elsewhere = (category[:, None] != NOTHING) & (category[:, None] != self._category_of)
            weights[elsewhere] = 0
        return _draw(weights, self._chances.of(who))

    def _search(self, who: Ints, start: Ints, product: Ints) -> None:
        searching = self._chances.of(who).random() < 0.34
        self.journal.note("search", who[searching], start[searching], text=product[searching])

    def _choose(self, day: int, who: Ints, product: Ints, second: Ints) -> Basket:
        """From what was seen into the cart, and from the cart to the till."""
        self._ask(day, who, product, second)
        dearer = self._market.price[day, product] / self._usual_price[product] - 1
        wish = 0.21 * np.exp(-2.2 * self._crowd.price_sense[who] * dearer)
        if self._shop is not None:
            wish *= np.exp(self._shop.answers.keen[who] * self._shop.offers.share(day, who, product))
        wish *= np.where(self._owns[who, product] & (self._cycle[product] == 0), 0.08, 1.0)
        wish *= np.where(self._left[who] <= day, 0.35, 1.0)
        wanted = self._market.in_stock[day, product] & (self._chances.of(who).random() < wish)
        _, first_time = np.unique(who * len(self._category_of) + product, return_index=True)
        wanted &= np.isin(np.arange(len(who)), first_time)
        who, product, second = who[wanted], product[wanted], second[wanted]
        self.journal.note("cart", who, second + 15, product=product)
        bought = self._chances.of(who).random() < np.where(self._left[who] <= day, 0.3, 0.62)
        who, product, second = who[bought], product[bought], second[bought]
        quantity = 1 + (self._chances.of(who).random() < 0.1).astype(np.int64)
        self._adopt(day, who, product)
        return Basket(customer=who, product=product, quantity=quantity, second=second + 60)

    def _adopt(self, day: int, who: Ints, product: Ints) -> None:
        """A first purchase of something that is used up may become a habit."""
        self._owns[who, product] = True
        habit = (self._cycle[product] > 0) & (self._chances.of(who).random() < 0.22)
        habit &= ~(self._staple[who] == product[:, None]).any(axis=1)
        for customer, item in zip(who[habit].tolist(), product[habit].tolist(), strict=True):
            free = np.flatnonzero(self._due[customer] >= _NEVER)
            if len(free):
                slot = free[0]
                self._staple[customer, slot] = item
                self._due[customer, slot] = day + self._cycle[item] * float(
                    self._chances.of(np.array([customer]), _HABIT).lognormal(0, 0.2)[0]
                )
                self._paid[customer, slot] = self._market.price[day, item]

    # --- orders and what comes of them ---

    def _order(self, day: int, basket: Basket) -> None:
        if not len(basket.customer):
            return
        price = self._price(day, basket.customer, basket.product)
        self._use_offers(basket)
        buyers, order_of = np.unique(basket.customer, return_inverse=True)
        placed = np.zeros(len(buyers), dtype=np.int64)
        np.maximum.at(placed, order_of, basket.second)
        sums = np.bincount(order_of, weights=basket.quantity * price)
        coupon = (self._chances.of(buyers).random() < 0.09) & (sums >= 15_000)
        cancelled = self._chances.of(buyers).random() < 0.015
        placed, buyers, order_of, coupon, cancelled = by_time(placed, buyers, order_of, coupon, cancelled)
        first_order = len(self.orders.customer)
        paid = np.round(basket.quantity * price * np.where(coupon[order_of], 0.9, 1.0)).astype(np.int64)
        full = basket.quantity * price
        self._keep_orders(basket, price, order_of, buyers, placed, coupon, cancelled, full - paid)
        shipments = self._shipping.ship(
            buyers, placed, self._crowd.places[buyers], self._market.activity[day]
        )
        self.orders.shipments.append(shipments)
        kept = ~cancelled[order_of]
        self.journal.note(
            "purchase",
            basket.customer[kept],
            placed[order_of][kept],
            product=basket.product[kept],
            order=first_order + order_of[kept],
            quantity=basket.quantity[kept],
            amount=paid[kept],
        )
        self._aftermath.arrive(buyers, first_order, shipments, cancelled)
        self._aftermath.judge(basket, order_of, first_order, shipments, paid, kept)

    def _use_offers(self, basket: Basket) -> None:
        if self._shop is not None:
            self._shop.offers.use(basket.customer, basket.product)

    def _keep_orders(
        self,
        basket: Basket,
        price: Ints,
        order_of: Ints,
        buyers: Ints,
        placed: Ints,
        coupon: Bools,
        cancelled: Bools,
        off: Ints,
    ) -> None:
        lines: list[list[tuple[int, int, int]]] = [[] for _ in buyers]
        rows = zip(
            order_of.tolist(), basket.product.tolist(), basket.quantity.tolist(), price.tolist(), strict=True
        )
        for order, *line in rows:
            lines[order].append((line[0], line[1], line[2]))
        self.orders.customer += buyers.tolist()
        self.orders.second += placed.tolist()
        self.orders.lines += lines
        self.orders.discount += np.bincount(order_of, weights=off).astype(np.int64).tolist()
        self.orders.coupon += ["SAVE10" if used else None for used in coupon]
        self.orders.cancelled += cancelled.tolist()

    def _upset(self, second: Ints, who: Ints, amount: Floats) -> None:
        np.add.at(self._shock, (np.minimum(second // DAY, len(self._shock) - 1), who), amount)

    def _visit_times(self, day: int, who: Ints) -> Ints:
        """The second of the window at which a visit begins, by the hours of the customer's own city.

        A visit never runs over the end of the day, where its second half would come before its first.
        """
        local = self._chances.of(who).choice(_HOURS / _HOURS.sum()) * 3_600
        local += self._chances.of(who).integers(0, 3_600)
        into_day = (local - self._offset[who] * 3_600 - self._start_offset) % DAY
        starts: Ints = day * DAY + np.minimum(into_day, DAY - 1_800)
        return starts


@dataclass(slots=True)
class _Shop:
    """What the shop decides, and what customers make of it."""

    prices: PricesOfTheShop
    answers: Answers
    offers: Offers
    chances: Chances
    reminded: Messages = field(
        default_factory=lambda: Messages(
            customer=np.zeros(0, np.int64), product=np.zeros(0, np.int64), share=np.zeros(0)
        )
    )
    """Messages of today that were opened."""


def _draw(weights: NDArray[np.float32], draws: Draws) -> Ints:
    """One column for each row, with chances in proportion to its weights."""
    heaps = np.cumsum(weights, axis=1)
    marks = draws.random(np.float32) * heaps[:, -1] * np.float32(0.99999)
    column: Ints = (heaps <= marks[:, None]).sum(axis=1)
    return column
