"""Which of the two languages a message is in, and whether it is in neither."""

from __future__ import annotations

import re
import unicodedata

from nlu.types import Language

_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_LETTER_OF_ANOTHER_SCRIPT = re.compile(
    r"[\u00c0-\u024f\u0370-\u1cff\u1e00-\u1fff\u3040-\u30ff\u3130-\u318f\ua000-\ud7ff\ufb1d-\ufdff\ufe70-\ufeff]"
)
_LETTER = re.compile(r"[^\W\d_]")
_KANA = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff]")

# (๑•̀ㅂ•́)و✧ is drawn with the letters of five scripts and belongs to none.
_FACE = re.compile(r"[^\s\w]?[ヽヾ]?\([^()A-Za-z0-9\u4e00-\u9fff]{2,16}\)[ノつっシゞو۶งδ✧/]*")
# Japanese without kana. Characters that were simplified in Japan alone, and words of its shops.
_JAPANESE_CHARACTER = re.compile(
    "[込働畑円図売発対営楽気広駅歩払価労単戻拡検様歳残済浜渋焼県砕稲継続総緑縄聴脳蔵薬覚訳読証転軽辺遅釈鉄鉱銭録険隠雑"
    "頼顔験髪黒黙齢剤択択沢伝届枠匂辻]"
)
_JAPANESE_WORD = re.compile(
    "注文|追跡番号|会員番号|返品希望|返品方法|返品可能|荷物|送料|返金|領収|請求書|問合|交換希望|未着|不良品交換"
)
_CHINESE_ONLY = re.compile("[的了吗嗎呢吧我你您这這那哪么麼们們没沒给給还還要怎啥谁誰啊哦呀嘛请請帮幫吃她]")

