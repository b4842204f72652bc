"""A benchmark replaces its own section of the page and nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.report import processor, table, write_section


def test_sections_are_added_and_replaced(tmp_path: Path) -> None:
    page = tmp_path / "docs" / "benchmarks.md"
    write_section("load", r"first \1", page)
    write_section("nlu", "other", page)
    write_section("load", r"second \1", page)
    text = page.read_text()
    assert text.startswith("# Benchmarks")
    assert "first" not in text
    assert text.index("second \\1") < text.index("other")
    assert text.count("<!-- load:start -->") == 1


def test_a_table() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def test_a_processor_is_told_by_name_and_by_what_it_multiplies_in_8_bits_with(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text("processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx2 avx512f avx512_vnni\n\n")
    assert processor(file) == "AMD EPYC (AVX2, AVX-512, AVX-512 VNNI)"
    file.write_text("processor\t: 0\nmodel name\t: Old one\nflags\t\t: fpu sse2\n")
    assert processor(file) == "Old one"
    file.write_text("processor\t: 0\nFeatures\t: asimd\n")
    assert processor(file) == "a processor"
    assert processor(tmp_path / "none") == "a processor"
