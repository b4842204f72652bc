"""Values that are put right: parts of an address, the end of a number, and which of two is the wrong one."""

from __future__ import annotations

import time

import pytest

from nlu.acts import Act, Acts, DialogueState, SlotValue, Wish
from nlu.context.clauses import clauses_of
from nlu.context.plain_words import with_plain_words
from nlu.entities import corrections
from nlu.entities.address_parts import corrected, grown, is_town_alone, lacking, without_words_around


@pytest.mark.parametrize(
    ("address", "lacks"),
    [
        ("杭州市西湖区文三路268号3栋1502", ""),
        ("杭州文三路2号", ""),
        ("文三路2号", "region"),
        ("2栋1801", "street"),
        ("新村", "street"),
        ("22 Baker Street, London NW1 6XE", ""),
        ("22 baker st london", ""),
        ("123 Main St, Suite 4, Austin, TX 78701", ""),
        ("35 Canal Street", "region"),
        ("flat 3c", "street"),
        ("Hauptstraße 5, 10115 Berlin", ""),
    ],
)
def test_what_an_address_lacks_is_known(address: str, lacks: str) -> None:
    assert lacking(address) == lacks


@pytest.mark.parametrize(
    ("before", "part", "old", "after"),
    [
        ("杭州市文三路268号3栋1502", "2栋1801", "", "杭州市文三路268号2栋1801"),
        ("武汉东湖路109号", "2栋1801", "", "武汉东湖路109号2栋1801"),
        ("武汉东湖路109号2栋1801室", "1801应该是1810", "", "武汉东湖路109号2栋1810室"),
        ("9 Elm Mews, Hull, HU1 3AB", "Unit 2, 9 Elm Mews", "", "Unit 2, 9 Elm Mews, Hull, HU1 3AB"),
        ("武汉东湖路109号", "成都市天府大道666号2栋", "", "成都市天府大道666号2栋"),
        ("2栋1801", "成都市天府大道666号2栋1801", "", "成都市天府大道666号2栋1801"),
        ("文三路2号", "杭州市西湖区", "", "杭州市西湖区文三路2号"),
        (
            "Flat 3B, 22 Baker Street, London NW1 6XE",
            "flat 3c",
            "3b",
            "Flat 3c, 22 Baker Street, London NW1 6XE",
        ),
        ("7 Oak Avenue, York YO1 8ZZ", "17", "7", "17 Oak Avenue, York YO1 8ZZ"),
        ("32 Canal Street, London, N1 11A", "35 Canal Street", "", "35 Canal Street, London, N1 11A"),
        ("32 Canal Street, London", "flat 3c", "", "flat 3c, 32 Canal Street, London"),
        ("80 King Street, Leeds LS2 7QW", "LS2 7QX", "", "80 King Street, Leeds LS2 7QX"),
        ("35 Canal Street", "London N1 1AA", "", "35 Canal Street, London N1 1AA"),
        ("Björkvägen 4, 753 10 Uppsala", "number 14", "", "Björkvägen 14, 753 10 Uppsala"),
        ("12 High Street, 75310 Uppsala", "no. 21b", "", "21b High Street, 75310 Uppsala"),
        ("杭州天目街7号", "7号", "", "杭州天目街7号"),
        ("", "2栋", "", "2栋"),
    ],
)
def test_a_part_that_is_told_leaves_the_rest(before: str, part: str, old: str, after: str) -> None:
    assert corrected(before, part, old) == after


@pytest.mark.parametrize(
    ("text", "slot", "end"),
    [
        ("税号写错了 最后两位是2X", "tax_number", "2X"),
        ("手机号后四位错了 是6780", "phone", "6780"),
        ("尾号是5678", "", "5678"),
        ("the last four digits are 5679", "", "5679"),
        ("my phone ends in 88", "phone", "88"),
    ],
)
def test_the_end_of_a_number_is_found(text: str, slot: str, end: str) -> None:
    found = corrections.tail_in(text)
    assert found is not None
    assert (found[0], text[found[1] : found[2]]) == (slot, end)


