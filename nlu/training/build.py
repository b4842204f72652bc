"""The whole way from pretrained weights to the model folder; each stage is kept and not repeated."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer

from nlu import modelfiles
from nlu.encoder import Encoder
from nlu.errors import ModelDamaged
from nlu.evaluation import Report, Row, evaluate
from nlu.normalise import readable
from nlu.training import calibrate, card, data, export, fit, network, vocabulary
from nlu.training.abreast import Job, Weights, trained
from nlu.training.data import Example
from nlu.training.material import Material, gather
from nlu.training.reach import reach
from nlu.training.starting import LAYERS, stages_of, start
from nlu.understander import TransformerUnderstander


def build(
    out: Path, work: Path, public: Path | None, plan: fit.Plan, console: Console, *, distil: bool = True
) -> None:
    """Make a model in `out`; `work` keeps the stages, so that a build that was cut off goes on.

    Raises:
        DataRefused: a data file cannot be used.
        ModelDamaged: the pretrained weights are missing, or `out` holds something that is no model.
    """
    _quiet()
    if not out.exists() and _former(out).exists():
        _former(out).rename(out)  # cut off between two renames
    _refuse_what_is_no_model(out)
    torch.manual_seed(plan.seed)
    material = gather(public, plan.seed, work)
    stages = stages_of(work, material.lessons, plan, distil=distil)
    console.print(f"{len(material.train)} messages to learn from, {len(material.lessons)} lessons before")
    with _progress(console) as progress:
        started = start(stages, material, plan, progress, public=public, distil=distil)
        jobs = [
            Job(part=part, plan=plan, public=public, stages=stages, distil=distil)
            for part in fit.own_parts(plan)
        ]
        started.reader.load_state_dict(mean(trained(jobs, progress)))
    _assemble(out, started.reader, started.tokenizer, material, plan, console)


def _refuse_what_is_no_model(out: Path) -> None:
    """A build replaces the folder: nothing but a model may be lost that way."""
    if out.exists() and any(out.iterdir()) and not (out / "manifest.json").exists():
        raise ModelDamaged(f"{out} is there and holds no model: name an empty folder, or the model's own.")


def _former(out: Path) -> Path:
    """Where the folder in use lies while another takes its place."""
    return out.with_name(f".{out.name}.old")


def _quiet() -> None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    torch.set_num_threads(2)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, refresh_per_second=1)


def mean(several: Sequence[Weights]) -> Weights:
    """The mean of weights that were trained from the same start with other dice.

    It reads better than either (Wortsman et al. 2022, Model soups) and costs nothing when it reads.
    """
    return {
        name: torch.stack([weights[name].double() for weights in several]).mean(0).to(value.dtype)
        for name, value in several[0].items()
    }


def _assemble(
    out: Path,
    reader: network.Reader,
    tokenizer: Tokenizer,
    material: Material,
    plan: fit.Plan,
    console: Console,
) -> None:
    """Export beside the old folder and swap, so that a build that fails leaves the model in use alone."""
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    console.print("exporting and calibrating")
    tokenizer.enable_truncation(vocabulary.LONGEST)
    texts = [readable(example.text) for example in material.train]
    export.export(reader.encoder, fresh / "encoder.onnx", reach(reader.encoder, tokenizer, texts))
    tokenizer.save(str(fresh / "tokenizer.json"), pretty=False)
    encoder = Encoder(fresh / "encoder.onnx", fresh / "tokenizer.json")
    heads = calibrate.calibrate(
        reader, encoder, material.train, material.development, material.feelings, plan.seed
    )
    heads.save(fresh / "heads.npz")
    facts: dict[str, object] = {
        "data": data.digest(material.train),
        "development": data.digest(material.development),
        "seed": plan.seed,
        "layers": list(LAYERS),
        "pieces": tokenizer.get_vocab_size(),
    }
    modelfiles.seal(fresh, facts)
    reports = _measure(fresh, material)
    text = card.write(fresh, material.train, material.lessons, len(LAYERS), facts, reports)
    (fresh / "card.md").write_text(text, encoding="utf-8")
    old = _former(out)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    console.print(f"the model is in {out}")


def _measure(folder: Path, material: Material) -> dict[str, Report]:
    """Figures for the card: the held-out test messages, and the real ones that training left out."""
    understander = TransformerUnderstander(folder)
    sets = {f"held out, {language}": data.held_out(language, "test") for language in ("zh", "en")}
    sets["JDDC, mapped"] = material.real
    return {name: evaluate(understander, _rows(examples)) for name, examples in sets.items() if examples}


def _rows(examples: Sequence[Example]) -> list[Row]:
    return [
        Row(text=example.text, intent=(example.intents or ("",))[0], sentiment=example.sentiment or "")
        for example in examples
    ]
