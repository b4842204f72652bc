"""Words of the shop's own, out of the names of its products."""

from __future__ import annotations

from nlu.words import Words, terms_of


def test_terms_are_written_as_messages_are_read() -> None:
    assert terms_of(["霜雲疊光杯", "霜云\u200b叠光杯 Frostcloud"]) == ["霜云叠光杯", "霜云叠光杯"]
    assert "霜云叠光杯" in Words(terms_of(["霜雲疊光杯"])).cut("有霜云叠光杯吗")


def test_a_long_name_makes_no_word_of_where_it_is_chopped() -> None:
    name = "云朵主动降噪蓝牙耳机旗舰版"
    assert terms_of([name, "山野保温杯"]) == ["山野保温杯"]
    assert Words(terms_of([name])).cut(name) == Words().cut(name)
