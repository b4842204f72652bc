"""Campaigns in figures, those written to beside those left alone; whom they chose and why; and how to stop one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from nicegui import events, ui

from bot.conversation.wording import money
from bot.staff.campaigns import ACTIVE, ENDED, PAUSED, CampaignReport, CampaignService, Share, returned
from bot.staff.console.cards import pushing
from bot.staff.console.frame import RedrawnPage, Visit, small_button
from bot.staff.console.words import Words
from storage.links import Reach
from storage.responses import ArmResult, Contacted
from storage.restored import Restoration


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the page shows."""

    campaigns: Sequence[tuple[CampaignReport, list[Contacted]]]
    reach: Reach
    restored: Restoration | None
    """Whose campaigns wait for somebody to let them go on."""


class CampaignsPage(RedrawnPage[Found]):
    """One browser's view of the campaigns."""

    _name = "outreach"
    _every = 15.0

    def __init__(self, campaigns: CampaignService, visit: Visit) -> None:
        super().__init__(visit)
        self._campaigns = campaigns
        self._opened: set[str] = set()
        """Whose customers are being looked at."""

    def _draw_frame(self) -> None:
        with ui.column().classes("w-full gap-4 page scrolling"):
            ui.label(self._words("outreach-what-for")).classes("text-sm soft lead")
            self._place = ui.column().classes("w-full gap-4")

    async def _read(self) -> Found:
        return Found(
            campaigns=[
                (report, await self._campaigns.contacts(report.campaign.name))
                for report in await self._campaigns.reports()
            ],
            reach=await self._campaigns.reach(),
            restored=await self._campaigns.waiting_since_restored(),
        )

    def _draw(self, found: Found) -> None:
        if found.restored is not None:
            self._draw_restored(found.restored)
        if not found.campaigns:
            ui.label(self._words("no-campaigns")).classes("soft p-4")
        for report, contacts in found.campaigns:
            card = CampaignCard(self._visit, report, contacts, self._opened)
            card.draw(partial(self._draw_actions, report))
        self._draw_reach(found.reach)

    def _draw_reach(self, reach: Reach) -> None:
        """Who could be written to at all."""
        words = self._words
        with ui.card().classes("w-full p-4 gap-2 reach").mark("reach"):
            ui.label(words("reach")).classes("font-semibold")
            ui.label(words("reach-what-for")).classes("text-sm soft lead")
            ui.label(_reached(words, "reach-of-all", reach.linked, reach.customers)).classes("text-sm")
            ui.label(_reached(words, "reach-of-given", reach.linked_of_given, reach.given)).classes("text-sm")
            for channel, (of_all, of_given) in reach.channels.items():
                told = words(
                    "reach-channel", channel=words.of("channel", channel), linked=of_all, given=of_given
                )
                ui.label(told).classes("text-sm soft")

    def _draw_restored(self, restored: Restoration) -> None:
        """Why campaigns are paused that nobody paused, and what isn't known."""
        at = restored.made_at.astimezone(self._visit.zone)
        words = self._words(
            "paused-since-restored", time=f"{at:%Y-%m-%d %H:%M}", names=", ".join(restored.campaigns)
        )
        with ui.card().classes("w-full p-4").mark("restored"):
            ui.label(words).classes("text-sm")

    def _draw_actions(self, report: CampaignReport) -> None:
        state = report.campaign.state
        if state == ACTIVE:
            small_button(self._words("pause"), partial(self._to, report, PAUSED))
        if state == PAUSED:
            label = "resume" if report.started else "start-campaign"
            small_button(self._words(label), partial(self._to, report, ACTIVE))
        if state != ENDED:
            small_button(self._words("end"), lambda: self._ask_to_end(report))

    async def _to(self, report: CampaignReport, state: str) -> bool:
        work = self._campaigns.set_state(self._visit.member, report.campaign.name, state)
        return await self._act(work, f"campaign-is-{state}")

    def _ask_to_end(self, report: CampaignReport) -> None:
        """There is no way back from an end."""
        self._ask(
            self._words("end-campaign", name=report.campaign.name),
            self._words("end-for-good"),
            "end-it",
            partial(self._to, report, ENDED),
            color="negative",
            cancel="keep-campaign",
        )


