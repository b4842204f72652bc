"""Whether the small or the large one is wished for, and what is only called small."""

import pytest

from nlu.products.extent import LITTLE, MUCH, wished


@pytest.mark.parametrize(
    ("text", "extent"),
    [
        ("the wee one please", LITTLE),
        ("nothing too big", LITTLE),
        ("she lives on her own", LITTLE),
        ("not a massive one", LITTLE),
        ("not too small", MUCH),
        ("a large one", MUCH),
        ("一家子吃的", MUCH),
        ("小份的不够", MUCH),
        ("小包装的", LITTLE),
        ("太大的不要", LITTLE),
        ("a kettle", ""),
        ("小电扇", ""),
    ],
)
def test_how_much_of_it_is_wished_for(text: str, extent: str) -> None:
    assert wished(text) == extent
