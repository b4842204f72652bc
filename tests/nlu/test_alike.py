"""Messages that say much the same are put together, and every one is somewhere."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.alike import alike

WORDS = st.text(alphabet="abc 包裹到哪了1?", max_size=12)
MESSAGES = st.lists(st.tuples(st.sampled_from(["", "confirm return"]), WORDS), max_size=25)


def _together(messages: list[tuple[str, str]]) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(messages[place] for place in group) for group in alike(messages)}


@settings(deadline=None)
@given(MESSAGES)
def test_each_message_is_in_one_group(messages: list[tuple[str, str]]) -> None:
    groups = alike(messages)
    assert sorted(place for group in groups for place in group) == list(range(len(messages)))
    sizes = [len(group) for group in groups]
    assert sizes == sorted(sizes, reverse=True)
    assert alike(messages) == groups


@settings(deadline=None)
@given(MESSAGES)
def test_the_same_words_are_together_and_other_questions_apart(messages: list[tuple[str, str]]) -> None:
    number = {place: index for index, group in enumerate(alike(messages)) for place in group}
    for one, first in enumerate(messages):
        for other, second in enumerate(messages):
            if first == second:
                assert number[one] == number[other]
            if first[0] != second[0]:
                assert number[one] != number[other]


@settings(deadline=None)
@given(MESSAGES, st.integers(1, 3))
def test_saying_all_of_it_again_makes_no_other_groups(messages: list[tuple[str, str]], times: int) -> None:
    assert _together(messages * times) == _together(messages)


def test_what_is_put_in_other_words_is_together() -> None:
    said = ["where is my parcel", "do you gift wrap", "wheres my parcel??", "can you gift-wrap it"]
    said += ["我的快递到哪了", "拉链坏了", "快递到哪里了"]
    groups = [{said[place] for place in group} for group in alike([("", words) for words in said])]
    assert {"where is my parcel", "wheres my parcel??"} in groups
    assert {"do you gift wrap", "can you gift-wrap it"} in groups
    assert {"我的快递到哪了", "快递到哪里了"} in groups


def test_the_most_typical_comes_first() -> None:
    said = ["zipper broken after one week only", "zip broken", "the zip is broken", "zip is broken"]
    (group,) = [group for group in alike([("", words) for words in said]) if len(group) > 2]
    assert said[group[0]] in ("zip is broken", "the zip is broken")
