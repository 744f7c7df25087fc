"""How long a music prompt asks the clip to be, in seconds, by rules that anybody can read.

A time that is about a part of the piece ("a drop after 10 seconds") is not its length. Where two
times are named and neither is called the length, nothing is read.
"""

from __future__ import annotations

import re

from arena.prompts.spans import FLAGS, Found, any_of

SHORTEST_S, LONGEST_S = 1.0, 3600.0  # beyond an hour it is not a length of a clip
_NUMBERS = {
    word: number
    for number, words in {
        0.5: "half demi demie halbe media 半",
        1: "a an one une un eine einen uno una um uma 一",
        2: "two deux zwei dos due dois duas 二 两 兩",
        3: "three trois drei tres tre três 三",
        4: "four quatre vier cuatro 四",
        5: "five cinq fünf cinco 五",
        6: "six sechs seis 六",
        7: "seven sept sieben siete 七",
        8: "eight huit acht ocho 八",
        9: "nine neuf neun nueve 九",
        10: "ten dix zehn diez dieci dez 十",
        12: "twelve douze zwölf doce",
        15: "fifteen quinze fünfzehn quince",
        20: "twenty vingt zwanzig veinte 二十",
        30: "thirty trente dreißig treinta 三十",
        40: "forty quarante vierzig cuarenta 四十",
        45: "forty-five quarante-cinq 四十五",
        50: "fifty cinquante fünfzig cincuenta 五十",
        60: "sixty soixante sechzig sesenta 六十",
        90: "ninety quatre-vingt-dix neunzig noventa 九十",
    }.items()
    for word in words.split()
}
_WORDS = "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_SECONDS = r"(?:seconds?|secs?|secondes?|sekunden?|segundos?|secondi|秒钟?|초)"
_MINUTES = r"(?:minutes?|mins?|minuten?|minutos?|minut[oi]|分钟?|分鐘|분)"
_AMOUNT = rf"(?:(?<![\d.,:])\d{{1,4}}(?:[.,]\d)?|(?<!\w)(?:{_WORDS})|(?<=[一-鿿])(?:{_WORDS}))"
_TIME = re.compile(
    rf"(?P<half>half an? |une demi[ -]|medio |eine halbe )?"
    rf"(?P<amount>{_AMOUNT})?(?P<half_more> and a half| et demie?)?[\s-]{{0,2}}"
    rf"(?:(?P<minutes>{_MINUTES})|(?P<seconds>{_SECONDS}))(?![a-zäöü])"
    rf"(?P<and_half>半| and a half\b| et demie?\b)?"
    rf"(?:\s{{0,2}}(?:and |et |und |y )?(?P<rest>\d{{1,2}})\s?{_SECONDS})?",
    FLAGS,
)
# "30s" may be a decade and "1:30" a moment: only beside a word that says what it is.
_CLIP = r"(?=[ -](?:long|clip|loop|track|sample|snippet|piece|jingle|song))"
_SHORT = re.compile(
    rf"(?:\b(?:duration|length|durée)\s{{0,2}}[:=]?\s{{0,2}}(?P<s>\d{{1,3}})\s?s\b"
    rf"|(?<![\d:])(?P<s2>\d{{1,3}})\s?s\b{_CLIP}"
    rf"|(?:\b(?:duration|length|durée)\s{{0,2}}[:=]?\s{{0,2}})(?P<m>\d{{1,2}}):(?P<ms>[0-5]\d)\b"
    rf"|(?<![\d:])(?P<m2>\d{{1,2}}):(?P<ms2>[0-5]\d)\b{_CLIP})",
    FLAGS,
)
_ABOUT_A_PART_BEFORE = any_of(
    r"\b(?:after|at|over|every|each|within|past|by|until|before|next|first|opening|final|per)\s{0,3}"
    r"(?:about |around |the )?$",
    r"\bthe (?:very )?last $",
    r"\b(?:après|au bout de|toutes les|premi[èe]res?|derni[èe]res?|pendant les) $",
    r"\b(?:nach|alle|ersten?|letzten?|bei) $",
    r"\b(?:tras|cada|primeros?|últimos?|después de) $",
    r"(?:第|前|每|每隔|最后|最後|后|後)$",
)
_ABOUT_A_PART_AFTER = any_of(
    r"^[ -](?:mark|in\b(?! (?:all|total|length))|intro|outro"
    r"|build|fade|delay|pause|silence|break|solo|drop|later|before"
    r"|after|apart|countdown|intervals?|drum)",
    r"^ (?:of|de|d[’']) ?(?:silence|applause|intro|pause|noise)",
    r"^(?:后|後|处|處|时|時|的?前奏|的?间奏|的?静音)",
)
_IS_THE_LENGTH_BEFORE = any_of(
    r"\b(?:duration|length|durée|dauer|länge|duración|lasting|lasts?|runs? for|long)\W{0,3}"
    r"(?:of |is |de |von |about |around |approximately |roughly |environ |etwa |unos )?$",
    r"(?:时长|時長|长度|長度)[：: ]{0,2}(?:为|約|约)?$",
)
_IS_THE_LENGTH_AFTER = any_of(
    r"^[ -](?:long\b|in length|de long\b|lang\b|de duración)", r"^(?:长|長)"
)
_NEAR_CHARS = 24  # before and after a time, where a word says what it is


def length_asked(text: str) -> Found | None:
    """Return the seconds that the clip should last, where a prompt says so and means the whole."""
    called = [_short(match) for match in _SHORT.finditer(text)]
    bare: list[Found] = []
    for match in _TIME.finditer(text):
        seconds = _seconds(match)
        if seconds is None:
            continue
        before = text[max(match.start() - _NEAR_CHARS, 0) : match.start()]
        after = text[match.end() : match.end() + _NEAR_CHARS]
        found = Found(seconds, match.span())
        if _ABOUT_A_PART_BEFORE.search(before) or _ABOUT_A_PART_AFTER.search(after):
            continue
        is_called = _IS_THE_LENGTH_BEFORE.search(before) or _IS_THE_LENGTH_AFTER.search(after)
        (called if is_called else bare).append(found)
    of_whole = called or bare
    if len({found.value for found in of_whole}) != 1:
        return None
    return of_whole[0] if SHORTEST_S <= float(of_whole[0].value) <= LONGEST_S else None


def _seconds(match: re.Match[str]) -> float | None:
    word = (match["amount"] or "").lower()
    if match["half"]:
        amount = None if word else 0.5
    elif not word:
        amount = None
    else:
        amount = _NUMBERS.get(word) or float(word.replace(",", "."))
    if amount is None:
        return None
    seconds = amount * (60 if match["minutes"] else 1)
    if match["and_half"] or match["half_more"]:
        seconds += 30 if match["minutes"] else 0.5
    return seconds + float(match["rest"] or 0)


def _short(match: re.Match[str]) -> Found:
    if seconds := match["s"] or match["s2"]:
        return Found(float(seconds), match.span())
    minutes, rest = match["m"] or match["m2"], match["ms"] or match["ms2"]
    return Found(float(minutes) * 60 + float(rest), match.span())
