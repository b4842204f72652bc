"""One shape for each kind of goods, drawn in the shades it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.shop.drawing.pen import Pen, Shades

Icon = Callable[[Pen, Shades], None]

_WHITE = (255, 255, 255)


def leaf(pen: Pen, c: Shades) -> None:
    """A tea caddy with a leaf on it."""
    pen.box(28, 22, 72, 92, c.main, 6)
    pen.box(28, 22, 40, 92, c.dark, 6)
    pen.box(25, 12, 75, 28, c.dark, 5)
    pen.ellipse(36, 40, 66, 78, c.pale)
    pen.polygon([(51, 44), (60, 56), (58, 68), (51, 74), (44, 68), (42, 56)], c.main)
    pen.line([(51, 48), (51, 80)], c.dark, 1.6)
    pen.line([(51, 62), (57, 56)], c.dark, 1.2)
    pen.line([(51, 67), (45, 61)], c.dark, 1.2)


def bean(pen: Pen, c: Shades) -> None:
    """A coffee bag with a bean."""
    pen.polygon([(26, 24), (74, 24), (80, 92), (20, 92)], c.main)
    pen.polygon([(26, 24), (36, 24), (34, 92), (20, 92)], c.dark)
    pen.box(24, 12, 76, 26, c.dark, 3)
    pen.line([(30, 19), (70, 19)], c.light, 1.6)
    pen.ellipse(38, 44, 68, 80, c.pale)
    pen.ellipse(43, 48, 63, 76, c.dark)
    pen.arc(35, 45, 57, 79, 300, 60, c.pale, 2.2)


def nut(pen: Pen, c: Shades) -> None:
    """A bowl of nuts."""
    for x, y in ((30, 40), (46, 32), (62, 38), (38, 46), (54, 45), (69, 47)):
        pen.ellipse(x - 10, y - 9, x + 10, y + 9, c.dark)
        pen.ellipse(x - 8, y - 8, x + 6, y + 4, c.light)
    pen.pie(12, 16, 88, 92, 0, 180, c.main)
    pen.box(12, 52, 88, 58, c.dark, 3)
    pen.box(38, 88, 62, 94, c.dark, 2)


def jar(pen: Pen, c: Shades) -> None:
    """A jar with a label."""
    pen.box(26, 26, 74, 93, c.light, 12)
    pen.box(26, 46, 74, 93, c.main, 12)
    pen.box(30, 10, 70, 24, c.dark, 4)
    pen.box(34, 23, 66, 29, c.main, 1)
    pen.box(26, 52, 74, 78, c.pale)
    pen.line([(36, 61), (64, 61)], c.main, 2.4)
    pen.line([(42, 69), (58, 69)], c.light, 2.4)


def bear(pen: Pen, c: Shades) -> None:
    """A teddy bear's face."""
    for x in (28, 72):
        pen.ellipse(x - 15, 13, x + 15, 43, c.main)
        pen.ellipse(x - 8, 20, x + 8, 36, c.pale)
    pen.ellipse(15, 20, 85, 90, c.main)
    pen.ellipse(33, 52, 67, 82, c.pale)
    for x in (37, 63):
        pen.ellipse(x - 4, 44, x + 4, 52, c.ink)
    pen.ellipse(44, 56, 56, 65, c.ink)
    pen.arc(43, 60, 57, 76, 20, 160, c.ink, 2)


def paw(pen: Pen, c: Shades) -> None:
    """A paw over a food bowl."""
    pen.ellipse(33, 32, 67, 60, c.main)
    for x, y in ((30, 30), (43, 18), (57, 18), (70, 30)):
        pen.ellipse(x - 7, y - 9, x + 7, y + 9, c.main)
    pen.polygon([(20, 68), (80, 68), (88, 92), (12, 92)], c.dark)
    pen.ellipse(20, 62, 80, 74, c.light)


def drop(pen: Pen, c: Shades) -> None:
    """A serum bottle with its dropper."""
    pen.box(30, 42, 70, 94, c.main, 9)
    pen.box(30, 42, 40, 94, c.dark, 8)
    pen.box(40, 32, 60, 44, c.dark, 2)
    pen.box(43, 8, 57, 33, c.ink, 6)
    pen.box(38, 56, 70, 80, c.pale)
    pen.polygon([(54, 59), (60, 69), (48, 69)], c.main)
    pen.ellipse(48, 64, 60, 76, c.main)


