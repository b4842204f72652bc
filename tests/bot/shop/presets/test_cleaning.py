"""Numbers, telephone numbers, names and markup, as exports write them."""

from __future__ import annotations

import html
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop.importing.presets import cleaning
from bot.shop.importing.presets.markup import LONGEST, plain
from bot.shop.importing.rows import BadRow
from tests.hostile import texts

_MARKS = st.sampled_from(
    ['="', '"', "'", "No:", "no：", "＝", "１", "＋", "*", "(", ")", "-", " ", "\t", "a", "8", "汉"]
)
_WORDS = st.one_of(st.text(), st.lists(_MARKS).map("".join))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ('="1958320014402156790"', "1958320014402156790"),
        ("'7001000000001", "7001000000001"),
        ("No:SF1400123456789", "SF1400123456789"),
        ("No：SF1400", "SF1400"),
        ("１９５８－２", "1958-2"),
        (" E2026112009 \t", "E2026112009"),
        ("\"='1", "\"='1"),
        ("12'", "12'"),
        ("'", ""),
    ],
)
def test_numbers_are_bared_of_what_spreadsheets_put_around_them(written: str, number: str) -> None:
    assert cleaning.bare(written) == number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("'13911112222", "13911112222"),
        ("＋86 139-1111-2222", "+86 139-1111-2222"),
        ("(0571) 8888 9999", "0571 8888 9999"),
        ("+44 (0)20 7946 0000", "+44 (0)20 7946 0000"),
        ("0571-88889999,13911112222", "0571-88889999"),
        ("020 7946 0000 ext. 5", "020 7946 0000"),
        ("139****2222", ""),
        ("1391111****", ""),
        ("call me", ""),
        ("12", ""),
        ("+", ""),
        ("1" * 50, ""),
    ],
)
def test_the_first_telephone_number_is_taken(written: str, number: str) -> None:
    assert cleaning.phone(written) == number


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("Ada", "Lovelace", "Ada Lovelace"),
        ("三", "张", "张三"),
        (None, "Lovelace", "Lovelace"),
        ("Ada", " ", "Ada"),
        ("", None, ""),
        ("三", "Zhang", "三 Zhang"),
    ],
)
def test_names_are_joined_as_they_are_said(first: str | None, last: str | None, name: str) -> None:
    assert cleaning.person(first, last) == name


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (
            "<h2>Steingut</h2><p>Spülmaschinenfest &amp; <b>robust</b></p>",
            "Steingut\n\nSpülmaschinenfest & robust",
        ),
        ("<p>One</p>\n<p>Two<br>lines</p>", "One\n\nTwo\nlines"),
        ("<ul>\n<li>red</li>\n<li>blue</li>\n</ul>", "- red\n- blue"),
        ("<ul><li>red<li><li>blue</ul>", "- red\n- blue"),
        ("a<script>alert('<p>x</p>')</script>b<style>p{}</style>", "ab"),
        (
            "<table><tr><td>Width</td><td>3&nbsp;cm</td></tr><tr><td>Depth</td></tr></table>",
            "Width 3 cm\nDepth",
        ),
        ("no\nmarkup,\n\n\njust 3 < 4 &amp; 5", "no\nmarkup,\n\njust 3 < 4 & 5"),
        ("<!-- hidden <b>x</b> -->shown<!-- open", "shown"),
        ("<![if !vml]>word<![endif]><![unheard of]>s", "words"),
        ("<p>cut in the midd", "cut in the midd"),
        ("cut <p class=", "cut <p class="),
        ("<iframe src='x'>old browsers</iframe>", ""),
        ("", ""),
    ],
)
def test_markup_becomes_the_words_that_a_reader_sees(markup: str, words: str) -> None:
    assert plain(markup) == words


@given(_WORDS)
def test_cleaning_never_fails_and_leaves_what_is_clean(words: str) -> None:
    for clean in (cleaning.bare, cleaning.phone, cleaning.squeezed):
        assert clean(clean(words)) == clean(words)
    assert cleaning.person(cleaning.person(words, ""), "") == cleaning.person(words, "")


@given(st.text(), st.text())
def test_an_id_of_names_is_the_same_however_they_are_spaced(name: str, option: str) -> None:
    first = cleaning.named_id(name, option)
    assert first == cleaning.named_id(f" {name}\n", option)
    assert len(first) <= 90


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_words_written_as_markup_come_back(words: str) -> None:
    assert plain(html.escape(words)) == " ".join(words.split())


@given(st.text(st.sampled_from("<>/!-?[]&;'\"= \npbrlia#x0")))
def test_any_markup_is_read(markup: str) -> None:
    words = plain(markup)
    assert words == words.strip()
    assert "\n\n\n" not in words


def test_no_markup_takes_long() -> None:
    """What Python's parser alone would take a minute for."""
    for text in [*texts(LONGEST), "<a " * 33_000, "<!--" * 25_000, "<a b='" * 16_000, "<![CDATA[" * 11_000]:
        plain(text)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("￥1,299.00", Decimal("1299.00")),
        ("１２．５０", Decimal("12.50")),
        ("12,50 €", Decimal("12.50")),
        ("'18.00", Decimal("18.00")),
        ('="18"', Decimal(18)),
        ("-", None),
        ("——", None),
        ("", None),
        (None, None),
        (12, Decimal(12)),
        (12.5, Decimal("12.5")),
    ],
)
def test_amounts_are_read_as_they_are_written(written: object, number: Decimal | None) -> None:
    assert cleaning.number(written) == number


@pytest.mark.parametrize("written", ["twelve", "1e999999", "12 or 13", "9" * 30])
def test_what_is_no_amount_is_said_with_its_value(written: str) -> None:
    with pytest.raises(BadRow, match=written[:8]):
        cleaning.number(written)


def test_amounts_are_in_minor_units_of_their_currency() -> None:
    amount = Decimal("12.5")
    assert [cleaning.minor(amount, one) for one in ("EUR", "JPY", "KWD")] == [1250, 12, 12500]


def test_pictures_are_addresses() -> None:
    assert cleaning.address("https://a.example/1.jpg, https://a.example/2.jpg") == "https://a.example/1.jpg"
    assert cleaning.pictures("//img.example.com/1.jpg") == ["https://img.example.com/1.jpg"]
    assert cleaning.address("1.jpg") is None
    assert cleaning.pictures("") is None


def test_masked_addresses_are_unknown() -> None:
    assert cleaning.email("a***@example.com") is None
    assert cleaning.email(" ada@example.com") == "ada@example.com"
    assert cleaning.telephone("139****2222") is None


def test_another_encoding_is_noticed() -> None:
    with pytest.raises(BadRow, match="encoding"):
        cleaning.text("caf\ufffd")
