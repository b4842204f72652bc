"""Words that customers bargain with, in both languages: each table says one thing of a message."""

from __future__ import annotations

import re

from bot.conversation.phrases import word_test

for_nothing = re.compile(
    # 100% cotton is no price.
    r"\b(100|9\d)\s*%.{0,6}(off\b|discount|reduction|cheaper|less\b|优惠|折扣|便宜)"
    r"|(\boff\b|discount|优惠|折扣|便宜|减).{0,8}\b(100|9\d)\s*%"
    r"|\bfor free\b|\bfree of (charge|cost)\b"
    # Nor are thanks for nothing, and whoever waited for nothing wants something else.
    r"|^(?!.*\b(thank|thx|wait)).*\b(give|get|have|take|want|let|it|this|that|one|them)\b.{0,24}\bfor nothing\b"
    # Fragrance free lotion is free of something else: what may be had free is pointed at.
    r"|(^\W*|\b(it|this|that|one|them|these|those|me|is|are|be|it'?s|a|any|some|get|give|have|want|make|all|totally"
    r"|completely|absolutely|something|anything)\s+)free\b"
    r"(?!-| (ship|deliver|post|gift|return|exchange|repair|install|assembl|size|from|of (?!charge|cost)))"
    r"|免费(?!配送|送货|退|换|安装|维修|保修|上门)|白送|送我(得了|呗|吧|一个)|送(了)?得了$|送呗|送给我|不要钱"
    r"|(?<![\d.,])0\s*元|零元|(?<![\d.])[0零]\s*折",
    re.IGNORECASE,
).search
"""Somebody wants it free or all but free."""
asks_for_less = re.compile(
    r"便宜|优惠|打(个)?折|折扣|少(一)?点|砍(点|个)?价|抹(个)?零|最低|底价|太贵|贵了|有点贵|再降|降点|包个邮"
    r"|\b(cheaper|lower|lowest|discount|bargain|haggle|knock\b.{0,12}\boff|final (price|offer)|deal)\b"
    r"|\b(best|better|last|rock bottom) (price|offer|deal|(you|u|ya) can do)\b|\b(do|any) (any )?better\b"
    r"|\d\s?(元|块钱?)?\s?(卖不卖|卖吗|卖我|行不行|行吗|成不成|成吗|能卖|出不出|可以吗)"
    r"|\btoo (expensive|pricey|dear|much)\b|\bcome down\b|\bsteep\b|实价|实在价|诚心价|一口价|这么贵|咋恁贵",
    re.IGNORECASE,
).search
"""The words haggle over a price."""
wants_cheaper_ones = word_test(
    "便宜的 便宜点的 便宜一点的 便宜些的 便宜…款 便宜…别的 别的…便宜 其他…便宜 有便宜 有没有便宜 有没有更便宜 平价",
    "anything…cheaper anything_less_expensive something…cheaper something_less_expensive cheaper_one* cheaper_option*"
    " cheaper_alternative* cheaper_model* cheaper_version* cheaper_kind* any_cheaper_* less_expensive_one*",
)
"""Cheaper goods are looked for, and not a lower price."""
of_the_price = word_test(
    "价格 价钱 价位 同价 一个价 比价", "cheaper_price* cheaper_deal* price* deal* discount*"
)
"""… but the price itself is meant."""
names_rival = word_test(
    "京东 淘宝 天猫 拼多多 pdd 抖音 快手 唯品会 闲鱼 亚马逊 别家 别人家 别人…卖 人家…卖 人家…便宜 人家…才 隔壁"
    " 其他店 其它店 别的店 别的平台 其他平台 其它平台 别处 其他家 其它家 同行 实体店 专柜 超市 线下 商场",
    "amazon ebay etsy aliexpress temu walmart costco argos tesco shein jd jd.com taobao tmall pinduoduo elsewhere"
    " somewhere_else anywhere_else someone_else next_door down_the_road competitor* another_shop another_store"
    " another_site another_place another_website another_seller other_shop* other_store* other_site* other_website*"
    " other_seller* other_retailer* another_retailer retailer* other_places different_shop different_store"
    " different_site different_website",
)
"""Another shop is named."""
asks_to_match = word_test(
    "同价 一个价 一样的价 比价 跟…一样价 和…一样价",
    "price_match* match_the_price match_that_price match_their_price match_its_price match_that match_it beat_that"
    " beat_their_price beat_it",
)
"""Somebody else's price is to be kept up with."""
of_dearness = word_test(
    "便宜 差价 更低 贵 划算 价格 价钱 什么价 才卖 只卖 只要",
    "cheap cheaper match matching beat less lower price* priced expensive"
    " dearer better_deal costs sells_it sell_it_for selling_it",
)
"""It is about what something costs."""
NO_RIVALS = ("京东快递", "京东物流", "京东白条", "京东支付", "京东账号", "amazon pay", "1688")
"""What has a rival's name and is none."""
wants_gift = word_test(
    "赠品 小礼物 小礼品 送点什么 送点东西 送个小 送点小 送什么 送个啥 送点啥 附赠 搭点 搭个",
    "freebie* free_gift* throw_in throw_something_in throw_anything_in thrown_in any_extras something_extra",
)
"""Something is wanted with it for nothing."""
wants_something_with_it = word_test(
    "送个 送一 送我 送双 送条 送盒 送点 再送 附送 搭个 搭一",
    "any_gift a_gift gift_with gift_too free_sample* any_sample* something_with_it",
)
"""While it is bargained, something is wanted with it for nothing."""
of_offers = word_test("优惠 券 活动 折扣", "discount* offer* coupon* voucher* deal* promotion* promo* code*")
"""It is about what is on offer, and not about a price."""
of_postage = word_test(
    "包邮 包个邮 免邮 免运费 运费",
    "postage shipping delivery_fee delivery_cost* delivery_charge* free_delivery",
)
"""It is about what sending costs."""
of_a_group = word_test(
    "学生 教师 老师 会员 军人 老人 新客 新用户 首单 生日 员工",
    "student* teacher* member* senior* military veteran* birthday nhs first_order new_customer* staff_discount",
)
"""A discount for some people is asked for."""
wants_many = word_test(
    "多买 多拿 买多 拿多 批发 团购 批量 大量",
    "bulk wholesale buy_more bought_more get_more_of more_than_one several_of",
)
"""It is asked what more of it would cost."""
pleads = word_test(
    "帮帮忙 帮个忙 求求 拜托 行行好 通融 诚心 真心 照顾 支持一下 爽快 老顾客 老客户 老主顾 大气 给个面子 别这么小气"
    " 我就买 我就要 我就拿 我就下单 马上下单 立马下单 就买了",
    "please_please pretty_please come_on c'mon come_onn* still_no nothing_you_can_do be_nice loyal_customer"
    " regular_customer good_customer for_a_regular do_me_a_favour do_me_a_favor help_me_out meet_me wiggle_room"
    " and_i'll_take and_ill_take and_i'll_buy then_i'll_buy then_i'll_take",
)
"""While it is bargained, no more than another asking, such as that it would be taken if …"""
one_more = word_test(
    "再加 加一 加两 再来 再要 多要 多拿", "one_more two_more another_one add_one add_another and_another"
)
"""So many more are wanted."""
just_one = word_test(
    "就一个 就一件 只要一 一个就 一件就 拿一个 拿一件",
    "just_one only_one take_one one_then one_please one_is_enough",
)
bids = word_test(
    "拿走 卖不卖 卖吗 卖我 行不行 行吗 行不 成不成 成吗 能卖 出不出 可以吗 可以不 拿下 我就买 就买"
    " 我要了 给你 成交 怎么样 咋样",
    "would_you_take will_you_take do_you_take can_you_do can_u_do could_you_do how_about what_about i'll_give_you"
    " i'd_pay i'll_pay i_can_pay i_would_pay call_it make_it and_i'll and_ill and_i_will i'll_buy ill_buy i_buy for_it"
    " or_i'm_out or_nothing or_i_go",
)
"""A sum beside them is what the customer would pay."""
leaves = word_test(
    "算了 不买了 不要了 不想要了 拜拜 再见 买不起 去京东买 去淘宝买 去拼多多买 去天猫买 去别家 去隔壁 别家买 那我走了",
    "forget_it forget_about_it never_mind nevermind bye goodbye no_thanks no_thank_you i'll_pass ill_pass"
    " i'll_leave_it leave_it i'm_out get_it…elsewhere buy_it…elsewhere go_elsewhere get_it_on buy_it_on get_it_from"
    " buy_it_from not_worth_it i'll_go_to ill_go_to going_to_amazon not_buying",
)
"""The customer leaves it."""
thinks = word_test(
    "再看看 考虑 想想 想一想 琢磨 再说吧",
    "think_about_it think_it_over have_a_think sleep_on_it consider_it let_me_think i'll_think i'll_see",
)
"""The customer thinks about it."""
a_deal = word_test("deal$")
"""It ends in a deal: that asks for one, or agrees to it."""
takes = word_test(
    "就要这个 就要它 就要那个 就这个吧 就这么定 就这样定 就定这个 就它了 就它吧 就这个了 要这个了 我要下单"
    " 要下单 下单吧 直接下单 现在下单 去下单 怎么下单 咋下单 我买了 我要了 我拿了 拿下了 就买这 就买它 买它"
    " ^成交 拍下 怎么买 咋买 哪里买 在哪买 怎么拍 链接发 发…链接 给…链接 购买链接 放…购物车 加…购物车"
    " 加购",
    "i'll_take ill_take i_will_take take_it$ i'll_have_it ill_have_it i'll_buy ill_buy i_will_buy i'd_like_to_order"
    " i_want_to_order i_want_to_buy i_want_it buy_it_now ^deal$ ^sold$ ^done_deal it's_a_deal ok_deal okay_deal"
    " add…basket add…cart put…basket put…cart how_do_i_order how_do_i_buy how_can_i_buy how_can_i_order where_do_i_buy"
    " where_can_i_buy send…link the_link checkout check_out let's_do_it",
)
"""The customer takes it, or asks where."""
too_dear = word_test(
    "太贵 贵了 好贵 超预算", "too_expensive too_pricey too_dear too_much too_rich can't_afford cant_afford"
)
"""It is called too dear."""
of_a_limit = word_test(
    "以内 以下 之内 预算 不超过 以上 左右", "under budget within up_to at_most below max maximum no_more_than"
)
"""A sum beside them is a limit for what is looked for."""
plain_deal = word_test("^deal$ ok_deal okay_deal done_deal it's_a_deal")
"""It is agreed to."""
