"""Dangers that words alone tell: something has happened, is happening, or is threatened.

Only what nearly always means it stands here; what is asked before buying, told of others or said in jest is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nlu.acts import Danger

_WORDS: Mapping[Danger, str] = {
    Danger.POISON: (
        r"(误食|误吞|误饮|误喝|吞(下|进|掉)(去)?了|(喝|吃|舔|咽)(了|下|进)(去)?(一|"
        r"两|几|半|点|些|口)?.{0,8}(干燥剂|洁厕|清洁剂|洗衣|洗涤|胶水|电池|磁|"
        r"药水|精油|消毒|漂白|香薰|液)|(干燥剂|洁厕\w|清洁剂|洗衣\w{1,2}|洗洁精|"
        r"胶水|电池|磁珠|精油|消毒液|漂白\w)(被.{0,6})?(给)?(吃|喝|吞|咽|舔)(了|"
        r"下|进|掉)|(溅|喷|弄|进|滴|揉|飞)(到|进|了)?.{0,4}(眼|眼睛|嘴里)|进眼睛)|"
        r"\b(swallowed|ingested|(drank|drunk|ate|eaten|licked|chewed|choking on)\b.{0,24}\b(cleaner|"
        r"bleach|batter\w+|magnets?|detergent|pods?|gel|sachet|glue|polish|oil|"
        r"dye|liquid|solution|fertili[sz]er|candle|pellets?|capsules?)|(splash\w*|"
        r"spray\w*|squirt\w*|got|went|flew)\b.{0,16}\b(in|into) (my|his|her|their) (eyes?|"
        r"mouth)\b)"
    ),
    Danger.ALLERGY: (
        r"(过敏(了|反应|性休克)|起(了)?(好多|一身|很多|满)?.{0,3}(红疹|疹子|风团|"
        r"荨麻疹|红点|泡)|(嘴|脸|舌|喉|眼|嗓子)\w{0,3}(肿|发麻)(了|起来|得)?|"
        r"(喘不上|呼吸困难|喘不过)气?|浑身(发)?痒)|\b(allergic reaction|anaphyla\w+|"
        r"(in|got|have) hives (all|after|now)|(tongue|lips?|face|throat|eyes?)\b.{0,12}\b(swell\w*|"
        r"swollen|puff\w*|closing|tight)|(swell\w*|swollen)\b.{0,12}\b(tongue|"
        r"lips?|face|throat|eyes?)|can'?t breathe|struggling to breathe|(came|"
        r"broke|broken) out in)\b"
    ),
    Danger.FIRE: (
        r"(冒(烟|火|火花)|着火|起火|烧(着|起来|焦|糊)了|爆炸了|漏电了|触电了|"
        r"电(到|了)(我|他|她|孩子|手|一下)|被电(了|到)|焦味|火苗)|\b(smok(e|ing)\b.{0,20}\b(com|"
        r"pour|from|out)\w*|(is|was|started|it'?s) smoking|caught fire|in flames|"
        r"sparks? (came|flew|coming|flying)|is sparking|(it|battery|charger) exploded|"
        r"electric shock|electrocuted|shocked (me|him|her)|gave (me|him|her) a (shock|"
        r"jolt)|burning smell|smell\w* of burning|burning up)\b"
    ),
    Danger.INJURY: (
        r"(割(伤|破|到)|划(伤|破)|烫(伤|到|起)|砸(到|伤)(了)?(我|他|她|孩子|脚|"
        r"手|头)|夹(到|伤|了)手|流(了)?(好多|很多|不少)?血|流血|出血了|骨折了|"
        r"受伤|伤到|摔(伤|了一跤|断)|缝了|送(去)?医院|急诊|进了医院|烧伤)|\b(bleeding|"
        r"cut (my|his|her|their|your)\w* \w+|(needed|got|had) (\w+ )?stitches|"
        r"burn(ed|t) (my|his|her|their)|scald\w*|in (a&e|the er)|broke (my|his|"
        r"her) (leg|arm|wrist|toe|finger|nose)|fractur\w+|injur(ed|y)|hurt (my|"
        r"his|her|him|himself|herself|myself|badly)|concussion|blister\w*|sliced)\b"
    ),
    Danger.SELF_HARM: (
        r"(不想活|活不下去|活着没意思|想死|去死算了|自杀|自残|轻生|结束(自己|"
        r"生命|这一切)|割腕|跳楼|一了百了)|\b(kill myself|end (it all|my life)|"
        r"suicid\w+|don'?t want to (live|be here|be alive|wake up|exist)|no (point|"
        r"reason) (in )?(living|to live)|better off (dead|without me)|hurt(ing)? myself|"
        r"self[- ]harm|cut(ting)? myself|want to die)\b"
    ),
    Danger.FRAUD: (
        r"((要|让|叫)我.{0,14}(验证码|转账|银行卡|密码|点(击)?链接|共享屏幕)|"
        r"(给|告诉|发|报)了?(他|她|对方|客服|ta).{0,6}(验证码|密码|卡号)|(不是|"
        r"没)(我|本人)(下|买|点|付)的?(单|订单)?|我没(下|买)过|被盗(刷|号|用)|"
        r"冒充你们|账号被(人)?(盗|登))|\b((got|been|was|am) (scammed|hacked|phished)|"
        r"(didn'?t|never) (placed?|ma[dk]e|authori[sz]ed?) (this|that|the|an?) (order|"
        r"payment|purchase)|unauthori[sz]ed|stolen (card|identity)|gave (him|"
        r"her|them) (my|the) (code|card|pin|password|details)|(asked|asking|wants?) (me )?(for|"
        r"to).{0,20}(code|pin|password|card (number|details)|gift cards?|transfer)|"
        r"someone (else )?(used|logged|is using|got into)|identity theft|fake (website|"
        r"site|text|email|agent|support))\b"
    ),
    Danger.DOUBLE_CHARGE: (
        r"(扣(了)?(我)?(两|2|双|三|3)(次|遍|笔|回|份)|重复(扣|收|付|支付)|多扣|"
        r"扣了双份|付了?(两|2)(次|遍)|收了我?(两|2)(次|遍|笔))|\b(charged?( me)? (twice|"
        r"double|two times|three times)|double[- ]?charg\w*|(two|2|duplicate|"
        r"second) (identical )?(charges?|payments?|transactions?)|billed( me)? twice|"
        r"paid twice|taken (out )?twice|took (the money|it|my money|payment) twice|"
        r"debited twice)\b"
    ),
    Danger.LEGAL: (
        r"(起诉|(要|去|就)告你们?|告上法|律师函|上?法院(见|告)|报警(了|处理)|"
        r"12315|消协|市场监管|找记者|曝光你|立案)|\b((my|a|our) (lawyer|solicitor|"
        r"attorney) (will|is|says|has)|(from|to) (my|our) (lawyer|solicitor|attorney)|"
        r"(sue|suing) you|legal action|small claims|trading standards|see you in court|"
        r"take you to court|ombudsman|consumer (protection|council|authority)|"
        r"report(ing|ed)? (you|this) to|(going|went|call(ing|ed)?) (to )?the police)\b"
    ),
}
_patterns = tuple((kind, re.compile(words, re.IGNORECASE).search) for kind, words in _WORDS.items())
_only_asked_or_told = re.compile(
    r"会不会|万一|要是|如果|怕|会(漏|触|起|爆|冒|过敏|割|烫|扣)|能不能|吗\W*$|"
    r"[不没](再)?(冒烟|过敏|漏电|出血)|没事|看新闻|听说|上次|以前|\b(what if|"
    r"if (it|they|he|she|i|my)|would|will (it|they)|does it|do they|can (it|"
    r"they)|could|is (it|this) safe|nobody|not? longer|last (time|year)|used to|"
    r"my mate|nearly|haha|lol)\b",
    re.IGNORECASE,
).search


def danger_in(text: str) -> Danger | None:
    """The danger that a text plainly tells of, or None."""
    if _only_asked_or_told(text):
        return None
    return next((kind for kind, found in _patterns if found(text)), None)
