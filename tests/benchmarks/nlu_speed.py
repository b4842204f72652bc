"""How fast and how heavy: one message, batches, loading and memory, beside the 12-layer encoder in PyTorch."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

import nlu
from kernel.arrays import Floats32
from nlu.modelfiles import SHIPPED
from nlu.understander import TransformerUnderstander
from tests.benchmarks.report import table

TWELVE_WORDS = {
    "zh": "你好我想问一下我上周买的那双鞋子什么时候能发货呀",
    "en": "hello can you please tell me where my order 1024 is now",
}
ROUNDS = 30
TURN = 0.2
"""Seconds."""
AFTER_THE_OTHER = 8
BATCH = 128
BATCHES = 8
_FRESH = r"""
import json, re, time
import nlu
began = time.perf_counter()
model = nlu.load()
loaded = time.perf_counter() - began
for text in ({texts!r}) * 200:
    model.understand([text])
model.understand(({texts!r}) * 64)
peak = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1])
print(json.dumps([loaded, peak / 1024]))
"""


def in_its_own_process() -> str:
    """The Markdown of this part, measured where nothing else was done before, as in a bot's process."""
    command = [sys.executable, "-m", "tests.benchmarks.nlu_speed"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def section(understander: TransformerUnderstander) -> str:
    """The Markdown of this part."""
    large = _large()
    # In turns, so that whatever else the machine does slows all of them alike; turns of one length, so that neither
    # spends more of its time than the other in caches, and at a clock, that were the other's.
    turns: dict[str, list[Floats32]] = {}
    for _ in range(ROUNDS):
        for language, text in TWELVE_WORDS.items():
            turns.setdefault(language, []).append(_turn(partial(understander.understand, [text])))
            turns.setdefault(f"{language}, 12 layers", []).append(_turn(partial(large, text)))
    lines = []
    for language in TWELVE_WORDS:
        ours, theirs = turns[language], turns[f"{language}, 12 layers"]
        # The machine is now fast, now slow: what is compared was measured next to each other.
        pairs = zip(ours, theirs, strict=True)
        faster = np.percentile([np.median(large) / np.median(own) for own, large in pairs], [25, 50, 75])
        lines.append(
            [
                f"12 words, {language}",
                *(f"{value:.2f}" for value in np.percentile(np.concatenate(ours), [50, 95, 99])),
                f"{np.median([turn[:AFTER_THE_OTHER] for turn in ours]):.2f}",
                f"{np.median(np.concatenate(theirs)):.1f}",
                f"{faster[1]:.1f} ({faster[0]:.1f}–{faster[2]:.1f})",
            ]
        )
    header = [
        "milliseconds, one thread",
        "median",
        "p95",
        "p99",
        "right after the other's turn",
        "12 layers, PyTorch",
        "times faster (quartiles)",
    ]
    loaded, megabytes = _fresh()
    weight = sum(path.stat().st_size for path in Path(SHIPPED).iterdir()) / 1e6
    return f"""### Speed and weight

The whole of `understand` (normalise, jieba, entities, encoder, all heads), against the encoding alone by the
12-layer multilingual-e5-small in PyTorch, float32, in one run of {ROUNDS} rounds of turns of {TURN:g} s each. The first
{AFTER_THE_OTHER} messages of a turn find the caches full of the other's weights; their median stands by itself. Times
and the rate are of the machine as it was during the run.

{table(header, lines)}

In batches of {BATCH} on two threads: {_rate(understander):.0f} messages a second. A fresh process loads the model in
{loaded:.2f} s and takes {megabytes:.0f} MB at most after 500 messages; the model's files take {weight:.1f} MB."""


def _turn(call: Callable[[], object]) -> Floats32:
    """Milliseconds of each call of a turn, at least as many calls as are looked at by themselves."""
    found: list[float] = []
    until = time.perf_counter() + TURN
    while len(found) < AFTER_THE_OTHER or time.perf_counter() < until:
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1000)
    return np.array(found, np.float32)


def _large() -> Callable[[str], object]:
    import torch

    from nlu.normalise import encoder_text
    from nlu.workshop.training import network, pretrained
    from nlu.workshop.training.network import encode

    torch.set_num_threads(1)
    weights = pretrained.load()
    tokenizer = pretrained.full_tokenizer(weights.pieces)
    everything = range(len(weights.pieces.texts))
    encoder = network.build_encoder(weights, everything, range(weights.sizes.layers))
    encoder.train(False)

    def read(text: str) -> object:
        with torch.inference_mode():
            return network.mean_vectors(encoder, *encode(tokenizer, [f"query: {encoder_text(text)}"]))

    return read


def _rate(understander: TransformerUnderstander) -> float:
    batch = [text for text in TWELVE_WORDS.values() for _ in range(BATCH // 2)]
    work: Sequence[list[str]] = [batch] * BATCHES
    rates = []
    with ThreadPoolExecutor(2) as threads:
        for _ in range(3):
            began = time.perf_counter()
            list(threads.map(understander.understand, work))
            rates.append(BATCH * BATCHES / (time.perf_counter() - began))
    return float(np.median(rates))


def _fresh() -> tuple[float, float]:
    program = _FRESH.format(texts=list(TWELVE_WORDS.values()))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded, megabytes = json.loads(done.stdout)
    return float(loaded), float(megabytes)


if __name__ == "__main__":
    sys.stdout.write(section(nlu.load()) + "\n")
