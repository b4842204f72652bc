"""What messages tell of a need, and what goods it forbids: nothing that must hold is broken, whatever the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.products import stated
from nlu.products.budgets import budget
from nlu.products.concepts import wanted
from nlu.products.goods import Goods, against
from nlu.products.needs import ANIMALS, Need, read
from nlu.products.searching import GoodsIndex


@pytest.mark.parametrize(
    ("text", "low", "high", "about"),
    [
        ("something under 300", None, 300, False),
        ("三百块以内的", None, 300, False),
        ("no more than a hundred and fifty", None, 150, False),
        ("不超过1千", None, 1000, False),
        ("between 80 and 100", 80, 100, False),
        ("三四百的", 300, 400, False),
        ("两百以上三百以下", 200, 300, False),
        ("at least 200", 200, None, False),
        ("预算200左右", None, 200, True),
        ("about fifty quid", None, 50, True),
        ("20 bucks", None, 20, False),
        ("0元以内", None, 0, False),
    ],
)
def test_a_budget_is_a_sum_or_a_range(text: str, low: int | None, high: int | None, about: bool) -> None:
    found = budget(text)
    assert found is not None
    assert (found.low, found.high, found.about) == (low, high, about)


@pytest.mark.parametrize("text", ["a 5 year old", "三个月的小猫", "in 2 or 3 days", "two of them", "8个月"])
def test_a_number_of_something_else_is_no_budget(text: str) -> None:
    assert budget(text) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("she's allergic to nuts", {"allergies": ("nuts",)}),
        ("他对花生过敏", {"allergies": ("花生",)}),
        ("no nuts or chocolate please", {"unwanted": ("nuts", "chocolate")}),
        ("别太甜", {"unwanted": ("甜",)}),
        ("anything but food", {"unwanted": ("food",)}),
        ("she already has a teapot", {"owned": ("teapot",)}),
        ("跑鞋他已经有了", {"owned": ("跑鞋",)}),
        ("for my 5 year old nephew", {"age": 60, "people": ("man",)}),
        ("he's 6 months", {"age": 6}),
        ("她有猫", {"people": ("cat",), "owned": ()}),
        ("有没有便宜一点的", {"cheaper": True, "unwanted": ()}),
        ("no more than 200", {"high": 200.0, "unwanted": ()}),
    ],
)
def test_what_a_message_tells_of_a_need(text: str, told: dict[str, object]) -> None:
    need = read(text)
    assert {name: getattr(need, name) for name in told} == told


def test_what_was_said_holds_until_another_need_is_begun() -> None:
    first = read("a present for my mum under 300, she likes tea", ("tea",))
    after = first.then(read("she already has a teapot"), anew=False)
    assert (after.high, after.words, after.owned) == (300.0, ("tea",), ("teapot",))
    narrower = after.then(read("less than 100"), anew=False)
    assert (narrower.high, narrower.owned) == (100.0, ("teapot",))
    other = after.then(read("something for dad instead, he likes running", ("running",)), anew=False)
    assert (other.high, other.words, other.owned) == (300.0, ("running",), ())
    anew = first.then(read("do you have pans", ("pans",)), anew=True)
    assert (anew.high, anew.words) == (300.0, ("pans",)), "what may be spent on mum"
    mine = read("headphones under 300", ("headphones",)).then(read("do you have pans", ("pans",)), anew=True)
    assert (mine.high, mine.words) == (None, ("pans",))


def test_an_allergy_outlives_a_wish_for_other_goods() -> None:
    first = read("snacks, he's allergic to nuts", ("snacks",))
    assert first.then(read("ok a mug then", ("mug",)), anew=True).allergies == ("nuts",)


def test_what_was_said_of_one_person_is_not_said_of_another() -> None:
    first = read("my dog is allergic to chicken, treats for it", ("treats",))
    assert first.then(read("and for my cat", ()), anew=True).allergies == ()


_ALLERGENS = ("nuts", "花生", "milk", "latex", "wool", "perfume", "chicken")
_HELD = ("walnuts", "花生酱", "whole milk", "natural latex", "merino wool", "jasmine perfume", "chicken")
_KINDS = (
    ("Snacks", "零食"),
    ("Skincare", "护肤"),
    ("Clothing", "服饰"),
    ("Cups", "杯子"),
    ("Pets", "宠物"),
    ("Toys", "玩具"),
)
_WHOM = ("", "for cats", "for dogs", "适合成犬", "kittens", "children", "儿童")


@dataclass(frozen=True)
class _Made:
    """What goods were made of; allergens by their place."""

    held: set[int]
    free: set[int]
    ages: tuple[int, int] | None
    whom: str
    kind: str


@st.composite
def _goods(draw: st.DrawFn) -> tuple[Goods, _Made]:
    """Goods of one product, and the facts that they were made of."""
    kind = draw(st.sampled_from(_KINDS))
    held = draw(st.sets(st.integers(0, len(_ALLERGENS) - 1), max_size=2))
    free = draw(st.sets(st.integers(0, len(_ALLERGENS) - 1), max_size=2)) - held
    ages = draw(st.none() | st.tuples(st.integers(0, 6), st.integers(7, 14)))
    whom = draw(st.sampled_from(_WHOM))
    facts = [("Ingredients", ", ".join(_HELD[one] for one in sorted(held)))] if held else []
    facts += [("Free from", ", ".join(_ALLERGENS[one] for one in sorted(free)))] if free else []
    facts += [("Age", f"{ages[0]}–{ages[1]} years")] if ages else []
    facts += [("Suitable for", whom)] if whom else []
    one = Goods.of(id="p", names=("Marigold", "金盏"), category=kind, facts=facts)
    return one, _Made(held, free, ages, whom, kind[0])


@given(_goods(), st.integers(0, len(_ALLERGENS) - 1))
def test_nothing_is_recommended_against_an_allergy(made: tuple[Goods, _Made], place: int) -> None:
    goods, facts = made
    reason = against(Need(allergies=(_ALLERGENS[place],)), goods)
    if place in facts.held:
        assert reason, "it is stated to hold it"
    if facts.kind == "Snacks" and place not in facts.free:
        assert reason, "what is eaten must be stated to be free of it"


@given(_goods(), st.integers(0, 13))
def test_nothing_is_recommended_to_a_child_that_is_not_stated_to_be_for_its_age(
    made: tuple[Goods, _Made], years: int
) -> None:
    goods, facts = made
    ages = facts.ages
    reason = against(Need(age=years * 12, people=("child",)), goods)
    if ages is not None and not ages[0] <= years <= ages[1]:
        assert reason
    if ages is None and facts.whom not in ("children", "儿童"):
        assert reason


@given(_goods(), st.sampled_from(ANIMALS[:2]))
def test_nothing_for_another_animal_is_recommended(made: tuple[Goods, _Made], animal: str) -> None:
    goods, facts = made
    other = {"cat": ("for dogs", "适合成犬"), "dog": ("for cats", "kittens")}[animal]
    if facts.whom in other or (facts.kind != "Pets" and facts.whom in ("", "children", "儿童")):
        assert against(Need(people=(animal,)), goods)


@given(_goods(), st.sampled_from(_HELD))
def test_what_is_refused_is_not_recommended(made: tuple[Goods, _Made], phrase: str) -> None:
    goods, facts = made
    if _HELD.index(phrase) in facts.held:
        assert against(Need(unwanted=(phrase,)), goods)


def test_what_is_stated_to_be_absent_is_not_taken_for_what_is_there() -> None:
    bar = Goods.of(id="b", names=("Seed bar",), category=("Snacks",), facts=[("Free from", "nuts")])
    assert against(Need(allergies=("nuts",)), bar) == ""
    assert against(Need(unwanted=("nuts",)), bar) == ""
    said = Goods.of(id="s", names=("Seed bar",), category=("Snacks",), about=("Sweet, contains no nuts.",))
    assert against(Need(allergies=("nuts",)), said) == ""
    mixed = Goods.of(id="m", names=("Rolls",), category=("Snacks & nuts",))
    assert against(Need(unwanted=("nuts",)), mixed) == "", "a shelf of several kinds says nothing of one"


def test_what_keeps_a_household_going_is_no_present_unless_it_is_asked_for() -> None:
    spray = Goods.of(id="s", names=("Fabric refresher, white tea",), options=[("Scent", "white tea")])
    gift = read("a present for my mum, she likes tea", ("tea",))
    assert against(gift, spray) == "upkeep"
    assert against(replace(gift, words=("refresher",), said="a fabric refresher"), spray) == ""


def _index() -> GoodsIndex:
    return GoodsIndex(
        [
            Goods.of(id="green", names=("Green tea", "绿茶"), category=("Tea", "茶叶")),
            Goods.of(id="pot", names=("Tea pot", "茶壶"), category=("Kitchen", "厨房")),
            Goods.of(id="spray", names=("Refresher", "喷雾"), facts=[("Scent", "white tea")]),
            Goods.of(id="shoe", names=("Running shoe", "跑鞋"), category=("Shoes", "鞋")),
        ]
    )


def test_what_is_called_so_comes_before_what_only_smells_of_it() -> None:
    found = [one.id for one in _index().search(read("she likes tea", ("tea",)), 4)]
    assert found[0] == "green"
    assert "shoe" not in found
    assert found.index("pot") < found.index("spray")


@pytest.mark.parametrize(
    ("text", "first"), [("他爱跑步", "shoe"), ("my brother jogs", "shoe"), ("她爱喝茶", "green")]
)
def test_what_somebody_likes_finds_what_is_good_for_it(text: str, first: str) -> None:
    assert _index().search(read(text), 4)[0].id == first


def test_one_chinese_character_within_a_word_asks_for_nothing() -> None:
    assert not [one for one in wanted(read("公司茶水间", ("茶水间",))) if one.kinds]


def test_other_words_for_one_purpose_count_once() -> None:
    assert len(wanted(read("she runs, running is her thing"))) == 1


def test_measures_are_of_what_is_stated_and_no_price() -> None:
    need = read("a gaiwan under 250 grams, at least 140 ml", ("gaiwan",))
    assert need.high is None
    facts = (("Volume", "150 ml"), ("Weight", "210 g"))
    assert stated.meets(need.said, facts)
    assert not stated.meets(need.said, (("Volume", "120 ml"), ("Weight", "210 g")))
    assert not stated.meets("三百毫升往上", (("容量", "60 毫升"),))


def test_what_is_stated_as_none_is_not_there() -> None:
    free = Goods.of(id="a", names=("苦荞茶", "Buckwheat tea"), facts=(("caffeine 咖啡因", "无"),))
    held = Goods.of(id="b", names=("绿茶", "Green tea"), facts=(("caffeine 咖啡因", "中"),))
    low = Goods.of(id="c", names=("黑茶", "Dark tea"), facts=(("caffeine 咖啡因", "低"),))
    none = read("一点咖啡因都不能有")
    assert [against(none, one) == "" for one in (free, held, low)] == [True, False, False]
    less = read("咖啡因得低点儿")
    assert [against(less, one) == "" for one in (free, held, low)] == [True, False, True]


def test_goods_are_what_their_names_and_categories_end_with() -> None:
    goods = [
        Goods.of(id="leaf", names=("蒙顶甘露", "Mengding Ganlu"), category=("茶叶", "Tea")),
        Goods.of(id="tray", names=("竹茶盘", "Bamboo tea tray"), category=("茶器", "Tea ware")),
    ]
    found = {one.id: one.of_kind for one in GoodsIndex(goods).search(read("some tea", ("tea",)), 5)}
    assert found["leaf"]
    assert not found.get("tray", False)


def test_a_longer_word_finds_what_its_part_is_stated_as() -> None:
    goods = [Goods.of(id="o", names=("青花碗", "Blue bowl"), facts=(("产地", "景德镇"),))]
    assert [one.id for one in GoodsIndex(goods).search(read("景德镇窑", ("景德镇窑",)), 5)] == ["o"]


@pytest.mark.parametrize("text", ["three colleagues, whole budget 150 yuan", "三个人，一共150块"])
def test_a_sum_for_all_is_shared_out(text: str) -> None:
    assert read(text).each == (None, 50)


def test_a_sum_for_each_is_not_shared_out() -> None:
    assert read("三个人，每人150块以内").each == (None, 150)


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("灰的不要", ("灰",)),
        ("绿茶她不碰", ("绿茶",)),
        ("a gaiwan that isn't white", ("white",)),
        ("tea from outside sichuan", ("sichuan",)),
    ],
)
def test_what_is_refused_in_other_words(text: str, unwanted: tuple[str, ...]) -> None:
    assert read(text).unwanted == unwanted