_OF_OTHER_LANGUAGES = {
    "Spanish, Portuguese, Catalan": """
        hola buenos buenas dias tardes gracias quiero quisiera necesito tengo donde cuando cuanto cuesta
        pedido pedidos devolver devolucion comprar compra envio mi mis por favor para una uno con esta este
        esto estos estas habla español espanol hablar persona ayuda tienda llegado llegó dinero zapatos
        funciona codigo descuento obrigado obrigada quero preciso meu minha onde você voce vocês encomenda boa
        tarde noite bom dia não nao produto chegou quando chega cartão vull parlar algú amb que el los las del
        ha todavia llegar paquete talla devuelto mais ainda recebi reembolso quanto pacote hacer cambiar
        numero se puede trocar tamanho
    """,
    "French": """
        bonjour bonsoir merci beaucoup je j'ai voudrais veux vous avez mon ma mes commande colis remboursement
        remboursé où est combien coûte coute livraison rien reçu recu depuis pas du tout ne marche parlez
        français francais journée bonne nous les une retourner s'il plaît svp n'est toujours arrivée arrivé
        quand échanger taille suis pouvez c'est avec mais sur cette robe rouge nos votre
    """,
    "German": """
        hallo guten bitte danke ich möchte moechte habe mein meine meinen paket bestellung wo bleibt ist nicht
        und das die der den wie noch keine lange dauert versand gerät kaputt angekommen vielen dank für hilfe
        sprechen sie deutsch kommt kam umtauschen zurückgeben nochmal langsam rechnung haben auch kann mit
        wann falsche produkt stornieren
    """,
    "Italian": """
        ciao buongiorno buonasera grazie mille vorrei ho il mio ordine dov'è dove quanto costa spedizione qual
        è prezzo cambiare taglia voglio restituire rimborso la mia pacco non arrivato arrivata ancora quando
        sono
    """,
    "Dutch, Polish, Czech, Romanian, Hungarian, Turkish, the Nordic languages": """
        waar mijn bestelling ik wil geld terug graag dank gdzie jest moja paczka proszę dziękuję chcę zwrócić
        kiedy dostanę zwrot pieniędzy kde moje objednávka kdy přijde unde este comanda mea hol csomagom
        siparişim nerede iade etmek istiyorum merhaba teşekkürler lütfen hvor er pakken min var är mitt missä
        tilaukseni ei toimi hej kargom siparis teslimat zamówienie przesyłka paczki nie dotarła dzień dobry
        niet pakket ürün bozuk geldi chciałbym produkt
    """,
    "Indonesian and Malay, Tagalog, Vietnamese": """
        pesanan saya mana mau tukar barang ini berapa ongkos kirimnya terima kasih tolong nasaan na ang ko
        magkano ito belum sampai sudah tidak bisa apa salamat tôi đơn hàng của đâu rồi muốn đổi bao giờ thì về
        xin chào cảm ơn barangnya rusak
    """,
}
_NOT_ENGLISH = frozenset(word for words in _OF_OTHER_LANGUAGES.values() for word in words.split())
_COURTESIES = """
    hola gracias merci beaucoup danke ciao salut grazie hallo obrigado obrigada bitte la mille
"""
_COURTESY = frozenset(_COURTESIES.split())
"""Words that people who write English use as well; alone they make no message foreign."""
_HELLOS = """
    bonjour bonsoir buongiorno buonasera merhaba konnichiwa
"""
_GREETINGS = frozenset(_HELLOS.split())
"""Words that are foreign also where they stand alone."""
_PLAIN_WORDS = """
    a an the i i'm i've you he she it we they me my your our this that these those is are was were be been am do
    does did don't can could will would should have has had not no yes to of in on at for from with by and or but if so
    what where when how why who which there here please order refund return delivery parcel thanks thank hi hello
    want need help get got just now still any some all size price ok okay leave i'll
"""
_ALSO_ENGLISH = frozenset(_PLAIN_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LEAST_FOREIGN = 0.4
"""Share of the words that are known to be of another language, from which a text with Latin letters is foreign."""


def detect(text: str, fallback: Language | None = None) -> Language:
    """The language of normalised text; `fallback` decides where its characters do not (`1024`, an emoji)."""
    chinese = len(_CHINESE.findall(text))
    latin = len(_LATIN_WORD.findall(text))
    if chinese or latin:
        # Each character counts as a whole word, so that names such as iPhone don't make Chinese English.
        return "zh" if chinese >= latin else "en"
    return fallback or ("zh" if re.search(r"[\u3000-\u303f]", text) else "en")


def is_foreign(text: str) -> bool:
    """Whether a text is in neither language, by its letters or, where those are shared, by its words.

    In doubt it is not: a customer who is not read is worse off than one who is read badly.
    """
    text = _FACE.sub("", text)
    letters = len(_LETTER.findall(text))
    if not letters:
        return False
    other = len(_LETTER_OF_ANOTHER_SCRIPT.findall(text))
    if other / letters > 0.3:
        return True
    if not _CHINESE.search(text):
        return _is_of_another_language(text)
    return not _CHINESE_ONLY.search(text) and ((other > 2 and bool(_KANA.search(text))) or _is_japanese(text))


def _is_japanese(text: str) -> bool:
    """Whether Chinese characters are used as in Japanese: 返品希望, 注文番号."""
    hints = len(_JAPANESE_CHARACTER.findall(text)) + len(_JAPANESE_WORD.findall(text))
    return hints >= 2 or (hints == 1 and (len(text) <= 6 or _KANA.search(text) is not None))


def _is_of_another_language(text: str) -> bool:
    """Whether Latin letters spell words of another language, and more of them than English ones."""
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if len(words) == 1:
        return words[0] in _GREETINGS
    foreign = {word for word in words if word in _NOT_ENGLISH or _without_marks(word) in _NOT_ENGLISH}
    english = sum(word in _ALSO_ENGLISH for word in words)
    if len(foreign) < 2 or foreign <= _COURTESY:
        return False
    named = sum(word in foreign for word in words)
    return named > 1.5 * english and named / len(words) >= _LEAST_FOREIGN


def _without_marks(word: str) -> str:
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def has_words(text: str) -> bool:
    """Whether anything in the text can be read: a Chinese character, or two Latin letters in a row."""
    return bool(_CHINESE.search(text) or _LATIN_WORD.search(text))
