"""A reply always fits into what Telegram takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.parts import MAX_CAPTION, MAX_TEXT, parts_of, shorten, split, utf16_length
from bot.messages import Button, Card, Outgoing, Reply


def outgoing(reply: Reply, author: str = "bot") -> Outgoing:
    return Outgoing(outbox_id=1, channel="telegram", address="7", reply=reply, author=author)


def test_a_short_text_is_one_message_with_its_buttons() -> None:
    buttons = ((Button(label="Yes", action="yes"), Button(label="Shop", url="https://shop.example")),)
    [part] = parts_of(outgoing(Reply(text=" Hello ", buttons=buttons)))
    assert (part.text, part.entities()) == ("Hello", None)
    markup = part.markup()
    assert markup is not None
    assert [(b.text, b.callback_data, b.url) for b in markup.inline_keyboard[0]] == [
        ("Yes", "yes", None),
        ("Shop", None, "https://shop.example"),
    ]


def test_a_person_who_answers_is_named_in_bold() -> None:
    [part] = parts_of(outgoing(Reply(text="Hello"), author="😀 Wang"))
    assert part.text == "😀 Wang\nHello"
    entities = part.entities()
    assert entities is not None
    assert (entities[0].type, entities[0].offset, entities[0].length) == ("bold", 0, 7)


def test_buttons_stand_below_the_last_piece_of_a_long_text() -> None:
    reply = Reply(text="word " * 2000, buttons=((Button(label="a", action="a"),),))
    parts = parts_of(outgoing(reply))
    assert len(parts) == 3
    assert [part.markup() is not None for part in parts] == [False, False, True]


def test_cards_follow_and_carry_the_buttons_where_there_is_no_text() -> None:
    card = Card(
        product_id="p", title="杯子", text="¥ 25", picture="p.png", buttons=(Button(label="b", action="b"),)
    )
    parts = parts_of(outgoing(Reply(cards=(card, card), buttons=((Button(label="more", action="m"),),))))
    assert [part.text for part in parts] == ["杯子\n¥ 25"] * 2
    assert [len(part.buttons) for part in parts] == [1, 2]


def test_a_reply_without_anything_is_no_message() -> None:
    assert parts_of(outgoing(Reply(text=" \n"))) == []


def test_buttons_that_telegram_would_refuse_are_left_out() -> None:
    row = (
        Button(label="", action="x"),
        Button(label="long", action="客" * 22),
        Button(label="none", action=""),
        Button(label="script", url="javascript:alert(1)"),
        Button(label="good", action="g"),
    )
    [part] = parts_of(outgoing(Reply(text="x", buttons=(row,))))
    markup = part.markup()
    assert markup is not None
    assert [[b.text for b in r] for r in markup.inline_keyboard] == [["good"]]


TEXT = st.text(alphabet=st.sampled_from("a 客😀\n。.\ud83d\0\u200b"), max_size=300)


@given(TEXT, st.integers(2, 40))
def test_pieces_fit_and_lose_no_words(text: str, longest: int) -> None:
    text = "".join(c for c in text if c not in "\ud83d\0")
    pieces = split(text, longest)
    assert all(0 < utf16_length(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@given(TEXT, st.integers(2, 40))
def test_shortened_text_fits(text: str, longest: int) -> None:
    text = text.replace("\ud83d", "")
    assert utf16_length(shorten(text, longest)) <= longest


@given(title=TEXT, text=TEXT, repeat=st.integers(1, 60))
def test_every_card_fits_as_caption_and_as_text(title: str, text: str, repeat: int) -> None:
    card = Card(product_id="p", title=title, text=text * repeat, picture="p.png")
    [part] = parts_of(outgoing(Reply(cards=(card,))))
    assert utf16_length(part.caption().text) <= MAX_CAPTION
    assert utf16_length(part.words().text) <= MAX_TEXT
    for shown in (part.caption(), part.words()):
        for entity in shown.entities() or []:
            assert entity.length <= utf16_length(shown.text)
