"""Dangers that words alone tell: something has happened, is happening, or is threatened.

Only what nearly always means it stands here; what is asked before buying, told of others or said in jest is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from nlu.acts import Danger

_PETS = (
    r"(?:猫|狗|犬|兔|仓鼠|豚鼠|鹦鹉|宠物|毛孩子|柯基|泰迪|金毛|\b(?:dogs?|cats?|pupp(?:y|ies)|pups?|kittens?|kitty"
    r"|rabbits?|bunny|hamsters?|guinea pigs?|parrots?|pets?|spaniel|labrador|retriever|terrier)\b)"
)
_PEOPLE = (
    r"(?:孩子|宝宝|小孩|娃|儿子|女儿|老公|老婆|我妈|我爸|爷爷|奶奶|外婆|孙子|孙女|同事|朋友"
    r"|\b(?:i|i'?ve|he|he'?s|she|she'?s|they|they'?ve|son|daughter|child(?:ren)?|kids?|bab(?:y|ies)|toddler|boy|girl"
    r"|grandson|granddaughter|husband|wife|mum|mom|mother|dad|father|nan|gran|grandma|grandad|brother|sister|friend"
    r"|somebody|someone|niece|nephew|little one)\b)"
)
_HARMS_PETS = (
    r"(?:蜡烛|巧克力(?!味)|葡萄|提子|洋葱|大蒜|木糖醇|塑料|橡胶|橡皮|玩具|袜|绳|皮筋|药|百合|香薰"
    r"|\b(?:candles?|chocolates?|raisins?|grapes?|onions?|xylitol|plastic|toys?|squeakers?|rope|string|socks?|pills?"
    r"|tablets?|medicine|lil(?:y|ies)|elastic|foam|stuffing)\b)"
)
_BODY = (
    r"(?:gums?|nose|finger(?:tip)?s?|thumb|hands?|foot|feet|toes?|head|lips?|mouth|tongue|face|forehead|arms?|legs?"
    r"|knees?|chin|ears?|eyes?|neck|paws?|wrist|ankle|skin|scalp|wound|cut)"
)
_AIR = (
    r"(?:一氧化碳|煤气|瓦斯|燃气)(?:中毒|泄漏|漏了|超标)"
    r"|(?:一氧化碳|煤气|燃气)(?:报警器|警报器?)(?:在|一直|突然|又|都){0,2}(?:响|叫)"
    r"|(?:烧炭|炭火|木炭|炉|煤气|取暖器|烤火).{0,24}(?:头(?:好|很|有点)?(?:晕|疼|痛)|恶心|想吐|晕倒)"
    r"|\b(?:carbon monoxide (?:poison\w*|leak)|gas leak|smell(?:s|ing)? (?:of )?gas"
    r"|(?:carbon monoxide|co|gas) (?:alarm|detector)(?:'s| is| has| just| keeps){0,2} (?:going|went|gone|goes|sounding)"
    r"(?: off)?|carbon monoxide\W{1,4}(?:what (?:do|should)|help)"
    r"|(?:stove|heater|bbq|barbecue|charcoal|burner|grill)\b.{0,60}\b(?:dizzy|headaches?|light-?headed|nauseous"
    r"|feel(?:ing)? sick|passed out|faint\w*)|(?:breathed|breathing|inhaled)\b.{0,24}\b(?:fumes|gas|vapou?rs?))\b"
)
"""What is breathed in: whoever is poisoned by it has to get out first."""
_BLEEDS = (
    rf"(?:{_PEOPLE}|{_PETS}|\b(?:it|it'?s|{_BODY})\b).{{0,30}}\bbleeding(?=\W*$|[.,!?;]"
    r"| (?:and|from|a lot|badly|heavily|profusely|everywhere|all over|again|now|for|since|so|at the|in (?:his|her|my)"
    r"|what|help|please|because|but|after|like|quite|really|pretty)\b)"
    r"|\b(?:won'?t|wont|can'?t|doesn'?t|not|isn'?t) stop(?:ping)? (?:the )?bleeding\b"
)
"""Somebody bleeds: no dye that runs, and no oath."""

_CELL = (
    r"(?:电池|充电宝|电瓶).{0,10}(?:鼓包|鼓起|鼓了|膨胀|胀[了起大]|发烫|烫手|[好很太滚]烫|过热|融化)"
    r"|\b(?:batter(?:y|ies)|power ?banks?)\b[^.!?]{0,24}\b(?:swollen|swelled|swelling|bulg(?:ed|ing|es)|puffed|bloated"
    r"|balloon(?:ed|ing)|melt(?:ed|ing)|hissing|overheat(?:ed|ing|s)"
    r"|(?:is|was|are|were|got|gets|getting|went|feels?|felt|runs?) (?:very|really|so|too|extremely|burning|boiling"
    r"|scalding) hot)\b"
    r"|\b(?:my|our|this|his|her)\s(?:swollen|bulging|bloated|puffed[- ]up|overheat(?:ed|ing))\b(?:\s\w+){0,3}\s"
    r"(?:batter(?:y|ies)|power ?banks?)\b"
)
"""A battery that may catch fire at any moment: nothing else is ever said so."""

_WORDS: Mapping[Danger, str] = {
    Danger.POISON: (
        rf"{_AIR}|{_PETS}(?=.{{0,12}}(?:吞|误食|舔食))(?:(?!{_PEOPLE}).){{0,12}}(?:吞|误食|舔食)(?:了|下|掉|进)"
        rf"|{_PETS}[^把]{{0,8}}把.{{0,8}}{_HARMS_PETS}.{{0,4}}(?:吃|吞|咽|舔)(?:了|掉|下|进)"
        rf"|{_PETS}(?>.{{0,10}}?(?:(?:吃|吞|咽)(?:了|掉|下|进)|\b(?:ate|eaten|swallowed|got into)\b)).{{0,28}}"
        rf"{_HARMS_PETS}|"
        r"(误食|误吞|误饮|误喝|吞(下|进|掉)(去)?了|(喝|吃|舔|咽)(了|下|进)(去)?(一|"
        r"两|几|半|点|些|口)?.{0,8}(干燥剂|洁厕|清洁剂|洗衣|洗涤|胶水|电池|磁|"
        r"药水|精油|消毒|漂白|香薰|液)|(干燥剂|洁厕\w|清洁剂|洗衣\w{1,2}|洗洁精|"
        r"胶水|电池|磁珠|精油|消毒液|漂白\w)(被.{0,6})?(给)?(吃|喝|吞|咽|舔)(了|"
        r"下|进|掉)|(溅|喷|弄|进|滴|揉|飞)(到|进|了)?.{0,4}(眼|眼睛|嘴里)|进眼睛)|"
        rf"(?:{_PEOPLE}|{_PETS}).{{0,40}}\bswallowed\b(?! (?:\w{{2,5}} pride|by)\b)|"
        r"\b(ingested|(swallowed|drank|drunk|ate|eaten|licked|chewed|choking on)\b.{0,24}\b(cleaner|"
        r"bleach|batter\w+|magnets?|detergent|pods?|gel|sachet|glue|polish|oil|"
        r"dye|liquid|solution|fertili[sz]er|candle|pellets?|capsules?)|(splash\w*|"
        r"spray\w*|squirt\w*|got|went|flew)\b.{0,16}\b(in|into) (my|his|her|their) (eyes?|"
        r"mouth)\b)"
    ),
    Danger.ALLERGY: (
        r"(过敏(了|反应|性休克)|起(了)?(好多|一身|很多|满)?.{0,3}(红疹|疹子|风团|"
        r"荨麻疹|红点|泡)|(嘴|脸|舌|喉|眼|嗓子)\w{0,5}((?<![浮消])肿|发麻)(了|起来|得)?|"
        r"(喘不上|呼吸困难|喘不过)气?|浑身(发)?痒)|\b(allergic reaction|anaphyla\w+|"
        r"(in|got|have) hives (all|after|now)|(tongue|lips?|mouth|face|throat|eyes?)\b.{0,20}\b(swell\w*|"
        r"swollen|puff\w*|closing|tight)|(swell\w*|swollen)\b.{0,12}\b(tongue|"
        r"lips?|face|throat|eyes?)|can'?t breathe|struggling to breathe|(came|"
        r"broke|broken) out in)\b"
    ),
    Danger.FIRE: (
        r"(冒(烟|火|火花)|着火|起火|烧(着|起来|焦|糊)了|爆炸了|漏电了|触电了|"
        r"电(到|了)(我|他|她|孩子|手|一下)|被电(了|到)|[焦糊]味|火苗)|\b(smok(e|ing)\b.{0,20}\b(com|"
        r"pour|from|out)\w*|(is|was|started|it'?s) smoking|caught fire|in flames|"
        r"sparks? (came|flew|coming|flying)|is sparking|(it|battery|charger) exploded|"
        r"electric shock|electrocuted|shocked (me|him|her)|gave (me|him|her) a (shock|"
        r"jolt)|burn(?:ing|t) smell|smell\w* (?:of burning|burnt)|burning up)\b"
    ),
    Danger.INJURY: (
        r"(割(伤|破|到)|划(伤|破)|烫(伤|到|起)|砸(到|伤)(了)?(我|他|她|孩子|脚|"
        r"手|头)|夹(到|伤|了)手|流(了)?(好多|很多|不少)?血|流血|出血了|止不住血|血止不住|"
        r"满(手|脸|嘴|地)(都)?是血|骨折了|"
        rf"受伤|伤到|摔(伤|了一跤|断)|缝了|送(去)?医院|急诊|进了医院|烧伤)|{_BLEEDS}|\b("
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
_WRITER = re.compile(r"\b(?:i'?ve|i'?m|i|we|she'?s|he'?s|they'?ve|she|he|they)\b", re.IGNORECASE)
"""Who writes, and who may be an animal as well."""
_patterns = tuple((kind, re.compile(words, re.IGNORECASE).search) for kind, words in _WORDS.items())
_only_asked_or_told = re.compile(
    r"会不会|万一|要是|如果|怕|会(漏|触|起|爆|冒|过敏|割|烫|扣)|能不能|吗\W*$|"
    r"[不没](再)?(冒烟|过敏|漏电|出血)|没事|看新闻|听说|上次|以前|\b(what if|"
    r"if (it|they|he|she|i|my)|would|will (it|they)|does it|do they|can (it|"
    r"they)|could|is (it|this) safe|nobody|not? longer|last (time|year)|used to|"
    r"my mate|nearly|haha|lol)\b",
    re.IGNORECASE,
).search


_imagined = re.compile(
    r"会不会|万一|要是|如果|怕|[没不](?:有|会)?(?:鼓|膨|胀|发|烫|过热)|听说|新闻|以前"
    r"|\b(?:if|would|could|might|may|ever|will|not|never|used to|last (?:time|year)|nearly)\b"
    r"|\b(?:is|are|was|were|does|do|did|has|have|wo)n['’]?t\b",
    re.IGNORECASE,
).search


_animal = re.compile(_PETS, re.IGNORECASE).search
_person = re.compile(_PEOPLE, re.IGNORECASE).search
_cell = re.compile(_CELL, re.IGNORECASE).search
_breathed = re.compile(_AIR, re.IGNORECASE).search


def befalls_an_animal(text: str) -> bool:
    """Whether words that tell of a poisoning tell it of an animal: it is named before any person is who may have
    swallowed something; whoever writes is none."""
    told = _WRITER.sub(lambda found: " " * len(found[0]), text)
    animal, person = _animal(told), _person(told)
    return animal is not None and (person is None or animal.start() < person.start())


def names_nobody(text: str) -> bool:
    """Whether words name no animal, and no person but whoever writes or "he" and "she"."""
    return _animal(text) is None and _person(_WRITER.sub(" ", text)) is None


def is_breathed_in(text: str) -> bool:
    """Whether words that tell of a poisoning tell of gas or fumes."""
    return _breathed(text) is not None


def leaves_no_doubt(text: str) -> bool:
    """Whether words tell of a danger that they are said of nothing else: they need no reader to agree."""
    return _cell(text) is not None and not _imagined(text)


def danger_in(text: str) -> Danger | None:
    """The danger that a text plainly tells of, or None."""
    if leaves_no_doubt(text):
        return Danger.FIRE
    if _only_asked_or_told(text):
        return None
    return next((kind for kind, found in _patterns if found(text)), None)