class CampaignCard:
    """Draws a campaign into the place it is made in."""

    def __init__(
        self, visit: Visit, report: CampaignReport, contacts: Sequence[Contacted], opened: set[str]
    ) -> None:
        """Make it; `draw` draws it. `opened` keeps which campaigns' customers are being looked at."""
        self._visit = visit
        self._words = visit.words
        self._report = report
        self._contacts = contacts
        self._opened = opened

    def draw(self, actions: Callable[[], None]) -> None:
        """The whole card; `actions` draws what can be done with the campaign."""
        words, campaign = self._words, self._report.campaign
        with ui.card().classes("w-full p-4 gap-4").mark(f"campaign-{campaign.name}"):
            with ui.row().classes("w-full items-center gap-3"):
                ui.label(campaign.name).classes("text-base font-semibold")
                state = campaign.state if self._report.started else "waiting"
                ui.label(words.of("campaign", state)).classes(
                    "chip" if campaign.state == ACTIVE else "chip warm"
                )
                with ui.row().classes("gap-2 ml-auto"):
                    actions()
            if not self._report.started:
                ui.label(words("how-to-start", name=campaign.name)).classes("text-sm")
            with ui.element().classes("w-full arms"):
                self._draw_arm("written-to", self._report.written_to)
                self._draw_arm("left-alone", self._report.left_alone)
            self._draw_lift()
            self._draw_contacts()

    def _draw_arm(self, label: str, arm: ArmResult) -> None:
        words = self._words
        with ui.column().classes("gap-2 min-w-0 arm").mark(label):
            ui.label(words(label)).classes("font-medium")
            with ui.row().classes("gap-x-6 gap-y-1"):
                self._figure("customers", arm.customers)
                if label == "written-to":
                    self._figure("sent", arm.sent)
                    self._figure("answered", arm.responded)
                    self._figure("stopped", arm.stopped)
            self._draw_share(returned(arm))

    def _figure(self, label: str, number: int) -> None:
        with ui.column().classes("gap-0"):
            ui.label(str(number)).classes("text-xl leading-tight figure")
            ui.label(self._words(label)).classes("text-xs soft")

    def _draw_share(self, share: Share) -> None:
        """The share that came back, as a point on its interval."""
        low, high = share.interval
        told = self._words(
            "came-back",
            number=share.hits,
            percent=_percent(share.value),
            low=_percent(low),
            high=_percent(high),
        )
        ui.label(told if share.count else self._words("nobody-yet")).classes("text-sm")
        if share.count:
            with ui.element().classes("w-full interval").props("aria-hidden=true"):
                ui.element().classes("interval-range").style(
                    f"left: {100 * low:.2f}%; width: {100 * (high - low):.2f}%"
                )
                ui.element().classes("interval-point").style(f"left: {100 * share.value:.2f}%")

    def _draw_lift(self) -> None:
        words, lift = self._words, self._report.lift
        if lift is None:
            return
        told = words("lift", points=_points(lift.value), low=_points(lift.low), high=_points(lift.high))
        with ui.row().classes("w-full items-center gap-2"):
            ui.label(told).classes("text-sm font-medium")
            if not lift.certain:
                ui.label(words("too-few-to-tell")).classes("text-sm soft")

    def _draw_contacts(self) -> None:
        if not self._contacts:
            return
        name = self._report.campaign.name

        def keep(event: events.ValueChangeEventArguments[bool]) -> None:
            (self._opened.add if event.value else self._opened.discard)(name)

        title = self._words("chosen-last", number=len(self._contacts))
        with ui.expansion(title, value=name in self._opened, on_value_change=keep).classes("w-full chosen"):
            for contact in self._contacts:
                self._draw_contact(contact)

    def _draw_contact(self, contact: Contacted) -> None:
        words = self._words
        with ui.column().classes("w-full gap-0 contact"):
            with ui.row().classes("w-full items-center gap-2"):
                ui.label(contact.name or contact.customer_id).classes("font-medium")
                ui.label(words("customer-linked", id=contact.customer_id)).classes("text-xs soft")
                lost = contact.dropped is not None or contact.state in ("failed", "unknown", "cancelled")
                ui.label(self._state(contact)).classes("chip warm ml-auto" if lost else "chip ml-auto")
            ui.label(self._why(contact)).classes("text-sm")
            if reasons := pushing(contact.reasons, words):
                ui.label(words("because", reasons=reasons)).classes("text-sm opacity-80")

    def _state(self, contact: Contacted) -> str:
        words = self._words
        if contact.responded_at is not None:
            at = contact.responded_at.astimezone(self._visit.zone)
            return words("answered-at", time=f"{at:%m-%d %H:%M}")
        if contact.dropped is not None:
            return words.of("dropped", contact.dropped)
        return words.of("planned", contact.state or "none")

    def _why(self, contact: Contacted) -> str:
        words = self._words
        parts = [words("leaves", percent=round(100 * contact.risk))]
        if contact.expected_value is not None and contact.currency:
            parts.append(words("would-spend", amount=money(contact.expected_value, contact.currency)))
            parts.append(words("at-stake", amount=money(contact.at_stake, contact.currency)))
        return words("comma").join(parts)


def _reached(words: Words, text_id: str, part: int, whole: int) -> str:
    return words(text_id, linked=part, number=whole, percent=_percent(part / whole if whole else 0.0))


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"
