"""Whether a music prompt asks for a voice or for none, by rules that anybody can read.

"A song" is neither: models may sing it or play it. English, French and Chinese are read with care,
the most usual words also in German, Spanish, Italian, Portuguese, Japanese and Korean.
"""

from __future__ import annotations

from arena.prompts.kinds import has_lyrics
from arena.prompts.spans import WHOLE, Found, any_of

_VOICE = r"(?:vocals?|voices?|lyrics|singing|singers?|words|vocalists?|speech|rapping|choirs?)"
_BETWEEN = r"(?:(?!(?:but|just|only|with)\b)\w+[ -]){0,2}?"  # "no drums or vocals"

_WITHOUT_VOICE = any_of(
    rf"\b(?:no|not any|without(?: any)?|zero|minus)[ -]{_BETWEEN}{_VOICE}\b",
    r"\b(?:vocals?|lyrics|voices?|singing)\s{0,3}[:：=]\s{0,3}(?:none|no|n/a|off)\b",
    r"\bnon-?vocal\b|\bvocal-?less\b|\b(?:vocal|lyric|voice)s?-free\b|\bnobody sings\b",
    r"\bsans (?:\w+ ){0,2}?(?:paroles?|voix|chants?|chanteu(?:rs?|ses?)|texte)\b",
    r"\b(?:pas de|ni) (?:voix|paroles?|chants?|chanteu(?:r|se))\b",
    r"\bohne (?:\w+ ){0,2}?(?:gesang|stimmen?|text|worte|vocals|sänger(?:in)?)\b",
    r"\bkein(?:e|en)? (?:gesang|stimmen?|text|sänger(?:in)?)\b",
    r"\bsin (?:\w+ ){0,2}?(?:voz|voces|letra|canto|cantantes?)\b",
    r"\bsem (?:voz|vozes|letra|vocais|canto)\b|\bsenza (?:voc[ei]|parole|canto|testo)\b",
    r"(?:无|無|没有|沒有|不要|不带|不含|去掉)(?:任何)?(?:人声|人聲|歌词|歌詞|演唱|歌声|唱)",
    r"(?:ボーカル|歌詞?)(?:なし|無し)|보컬 ?없|가사 ?없",
)
_INSTRUMENTAL = any_of(
    # An instrumental break stands in a song that is sung elsewhere.
    r"\binstrumental(?:s|e|es|aux|er|en|stück|musik)?\b"
    r"(?![ -](?:break|section|intro|outro|solo|bridge|interlude|part|hook|passage|fill))",
    r"(?<!no )\bbacking tracks?\b|\bkaraoke (?:version|track)\b",
    r"纯音乐|純音樂|器乐|器樂|伴奏|インスト|연주곡",
)
_NOT_SUNG = (
    r"(?![ -]{0,2}(?:chops?|samples?|pads?|synths?|textures?|stabs?|cuts?|snippets?|fx|effects?"
    r"|hits?|like|style|loops?))"
)
_WITH_VOICE = any_of(
    rf"\b(?:vocals?|choirs?)\b{_NOT_SUNG}|\bvocalists?\b|\bchoral\b",
    r"\blyrics\b|\bsingers?\b|\bsung\b|\bsing-?along\b",
    r"(?<!bird )(?<!birds )(?<!whale )(?<!whales )(?<!wind )(?<!crickets )\bsinging\b"
    r"(?! (?:bowls?|birds?|saw|tone|cello|violin|guitar|strings?|melody|wind))",
    r"\bsings?\b(?= (?:about|of|in|the words|these words|this|along)\b)",
    r"\brapp(?:ers?|ing|ed)\b|\brap (?:verses?|battle|song|about|flow|bars)\b|\bspoken[ -]word\b",
    r"\ba ?cc?app?ella\b|\bbarbershop quartet\b|\bgregorian chants?\b|\bthroat[ -]singing\b",
    r"\byodel\w*|\bopera(?:tic)? (?:\w+ )?aria\b",
    r"\b(?:soprano|tenor|baritone|alto) (?:voice|aria|singer)\b",
    r"\b(?:female|male|woman[’']s|man[’']s|child(?:ren)?[’']s|human|gravelly|raspy|breathy)"
    r" (?:lead )?voices?\b",
    r"\bwords?\s{0,2}[:：]?\s{0,2}[\"“«「]",
    r"[\"“«「][^\"”»」]{1,400}\n[^\"”»」]{1,400}[\"”»」]",  # quoted lines are there to be sung
    r"\bparoles\b|\bchant(?:é|ée|és|ées)\b|\bchanteu(?:rs?|ses?)\b|\bavec (?:du |un )?chant\b",
    r"\bvoix (?:féminine|masculine|d[’']homme|de femme|d[’']enfants?|grave|douce|rauque)",
    r"\bavec (?:une |des |la )?voix\b|\bchorale\b|\bch(?:œ|oe)urs?\b|\brappeu(?:r|se)s?\b",
    r"\bgesang\b|\bgesungen\b|\bsänger(?:in(?:nen)?)?\b|\bmit (?:text|stimme|worten)\b|\bchor\b",
    r"\bcon (?:letra|voz|voces|voce|testo)\b|\bcantad[oa]s?\b|\bcantat[oa]\b|\bcantantes?\b",
    r"\bvoz (?:femenina|masculina|feminina)\b|\bletra sobre\b|\bcom (?:voz|vozes|letra|vocais)\b",
    r"歌词|歌詞|演唱|女声|女聲|男声|男聲|童声|人声|人聲|清唱|合唱|说唱|說唱|歌手|主唱|唱着|唱歌",
    r"ボーカル|歌って|보컬|가사|노래하는",
)


def voice_asked(text: str) -> Found | None:
    """Return "vocals" or "instrumental" where a prompt says which; None where it says both."""
    negated = _WITHOUT_VOICE.search(text)
    rest = _WITHOUT_VOICE.sub(lambda match: " " * len(match[0]), text)
    silent = _INSTRUMENTAL.search(rest) or negated
    sung = _WITH_VOICE.search(rest)
    if sung is None and has_lyrics(text):
        return None if silent else Found("vocals", WHOLE)
    if (sung is None) == (silent is None):
        return None
    if sung is not None:
        return Found("vocals", sung.span())
    assert silent is not None
    return Found("instrumental", silent.span())
