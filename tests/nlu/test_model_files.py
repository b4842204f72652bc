"""A damaged or foreign model folder is told apart, and what was wrong is said."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import nlu
from nlu.heads import Heads
from nlu.modelfiles import FILES, SHIPPED
from tests.nlu.unsound import narrow_heads, one_intent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "model"))


def test_a_copy_loads(copy: Path) -> None:
    assert nlu.load(copy).understand(["hi"])[0].intent == "greeting"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(nlu.ModelDamaged, match=name):
        nlu.load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_short(copy: Path, name: str) -> None:
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(nlu.ModelDamaged, match=r"altered or damaged"):
        nlu.load(copy)


def test_another_format(copy: Path) -> None:
    (copy / "manifest.json").write_text(json.dumps({"format": "other-1", "sha256": {}}), "utf-8")
    with pytest.raises(nlu.ModelDamaged, match="other-1"):
        nlu.load(copy)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"format": "liuke-nlu-1"}', '{"format": "liuke-nlu-1", "sha256": []}']
)
def test_an_unreadable_manifest(copy: Path, content: str) -> None:
    (copy / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(nlu.ModelDamaged):
        nlu.load(copy)


@pytest.mark.parametrize(
    "part",
    ["intents", "intent_weight", "intent_bias", "sentiment_weight", "mean", "whitening", "spelling_scale"],
)
def test_heads_that_do_not_fit_together(tmp_path: Path, part: str) -> None:
    with np.load(SHIPPED / "heads.npz") as stored:
        arrays = dict(stored)
    np.savez(tmp_path / "heads.npz", **(arrays | {part: arrays[part][:-1]}))
    with pytest.raises(nlu.ModelDamaged, match="does not fit together"):
        Heads.load(tmp_path / "heads.npz")


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("whitening", np.zeros(384, np.float32)),
        ("scope_weights", np.zeros(2, np.float32)),
        ("centres", np.zeros((0, 96), np.float32)),
        ("mean", np.float32(0)),
        ("intents", np.array("greeting")),
        ("intent_slope", np.zeros(2, np.float32)),
        ("urgent_weight", np.zeros((2, 384), np.float32)),
        ("felt_scale", np.zeros(1, np.float32)),
        ("felt_weight", np.zeros((10, 3), np.int8)),
        ("spelling_weight", np.zeros((10, 43), np.int8)),
    ],
)
def test_sealed_heads_of_another_shape(copy: Path, part: str, values: np.ndarray) -> None:
    from nlu.modelfiles import write_manifest

    with np.load(copy / "heads.npz") as stored:
        arrays = dict(stored)
    np.savez(copy / "heads.npz", **(arrays | {part: values}))
    write_manifest(copy, {})
    with pytest.raises(nlu.ModelDamaged, match="does not fit together"):
        nlu.load(copy)


def test_heads_for_vectors_of_another_length_than_the_encoder_s(copy: Path) -> None:
    narrow_heads(copy)
    with pytest.raises(nlu.ModelDamaged, match=r"383.*384"):
        nlu.load(copy)


def test_a_single_intent_is_told_from_nothing(copy: Path) -> None:
    one_intent(copy)
    with pytest.raises(nlu.ModelDamaged, match="1 intents"):
        nlu.load(copy)


def test_a_network_that_makes_no_vectors(copy: Path) -> None:
    onnx = pytest.importorskip("onnx")
    from nlu.modelfiles import write_manifest

    ids, mask = (
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["texts", "tokens"])
        for name in ("input_ids", "attention_mask")
    )
    out = onnx.helper.make_tensor_value_info("out", onnx.TensorProto.FLOAT, ["texts", "tokens"])
    cast = onnx.helper.make_node("Cast", ["input_ids"], ["out"], to=onnx.TensorProto.FLOAT)
    graph = onnx.helper.make_graph([cast], "numbers", [ids, mask], [out])
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, ir_version=8, opset_imports=[opset]), copy / "encoder.onnx")
    write_manifest(copy, {})
    with pytest.raises(nlu.ModelDamaged, match="cannot be loaded"):
        nlu.load(copy)


def test_the_heads_before_teaching_are_checked_as_well(copy: Path) -> None:
    from nlu.modelfiles import UNTAUGHT, check, write_manifest

    shutil.copy(copy / "heads.npz", copy / UNTAUGHT)
    with pytest.raises(nlu.ModelDamaged, match=UNTAUGHT):
        check(copy)
    write_manifest(copy, {})
    check(copy)
    (copy / UNTAUGHT).unlink()
    with pytest.raises(nlu.ModelDamaged, match=UNTAUGHT):
        check(copy)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(nlu.ModelDamaged):
        nlu.load(tmp_path / "nowhere")


def test_resealed_rubbish_is_still_refused(copy: Path) -> None:
    from nlu.modelfiles import write_manifest

    (copy / "heads.npz").write_bytes(b"rubbish")
    write_manifest(copy, {})
    with pytest.raises(nlu.ModelDamaged, match="heads"):
        nlu.load(copy)
    (copy / "encoder.onnx").write_bytes(b"rubbish")
    write_manifest(copy, {})
    with pytest.raises(nlu.ModelDamaged):
        nlu.load(copy)