def bottle(pen: Pen, c: Shades) -> None:
    """A bottle with a pump."""
    pen.box(28, 38, 72, 94, c.main, 10)
    pen.box(28, 38, 39, 94, c.dark, 9)
    pen.box(42, 26, 58, 40, c.dark, 2)
    pen.box(47, 12, 53, 28, c.ink)
    pen.box(34, 8, 62, 15, c.ink, 3)
    pen.box(28, 56, 72, 78, c.pale)
    pen.line([(38, 64), (62, 64)], c.main, 2.4)
    pen.line([(42, 71), (58, 71)], c.light, 2.4)


def spray(pen: Pen, c: Shades) -> None:
    """A spray bottle and bubbles."""
    pen.polygon([(36, 36), (58, 36), (72, 58), (72, 94), (26, 94), (26, 58)], c.main)
    pen.polygon([(36, 36), (43, 36), (36, 58), (36, 94), (26, 94), (26, 58)], c.dark)
    pen.box(36, 12, 60, 36, c.ink, 4)
    pen.box(24, 12, 40, 21, c.ink, 3)
    pen.polygon([(56, 24), (68, 32), (62, 36), (54, 34)], c.ink)
    pen.box(36, 64, 66, 84, c.pale, 3)
    for x, y, r in ((14, 18, 5), (8, 32, 3.5), (82, 50, 5), (88, 36, 3)):
        pen.ring(x - r, y - r, x + r, y + r, c.main, 1.4)


def pot(pen: Pen, c: Shades) -> None:
    """A casserole with its lid."""
    pen.box(8, 50, 92, 60, c.dark, 5)
    pen.box(18, 44, 82, 88, c.main, 12)
    pen.box(18, 44, 82, 54, c.dark, 3)
    pen.pie(18, 24, 82, 68, 180, 360, c.main)
    pen.box(15, 42, 85, 48, c.ink, 3)
    pen.box(43, 16, 57, 26, c.ink, 4)
    pen.line([(28, 60), (28, 78)], c.light, 4)


def kettle(pen: Pen, c: Shades) -> None:
    """An electric kettle."""
    pen.arc(52, 24, 94, 78, 270, 90, c.ink, 7)
    pen.polygon([(30, 26), (68, 26), (76, 84), (22, 84)], c.main)
    pen.polygon([(30, 26), (40, 26), (35, 84), (22, 84)], c.light)
    pen.polygon([(31, 32), (14, 26), (12, 32), (28, 50)], c.dark)
    pen.box(34, 18, 64, 27, c.dark, 4)
    pen.ellipse(44, 10, 54, 19, c.ink)
    pen.box(18, 84, 80, 93, c.ink, 4)
    pen.line([(60, 44), (62, 70)], c.pale, 3)


def cup(pen: Pen, c: Shades) -> None:
    """A steaming cup on a saucer."""
    for x in (36, 50, 64):
        pen.arc(x - 5, 8, x + 5, 22, 90, 270, c.light, 2.4)
        pen.arc(x - 5, 20, x + 5, 34, 270, 90, c.light, 2.4)
    pen.arc(60, 46, 90, 74, 260, 100, c.dark, 6)
    pen.box(22, 40, 74, 60, c.main, 4)
    pen.pie(22, 30, 74, 90, 0, 180, c.main)
    pen.box(26, 44, 33, 66, c.light, 3)
    pen.ellipse(14, 84, 82, 94, c.dark)


def headphones(pen: Pen, c: Shades) -> None:
    """Headphones."""
    pen.arc(16, 12, 84, 88, 180, 360, c.dark, 8)
    pen.arc(16, 12, 84, 88, 200, 340, c.light, 2.4)
    for left in (10, 68):
        pen.box(left, 48, left + 22, 88, c.main, 9)
        pen.box(left + (14 if left < 50 else 0), 52, left + (22 if left < 50 else 8), 84, c.ink, 4)
    pen.line([(15, 56), (15, 78)], c.light, 2.4)


def phone(pen: Pen, c: Shades) -> None:
    """A phone with a charging bolt."""
    pen.box(28, 8, 72, 92, c.ink, 9)
    pen.box(32, 14, 68, 86, c.main, 5)
    pen.polygon([(32, 14), (68, 14), (32, 64)], c.light)
    pen.box(44, 9.5, 56, 12.5, c.dark, 1.5)
    pen.polygon([(53, 30), (40, 54), (49, 54), (46, 72), (61, 45), (51, 45)], _WHITE)