@pytest.mark.parametrize("text", ["以后是5点吗", "the last one is 5 kg", "最后一件什么时候到", ""])
def test_what_is_no_end_of_a_number_is_none(text: str) -> None:
    assert corrections.tail_in(text) is None


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        ("91330106MA27XA1234", "2x", "91330106MA27XA122X"),
        ("07700 900123", "456", "07700900456"),
        ("13800005678", "13900001111", "13900001111"),
        ("", "2X", "2X"),
    ],
)
def test_another_end_leaves_the_beginning(before: str, told: str, after: str) -> None:
    assert corrections.with_end(before, told) == after


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("7栋不对 是9栋", "7栋", "9栋"),
        ("不是3栋，是5栋", "3栋", "5栋"),
        ("3号楼写错了，应该是8号楼", "3号楼", "8号楼"),
        ("house number is 17 not 7", "7", "17"),
        ("its flat 3c, not 3b", "3b", "flat 3c"),
        ("12 should be 14", "12", "14"),
    ],
)
def test_the_wrong_one_is_told_from_the_right_one(text: str, old: str, new: str) -> None:
    found = corrections.contrast_in(text)
    assert found is not None
    assert tuple(text[slice(*span)] for span in found) == (old, new)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("13800005678", True),
        ("1380000567", False),
        ("07700 900123", True),
        ("+44 7700 900123", True),
        ("12", False),
    ],
)
def test_a_phone_number_has_its_digits(text: str, whole: bool) -> None:
    assert corrections.is_phone(text) is whole


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("91330106MA27XA1234", True),
        ("914201006918765432", True),
        ("GB123456789", True),
        ("12-3456789", True),
        ("51 824 753 556", True),
        ("T1234567890123", True),
        ("914403TEST0077", True),
        ("91330106MA27XA12", False),
        ("9133010612345", False),
        ("15151603", False),
        ("12345", False),
        ("ABCDEFGHIJKLMNO", False),
    ],
)
def test_a_tax_number_has_its_form(text: str, whole: bool) -> None:
    assert corrections.is_tax_number(text) is whole


def test_each_order_of_several_may_have_its_wish() -> None:
    text = "15436294取消 15312880开发票 15157854想退货"
    assert [text[a:b] for a, b in clauses_of(text)] == ["15436294取消", "15312880开发票", "15157854想退货"]


def _slot(slot: str, text: str, message: str) -> SlotValue:
    start = message.index(text)
    return SlotValue(slot=slot, probability=0.9, text=text, start=start, end=start + len(text))


def _read(message: str, acts: Acts, state: DialogueState | None = None) -> Acts:
    return with_plain_words(message, state or DialogueState(), acts, Acts(), ())


def test_the_number_behind_a_hash_is_no_tracking_number() -> None:
    message = "order #W7822344"
    acts = Acts(slots=(_slot("order", "#", message), _slot("tracking", "W7822344", message)))
    assert not [value for value in _read(message, acts).slots if value.slot == "tracking"]


def test_an_address_of_the_account_is_none_of_an_order() -> None:
    message = "我账户里的地址也改成杭州市文三路2号"
    told = Acts(acts={Act.ADDS: 0.9}, slots=(_slot("address", "杭州市文三路2号", message),))
    assert [wish.intent for wish in _read(message, told).wishes] == ["account_address"]
    both = tuple(
        Wish(intent=intent, probability=0.7, text="地址改一下", start=0, end=5)
        for intent in ("account_address", "change_address")
    )
    assert [wish.intent for wish in _read("地址改一下", Acts(wishes=both)).wishes] == ["change_address"]


def test_the_end_of_a_card_is_none_of_a_phone() -> None:
    message = "use my card ending in 6976 instead"
    acts = Acts(acts={Act.CORRECTS: 0.9}, slots=(_slot("payment_method", "card ending in 6976", message),))
    state = DialogueState(filed=("change_address",))
    assert [value.slot for value in _read(message, acts, state).slots] == ["payment_method"]


@pytest.mark.parametrize("piece", ["最后", "后一位错", "1 not ", "last ", "号", "不是1", " ", "吧"])
def test_corrections_are_found_in_bounded_time(piece: str) -> None:
    text = piece * (10_000 // len(piece))
    began = time.thread_time()
    corrections.tail_in(text)
    corrections.contrast_in(text)
    lacking(text)
    without_words_around(text)
    assert time.thread_time() - began < 1.0


@pytest.mark.parametrize(
    ("text", "taken", "whole"),
    [
        (
            "send it to 8 Low Street, unit 05-11, Leeds LS2 8AB thanks",
            "8 Low Street",
            "8 Low Street, unit 05-11, Leeds LS2 8AB",
        ),
        ("to 8 Low Street 13800005678", "8 Low Street", "8 Low Street"),
    ],
)
def test_what_goes_on_from_a_stretch_of_an_address_belongs_to_it(text: str, taken: str, whole: str) -> None:
    start = text.index(taken)
    assert grown(text, start, start + len(taken)) == whole


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Yes please, it's 8 Low Street, thanks", "8 Low Street"),
        ("好的，麻烦改成天目街7号吧，谢谢", "天目街7号"),
        ("吧", ""),
    ],
)
def test_words_around_an_address_are_none_of_it(text: str, address: str) -> None:
    assert without_words_around(text) == address


@pytest.mark.parametrize(
    ("part", "elsewhere"),
    [
        ("武汉市洪山区", True),
        ("Brighton", True),
        ("2栋1801", False),
        ("98", False),
        ("天目街7号", False),
        ("flat 3c", False),
    ],
)
def test_a_town_alone_is_of_an_address_elsewhere(part: str, elsewhere: bool) -> None:
    assert is_town_alone(part) == elsewhere
