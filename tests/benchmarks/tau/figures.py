"""What is told of the tasks that were played: figures for the page, and conversations for a reader."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from kernel.intervals import wilson
from tests.benchmarks.report import machine, table, today
from tests.benchmarks.tau.judging import LACKS_MONEY, LACKS_REASON, Played, Verdict, judge
from tests.benchmarks.tau.playing import MOST
from tests.benchmarks.tau.templates import STYLES

_ACTIONS = (
    "cancel_order",
    "change_order",
    "change_address",
    "account_address",
    "change_payment",
    "return",
    "exchange",
)


def share(hits: int, count: int) -> str:
    """A count, its share and the share's 95 % interval."""
    low, high = wilson(hits, count)
    return f"{hits} of {count}, {100 * hits / max(count, 1):.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def section(
    runs: Mapping[int, Sequence[Played]], left_out: Mapping[str, int], seconds: float, taken: str
) -> str:
    """The section of the page."""
    verdicts = {seed: [judge(one) for one in run] for seed, run in runs.items()}
    flat = [
        (one, verdict) for seed, run in runs.items() for one, verdict in zip(run, verdicts[seed], strict=True)
    ]
    count = len(next(iter(runs.values())))
    passed = {seed: [one.passed for one in told] for seed, told in verdicts.items()}
    each = sum(all(ways) for ways in zip(*passed.values(), strict=True))
    some = sum(any(ways) for ways in zip(*passed.values(), strict=True))
    out = "; ".join(f"{number} where {why}" for why, number in left_out.items()) or "none"
    whole = sum(verdict.passed for _, verdict in flat)
    money = sum(verdict.passed_but_for(LACKS_MONEY) for _, verdict in flat)
    reason = sum(verdict.passed_but_for(LACKS_MONEY, LACKS_REASON) for _, verdict in flat)
    in_fields = sum(verdict.passed and verdict.in_fields for _, verdict in flat)
    turns = sum(len(one.said) for one, _ in flat)
    return f"""## A public set of tasks: τ-bench retail

`make bench-tau`, {today()}, {machine()};
{taken}, {seconds:.0f} s in all. {
        count
    } of τ-bench's training tasks, with which the bot was developed, for its retail shop (500 customers, 1,000 orders,
50 products; left out: {out}). Its data have no times: orders are put into the last
weeks, and those that it calls processed are on their way here.

A scripted customer, signed in beforehand, knows what it wants and writes it in one of {
        len(STYLES)
    } styles, another in
every run, in at most {
        MOST
    } messages; it reads what the bot writes as a person would. A task passes when exactly the
requests that it names were made, each of the right kind, for the right order and items and with every value that was
told, and nothing besides. Returns, exchanges and changes name a way for the refund or the difference, which the bot
never asks for: it counts, and the table says what it costs. The requests wait for the shop's people; τ-bench's own
figures are of programs that change orders themselves and meet a customer played by a language model, and are not to
be compared with these. Intervals are 95 %; over all runs they take the runs for independent, so they are too narrow.

{
        table(
            ["", "passed"],
            [
                *([f"seed {seed}", share(sum(ways), count)] for seed, ways in passed.items()),
                [f"pass^1: all {len(runs)} runs", share(whole, len(flat))],
                [f"pass^{len(runs)}: tasks passed in every run", share(each, count)],
                ["tasks passed in at least one run", share(some, count)],
                ["pass^1, the way of a refund or difference not counted", share(money, len(flat))],
                ["pass^1, nor the reason of a cancellation", share(reason, len(flat))],
                ["pass^1 with every value in the field made for it", share(in_fields, len(flat))],
            ],
        )
    }

{turns} messages, {turns / max(len(flat), 1):.1f} a task. Single wishes, by what was wanted:

{table(["wish", "asked for as wanted"], _by_kind(flat))}

{table(["customer", "passed"], _by(flat, lambda one: one.style))}

{table(["tasks with", "passed"], _by(flat, _length))}

What went wrong, in {len(flat) - whole} tasks that failed (a task may have several faults):

{table(["fault", "times"], [[name, str(number)] for name, number in faults(flat).most_common()])}
"""


def faults(flat: Iterable[tuple[Played, Verdict]]) -> Counter[str]:
    """How often each fault came, with the kind of wish."""
    counts: Counter[str] = Counter()
    for one, verdict in flat:
        for wish, fault in zip(one.goal.wishes, verdict.faults, strict=True):
            if fault:
                counts[f"{wish.kind}: {fault}"] += 1
        counts.update(f"extra request: {kind}" for kind in verdict.extra)
    return counts


def _by_kind(flat: Sequence[tuple[Played, Verdict]]) -> list[list[str]]:
    counts: dict[str, list[bool]] = defaultdict(list)
    for one, verdict in flat:
        for wish, fault in zip(one.goal.wishes, verdict.faults, strict=True):
            counts[wish.kind].append(not fault)
    return [[kind, share(sum(counts[kind]), len(counts[kind]))] for kind in _ACTIONS if kind in counts]


def _by(flat: Sequence[tuple[Played, Verdict]], name_of: Callable[[Played], str]) -> list[list[str]]:
    counts: dict[str, list[bool]] = defaultdict(list)
    for one, verdict in flat:
        counts[name_of(one)].append(verdict.passed)
    return [[name, share(sum(ways), len(ways))] for name, ways in sorted(counts.items())]


def _length(one: Played) -> str:
    count = len(one.goal.wishes)
    return {1: "1 wish", 2: "2 wishes"}.get(count, "3 or more")


def transcript(one: Played) -> str:
    """A task to be read: what was wanted, what was said, what was asked of the shop."""
    verdict = judge(one)
    result = "passed" if verdict.passed else "FAILED"
    lines = [f"## {result}: task {one.goal.number}, {one.style}, {one.goal.customer}", ""]
    for wish, fault in zip(one.goal.wishes, verdict.faults, strict=True):
        items = "; ".join(f"{item.name} ({item.id}) {dict(item.wanted) or ''}".strip() for item in wish.items)
        parts = (wish.kind, wish.order, items, wish.reason, wish.payment, str(wish.address or ""))
        lines.append(f"wanted: {' | '.join(part for part in parts if part)}")
        lines += [f"  FAULT: {fault}"] if fault else []
    lines += [f"  EXTRA: {kind}" for kind in verdict.extra]
    for message, answer in one.said:
        lines += ["", f"C: {message}", f"B: {answer}"]
    lines += ["", *(f"filed: {made.kind} {made.order_number} {dict(made.details)}" for made in one.requests)]
    return "\n".join(lines)