def keyboard(pen: Pen, c: Shades) -> None:
    """A keyboard and a cursor."""
    pen.box(6, 38, 94, 84, c.dark, 7)
    pen.box(6, 34, 94, 78, c.main, 7)
    for row, (top, count) in enumerate(((40, 9), (52, 9))):
        for column in range(count):
            left = 12 + column * 8.6 + row * 0.6
            pen.box(left, top, left + 6.6, top + 8, c.pale, 1.6)
    pen.box(12, 64, 26, 72, c.light, 1.6)
    pen.box(29, 64, 70, 72, c.pale, 1.6)
    pen.box(73, 64, 88, 72, c.light, 1.6)
    pen.polygon([(46, 10), (46, 28), (50, 24), (53, 31), (56, 29.6), (53, 23), (59, 22)], c.ink)


def lamp(pen: Pen, c: Shades) -> None:
    """A desk lamp and its light."""
    pen.polygon([(40, 38), (68, 30), (94, 88), (30, 88)], c.pale)
    pen.line([(26, 88), (20, 52), (46, 22)], c.dark, 4.4)
    pen.ellipse(15, 47, 25, 57, c.ink)
    pen.polygon([(40, 12), (56, 18), (70, 32), (37, 42)], c.main)
    pen.polygon([(40, 12), (47, 14.5), (45, 39), (37, 42)], c.dark)
    pen.box(10, 87, 46, 94, c.ink, 3)


def pillow(pen: Pen, c: Shades) -> None:
    """A bed with pillows."""
    pen.box(10, 18, 90, 70, c.dark, 8)
    pen.box(18, 30, 48, 54, _WHITE, 7)
    pen.box(52, 30, 82, 54, _WHITE, 7)
    pen.box(10, 48, 90, 84, c.main, 7)
    pen.box(10, 48, 90, 58, c.light, 5)
    for left in (14, 78):
        pen.box(left, 82, left + 8, 93, c.ink, 2)


def shirt(pen: Pen, c: Shades) -> None:
    """A T-shirt."""
    pen.polygon(
        [(34, 14), (66, 14), (94, 34), (82, 50), (72, 44), (72, 90), (28, 90), (28, 44), (18, 50), (6, 34)],
        c.main,
    )
    pen.polygon([(28, 44), (18, 50), (6, 34), (18, 26)], c.dark)
    pen.polygon([(72, 44), (82, 50), (94, 34), (82, 26)], c.dark)
    pen.pie(38, 4, 62, 28, 10, 170, c.pale)
    pen.arc(38, 4, 62, 28, 5, 175, c.dark, 2)
    pen.line([(36, 60), (36, 82)], c.light, 2.4)


def bag(pen: Pen, c: Shades) -> None:
    """A backpack."""
    pen.arc(36, 6, 64, 34, 180, 360, c.ink, 4)
    pen.box(22, 18, 78, 93, c.main, 18)
    pen.box(22, 50, 34, 93, c.dark, 8)
    pen.box(66, 50, 78, 93, c.dark, 8)
    pen.box(32, 56, 68, 87, c.light, 7)
    pen.line([(36, 66), (64, 66)], c.dark, 2.2)
    pen.box(47, 64, 53, 74, c.ink, 2)
    pen.arc(34, 24, 66, 56, 200, 340, c.dark, 2.4)


def mountain(pen: Pen, c: Shades) -> None:
    """A tent below mountains."""
    pen.ellipse(66, 10, 84, 28, c.light)
    pen.polygon([(4, 84), (34, 22), (58, 66), (70, 48), (96, 84)], c.light)
    pen.polygon([(34, 22), (43, 38), (36, 43), (31, 37), (25.5, 40)], _WHITE)
    pen.polygon([(50, 46), (84, 92), (16, 92)], c.main)
    pen.polygon([(50, 46), (62, 92), (40, 92)], c.dark)
    pen.line([(50, 46), (50, 40)], c.ink, 2)


def box(pen: Pen, c: Shades) -> None:
    """A parcel, for goods of any other kind."""
    pen.polygon([(50, 14), (90, 32), (50, 50), (10, 32)], c.light)
    pen.polygon([(10, 32), (50, 50), (50, 94), (10, 74)], c.main)
    pen.polygon([(90, 32), (50, 50), (50, 94), (90, 74)], c.dark)
    pen.polygon([(30, 23), (38, 19.5), (78, 37.5), (70, 41)], c.pale)
    pen.polygon([(70, 41), (78, 37.5), (78, 52), (70, 56)], c.pale)


ICONS: Mapping[str, Icon] = {
    icon.__name__: icon
    for icon in (
        leaf, bean, nut, jar, bear, paw, drop, bottle, spray, pot, kettle, cup, headphones, phone, keyboard,
        lamp, pillow, shirt, bag, mountain, box,
    )
}  # fmt: skip
