"""Codes over HTTP: which there are, what each is for, using one and giving it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import FastAPI, Query

from bot.api import rows
from bot.shop.intake.records import Moment
from storage import NotFound, Store
from storage.checking import Checkout, Checks
from storage.code_lists import CodeLists, Wanted
from storage.codes import Codes, State
from storage.redemptions import Redemptions


class CodesApi:
    """Everything below `/codes`."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def serve(self, app: FastAPI) -> None:
        """Add its paths."""
        app.get("/codes")(self.codes)
        app.get("/codes/{code}")(self.code)
        app.post("/codes/{code}/check")(self.check)
        app.post("/codes/{code}/use")(self.use)
        app.delete("/codes/{code}/use")(self.give_back)

    async def codes(
        self,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=rows.MAX_ROWS)] = 200,
        state: State | None = None,
        changed_since: Moment | None = None,
        discrepancy: bool = False,
    ) -> rows.CodePage:
        """All codes, a page at a time, in an order that stays."""
        now = self._clock()
        wanted = Wanted(state=state, changed_since=changed_since, odd=discrepancy)
        async with self._store.read() as connection:
            page = await CodeLists(connection).page(wanted, now, after=after, limit=limit)
        return rows.CodePage(codes=[rows.CodeRow.of(one, now) for one in page.codes], next=page.next)

    async def code(self, code: rows.Code) -> rows.CodeRow:
        """What an offer's or a coupon's code is for, and whether it holds."""
        async with self._store.read() as connection:
            found = await Codes(connection).find(code)
        if found is None:
            raise NotFound(f"there is no code {code!r}")
        return rows.CodeRow.of(found, self._clock())

    async def check(self, code: rows.Code, checkout: rows.CodeCheck) -> rows.CodeChecked:
        """Whether a code would be redeemed now, and for what price; nothing is changed."""
        async with self._store.read() as connection:
            checked = await Checks(connection).check(code, Checkout(**checkout.model_dump()), self._clock())
        return rows.CodeChecked.of(checked)

    async def use(self, code: rows.Code, use: rows.CodeUse) -> rows.RedemptionRow:
        """Mark an offer's or a coupon's code as used; the same order again changes nothing."""
        now = self._clock()
        used = await self._store.write(
            lambda connection: Redemptions(connection).use(
                code, customer_id=use.customer_id, order_id=use.order_id, now=now
            )
        )
        return rows.RedemptionRow.model_validate(used, from_attributes=True)

    async def give_back(self, code: rows.Code, use: Annotated[rows.CodeUse, Query()]) -> rows.CodeRow:
        """Take the use of a code back, as when a checkout is abandoned."""
        now = self._clock()
        found = await self._store.write(
            lambda connection: Redemptions(connection).give_back(
                code, customer_id=use.customer_id, order_id=use.order_id, now=now
            )
        )
        return rows.CodeRow.of(found, now)
