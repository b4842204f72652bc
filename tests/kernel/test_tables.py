"""Tables are read whatever their encoding, separator or packing; every row that can't be read is named."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kernel.columns import given, place_of, recognised
from kernel.tables import CsvTable, Portion, TableRefused, open_table

WORDS = {
    "utf-8": "绿茶",
    "utf-8-sig": "绿茶",
    "utf-16": "绿茶",
    "gb18030": "绿茶",
    "cp1252": "thé – €5",
    "latin-1": "\x81 thé",
}


def everything(path: Path) -> Portion:
    whole = Portion()
    for portion in open_table(path).portions():
        whole.rows += portion.rows
        whole.numbers += portion.numbers
        whole.broken += portion.broken
        whole.share = portion.share
    return whole


@pytest.mark.parametrize("encoding", WORDS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("packed", [False, True])
def test_encoding_separator_and_packing_are_found_out(
    tmp_path: Path, encoding: str, separator: str, packed: bool
) -> None:
    path = tmp_path / ("log.csv.gz" if packed else "log.csv")
    content = f"id{separator}name\r\n7{separator}{WORDS[encoding]}\r\n".encode(encoding)
    path.write_bytes(gzip.compress(content) if packed else content)
    table = open_table(path)
    assert table.header == ["id", "name"]
    found = everything(path)
    assert (found.rows, found.numbers, found.share) == ([["7", WORDS[encoding]]], [1], 1.0)


def test_letters_far_below_the_beginning_decide_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"id,name\n" + b"1,tea\n" * 800_000 + "2,绿茶\n".encode("gb18030"))
    assert isinstance(table := open_table(path), CsvTable)
    assert table.encoding == "gb18030"


def test_rows_that_cannot_be_read_are_named_and_empty_ones_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('\nid,name\n1,a\n\n2\n,\n3,c,d\n4,d\n5,"e\n', "utf-8")
    found = everything(path)
    assert list(zip(found.numbers, found.rows, strict=True)) == [
        (1, ["1", "a"]),
        (6, ["4", "d"]),
        (7, ["5", "e\n"]),
    ]
    assert [(number, reason) for number, reason, _ in found.broken] == [
        (3, "1 values for 2 columns"),
        (5, "3 values for 2 columns"),
    ]


def test_an_open_quotation_mark_costs_what_it_swallows_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text('id,name\n1,a\n2,"b\n' + "3,c\n" * 400_000, "utf-8")
    found = everything(path)
    [(number, reason, _)] = [one for one in found.broken if "quotation mark" in one[1]]
    assert number == 2
    assert "quotation mark" in reason
    assert len(found.rows) > 100_000


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    for name, content in (
        ("a.csv", b""),
        ("b.csv", b"\n\n"),
        ("c.csv", b"PK\x03\x04\x00"),
        ("d.csv.gz", b"no gzip"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(TableRefused, match=name):
            open_table(tmp_path / name)


def test_columns_are_known_by_the_names_that_exports_use() -> None:
    header = ["Invoice No", "STOCK_CODE", "客户编号", "Unit-Price"]
    fields = {"customer": ("客户编号",), "item": ("stock code",), "price": ("unit price",), "time": ("date",)}
    assert recognised(header, fields) == {"customer": 2, "item": 1, "price": 3}
    assert place_of("unit price", header, "price") == 3
    with pytest.raises(TableRefused, match="Nearest: 'Unit-Price'"):
        place_of("unit prize", header, "price")
    assert given('"item=a, b",customer=c') == {"item": "a, b", "customer": "c"}
