"""What messages tell of a need, and what goods it forbids: nothing that must hold is broken, whatever the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.products import stated
from nlu.products.against import against
from nlu.products.budgets import budget
from nlu.products.concepts import wanted
from nlu.products.goods import Goods
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


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("not a penny over 620", None, 620),
        ("I don't want to spend more than 140", None, 140),
        ("nothing under 50, please", 50, None),
        ("不想超过两百", None, 200),
        ("no wool, over 100", 100, None),
        ("有没有超过500的", 500, None),
        ("别的超过300的", 300, None),
    ],
)
def test_a_bound_that_is_denied_is_the_other_one(text: str, low: int | None, high: int | None) -> None:
    found = budget(text)
    assert found is not None
    assert (found.low, found.high) == (low, high)


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
        ("a lamp for the kids' bedroom", {"people": ()}),
        ("儿童房用的灯", {"people": ()}),
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


def test_what_only_counts_names_no_goods() -> None:
    assert read("a 12v lamp, two metres of cable", ("12v", "lamp", "metres")).words == ("lamp",)


def test_what_goods_are_for_is_not_what_is_looked_for() -> None:
    goods = [
        Goods.of(id="lamp", names=("台灯", "Reading lamp"), facts=(("bulb Bulb", "LED bulb"),)),
        Goods.of(id="bulb", names=("灯泡", "Warm bulb"), facts=(("fits Fits", "reading lamp"),)),
    ]
    index = GoodsIndex(goods)
    found = {one.id: one.of_kind for one in index.search(read("a bulb for my lamp", ("bulb", "lamp")), 5)}
    assert found == {"lamp": False, "bulb": True}
    found = {one.id: one.of_kind for one in index.search(read("looking for the lamp", ("lamp",)), 5)}
    assert found["lamp"]


def test_what_a_name_is_measured_by_is_not_what_it_is() -> None:
    goods = [Goods.of(id="heater", names=("暖风机", "Fan heater 2 kW, white"))]
    assert GoodsIndex(goods).search(read("a heater", ("heater",)), 5)[0].of_kind


def test_what_comes_without_is_none_that_is_to_come_with() -> None:
    bare = Goods.of(id="a", names=("灯", "Lamp"), facts=(("contents Contents", "lamp only, without bulb"),))
    light = Goods.of(id="b", names=("灯", "Lamp"), facts=(("weight Weight", "1 kg without bulb"),))
    need = read("a lamp with bulb", ("lamp", "bulb"))
    assert [against(need, one) for one in (bare, light)] == ["stated", ""]


@pytest.mark.parametrize(
    ("text", "owned"),
    [
        ("he has a kettle, two pans and a wok already", ("kettle", "two pans", "wok")),
        ("我有充电器和耳机了", ("充电器", "耳机")),
    ],
)
def test_all_that_is_listed_is_there_already(text: str, owned: tuple[str, ...]) -> None:
    assert read(text).owned == owned


@pytest.mark.parametrize("text", ["no hurry", "I can wait for it", "不着急，可以等", "等得到月底"])
def test_who_can_wait_says_so(text: str) -> None:
    assert read(text).waits
    assert not read("I need it on Friday").waits


@pytest.mark.parametrize(
    ("text", "allergies"),
    [
        ("finger food, he's egg allergic", ("egg",)),
        ("he is severely allergic to nuts", ("nuts",)),
        ("she's allergic", ()),
    ],
)
def test_who_is_egg_allergic_must_have_no_egg(text: str, allergies: tuple[str, ...]) -> None:
    assert read(text).allergies == allergies


def test_a_label_is_spoken_of_as_a_whole() -> None:
    assert stated.asked("a jacket for the rain", (), "rain_cover Rain cover") == ""
    assert stated.asked("with a rain cover", (), "rain_cover Rain cover") == "yes"


@pytest.mark.parametrize("value", ["none, only water-repellent", "no", "否，排水快", "无（仅防泼水）"])
def test_a_no_is_one_with_what_is_said_besides(value: str) -> None:
    assert stated.answers([("waterproof Waterproof", value)]) == {"waterproof Waterproof": "no"}


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


def test_whom_goods_are_not_for_is_not_whom_they_are_for() -> None:
    honey = Goods.of(id="a", names=("蜂蜜", "Honey"), facts=(("age Age", "not for children under 3 years"),))
    assert [against(read(text), honey) for text in ("he is 2 years old", "he is 5 years old")] == ["age", ""]


def test_who_is_coeliac_is_shown_what_is_stated_to_be_without_gluten() -> None:
    wheat = Goods.of(id="a", names=("饼", "Crackers"), facts=(("ingredients Ingredients", "wheat flour"),))
    unknown = Goods.of(id="b", names=("饼", "Rice snack"))
    free = Goods.of(id="c", names=("饼", "Rice snack"), facts=(("diet Diet", "gluten-free"),))
    need = read("crackers, my aunt is coeliac", ("crackers",))
    assert [against(need, one) for one in (wheat, unknown, free)] == ["allergy", "unstated", ""]


def test_a_diet_is_stated_or_what_goods_are_made_of_is() -> None:
    stated_so = Goods.of(id="a", names=("篮", "Basket"), facts=(("diet Diet", "vegan"),))
    listed = Goods.of(id="b", names=("饼", "Bar"), facts=(("ingredients Ingredients", "oats"),))
    unknown = Goods.of(id="c", names=("篮", "Basket"))
    need = read("a vegan basket", ("basket",))
    assert [against(need, one) for one in (stated_so, listed, unknown)] == ["", "", "unstated"]


@pytest.mark.parametrize(
    ("text", "unwanted"), [("she can't do garlic though", ("garlic",)), ("花生不能吃", ("花生",))]
)
def test_what_cannot_be_eaten_is_unwanted(text: str, unwanted: tuple[str, ...]) -> None:
    assert read(text).unwanted == unwanted


def test_a_limit_holds_beside_what_a_sum_is_to_come_near_to() -> None:
    found = budget("about 50 but at most 60")
    assert found is not None
    assert found.high == 60


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("he's allergic to walnuts so nothing with them", {"allergies": ("walnuts",)}),
        ("my nephew turns seven", {"age": 84}),
        ("the baby's 10 months", {"age": 10}),
        ("I have a grater", {"owned": ("grater",)}),
        ("any time before Easter is fine", {"waits": True}),
        ("红色难看", {"unwanted": ("红色",)}),
        ("纽扣要三四百颗", {"low": None, "high": None}),
    ],
)
def test_what_is_told_in_passing_is_heard(text: str, told: dict[str, object]) -> None:
    need = read(text)
    assert {name: getattr(need, name) for name in told} == told


def test_a_list_of_what_goods_are_made_of_states_nothing_to_who_is_allergic() -> None:
    listed = Goods.of(id="a", names=("Bar",), category=("Snacks",), facts=[("Ingredients", "oats, apple")])
    traces = Goods.of(
        id="b",
        names=("Bar",),
        category=("Snacks",),
        facts=[("Ingredients", "oats, apple"), ("May contain", "sesame")],
    )
    unknown = Goods.of(id="c", names=("Bar",), category=("Snacks",))
    allergic, refuses = Need(allergies=("sesame",)), Need(unwanted=("sesame",))
    assert [against(allergic, one) for one in (listed, traces, unknown)] == [
        "unstated",
        "allergy",
        "unstated",
    ]
    assert [against(refuses, one) for one in (listed, traces, unknown)] == ["", "", ""]


def test_what_is_stated_to_be_vegan_has_no_milk_whatever_it_is_called() -> None:
    vegan = Goods.of(id="a", names=("Oat 'cheese'",), facts=[("Diet", "vegan")])
    plain = Goods.of(id="b", names=("Goat cheese",))
    assert [against(Need(unwanted=("milk",)), one) for one in (vegan, plain)] == ["", "unwanted"]
    assert against(Need(allergies=("milk",)), vegan) == "allergy", "a diet is no promise of safety"


def test_nothing_from_a_later_age_on_is_shown_for_a_baby_of_no_known_age() -> None:
    syrup = Goods.of(id="a", names=("Syrup",), facts=[("Age", "not for babies under 12 months")])
    assert against(Need(people=("baby",)), syrup) == "age"


@pytest.mark.parametrize(
    ("text", "months"),
    [("一岁八个月", 20), ("三岁半", 42), ("she is 3 years old", 36), ("turning 4", 48), ("身高118", None)],
)
def test_an_age_is_told_in_years_and_months(text: str, months: int | None) -> None:
    assert read(text, (), {"age": ("118",)} if months is None else None).age == months


def test_the_words_behind_a_sum_say_nothing_of_what_stands_after_it() -> None:
    found = read("140 at most").then(read("98 cm"), anew=False)
    assert found.high == 140
    assert "most" not in found.said
    assert read("头围50", (), {"budget_max": ("50",)}).high is None
    assert read("twenty kuai max").high == 20
    both = read("100 for both together")
    assert both.each == (None, 50)


@pytest.mark.parametrize(
    ("text", "facts", "why"),
    [
        ("she refuses orange", (("Colour", "铁锈橙"),), "unwanted"),
        ("不要黄的", (("Colour", "duck yellow"),), "unwanted"),
        ("they don't touch alcohol", (("Alcohol", "brandy in the cake"),), "unwanted"),
        ("they don't touch alcohol", (("Alcohol", "none"),), ""),
        ("他不能穿羊毛的", (("面料", "100% 羊毛"),), "unwanted"),
    ],
)
def test_what_is_refused_is_refused_in_whatever_words_it_is_stated(
    text: str, facts: tuple[tuple[str, str], ...], why: str
) -> None:
    assert against(read(text), Goods.of(id="1", names=("box",), facts=facts)) == why


def test_what_is_made_without_something_holds_none_of_it() -> None:
    jacket = Goods.of(id="1", names=("棉服",), about=("不用羽绒的冬外套",))
    assert against(read("不要羽绒的"), jacket) == ""


def test_goods_are_known_by_any_name_of_what_they_are() -> None:
    goods = [
        Goods.of(id="umbrella", names=("Kids' umbrella, whale", "儿童雨伞，鲸鱼")),
        Goods.of(id="raincoat", names=("Light raincoat",)),
        Goods.of(id="jacket", names=("Padded jacket",)),
        Goods.of(id="tea", names=("蒙顶甘露",), facts=(("茶类", "绿茶"),)),
        Goods.of(id="named", names=("高山绿茶",)),
        Goods.of(id="screws", names=("木螺丝 4 × 40 毫米，100 颗",)),
    ]
    index = GoodsIndex(goods)

    def of_kind(*words: str, said: str) -> set[str]:
        return {one.id for one in index.search(Need(words=words, said=said), 9) if one.of_kind}

    assert of_kind("伞", said="给五岁的买把伞") == {"umbrella"}
    assert of_kind("coat", said="winter coat") == {"raincoat", "jacket"}
    assert of_kind("绿茶", said="他喝绿茶") == {"tea", "named"}
    assert of_kind("螺丝", "机器", said="拧螺丝的机器") == set()


@pytest.mark.parametrize("text", ["he's 58 kilos", "she's 3 foot tall", "带爸妈去新疆半个月"])
def test_a_weight_a_height_and_a_time_are_no_age(text: str) -> None:
    assert read(text).age is None


def test_what_somebody_does_not_mind_is_not_refused() -> None:
    assert read("a jigsaw, I don't mind how many pieces").unwanted == ()


def test_a_childs_size_that_is_told_says_that_goods_are_for_them() -> None:
    boots = Goods.of(id="1", names=("boots",), facts=(("Size", "EU 28"),))
    assert against(read("boots for my child"), boots) == "unstated"
    assert against(read("boots for my child, size 28"), boots) == ""


def test_an_allergen_is_heard_in_a_text_without_gaps() -> None:
    assert read("家里人坚果过敏").allergies == ("坚果",)


@pytest.mark.parametrize(
    ("word", "said", "asked"), [("猫粮", "有猫粮卖吗", True), ("小礼物", "想买个小礼物", False)]
)
def test_goods_for_an_animal_are_asked_for_by_their_own_name_too(word: str, said: str, asked: bool) -> None:
    need = replace(read(said), words=(word,))
    assert any(word in one.words for one in wanted(need)) is asked
