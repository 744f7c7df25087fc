"""The category of a prompt, by rules that anybody can read. Plain Python.

Text prompts keep the kinds of `kinds.py`, which have boards of their own; these rules only sort
what it leaves unnamed. A picture, an object or a piece of music goes by what is named first.
English, French and Chinese are read, the questions of a text also in German and Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from arena.prompts import nouns
from arena.prompts.kinds import kind_of
from arena.prompts.spans import any_of

VERSION = 1  # of all rules; it changes with anything that changes a category
READ_CHARS = 1000  # of a prompt: what it is about is said first
KEPT = 1024  # prompts whose category is kept: suggested prompts and files repeat theirs
OTHER = "other"

CATEGORIES: dict[str, dict[str, str]] = {
    "text": {
        "code": "Code",
        "maths": "Mathematics",
        "writing": "A text to write",
        "translation": "Translation",
        "roleplay": "Role play",
        "explanation": "Explanation",
        "fact": "Factual question",
        OTHER: "Other",
    },
    "image": {
        "lettering": "Words in the picture",
        "abstract": "Abstract",
        "person": "People",
        "animal": "Animals",
        "landscape": "Landscapes and places",
        "object": "Objects",
        OTHER: "Other",
    },
    "music": {
        "classical": "Classical and film",
        "electronic": "Electronic and dance",
        "rock": "Rock and metal",
        "hip-hop": "Hip-hop",
        "jazz": "Jazz, blues and soul",
        "folk": "Folk and traditional",
        "pop": "Pop",
        "ambient": "Ambient",
        "calm": "Calm or sad, no genre",
        "lively": "Happy or fast, no genre",
        OTHER: "Other",
    },
    "mesh": {
        "character": "Characters",
        "animal": "Animals",
        "vehicle": "Vehicles",
        "building": "Buildings",
        "scene": "Scenes",
        "object": "Objects",
        OTHER: "Other",
    },
}


def category_of(text: str, modality: str) -> str:
    """Return the key in CATEGORIES[modality] of a prompt; `other` where no rule names it."""
    return _category_of(text[:READ_CHARS], modality)


def tag_of(text: str, modality: str) -> dict[str, str | int]:
    """Return what a battle keeps: the category of its prompt, and the version of the rules."""
    return {"key": category_of(text, modality), "version": VERSION}


@lru_cache(maxsize=KEPT)
def _category_of(text: str, modality: str) -> str:
    if modality == "text":
        return kind_of(text) or _first_rule(text, _TEXT).partition(" ")[0]
    if modality == "music":
        return _first_named(text, _GENRES) or _first_named(text, _MOODS) or OTHER
    subject = _FRAME.sub("", text, count=1)
    if modality == "image":
        named = _first_rule(text, _IMAGE)
        return named if named != OTHER else _first_named(subject, _PICTURED) or _thing(text)
    return _first_named(subject, _BUILT) or _thing(text)


def _first_rule(text: str, rules: Mapping[str, re.Pattern[str]]) -> str:
    return next((key for key, rule in rules.items() if rule.search(text)), OTHER)


def _first_named(text: str, words: Mapping[str, re.Pattern[str]]) -> str | None:
    """Return the category whose word comes first; of two in a row the last ("a pirate ship")."""
    found = [(match.start(), match, key) for key, rule in words.items()
             if (match := rule.search(text))]  # fmt: skip
    if not found:
        return None
    _, match, named = min(found, key=lambda one: one[0])
    while following := _named_at(text, match.end() + 1, words):
        match, key = following
        if named != "animal" or key not in ("person", "character"):  # "a raccoon detective"
            named = key
    return named


def _named_at(
    text: str, position: int, words: Mapping[str, re.Pattern[str]]
) -> tuple[re.Match[str], str] | None:
    if text[position - 1 : position] != " ":
        return None
    return next(
        ((match, key) for key, rule in words.items() if (match := rule.match(text, position))),
        None,
    )


def _thing(text: str) -> str:
    """Return `object` for a noun with its article or number that is on none of the lists."""
    return "object" if _ARTICLE.match(text) else OTHER


def _words(latin: str, chinese: str = "") -> re.Pattern[str]:
    """Return a rule that is met by any of the words, in singular or plural; `_` is a space."""
    alternatives = "|".join(re.escape(word).replace("_", r"[ -]?") for word in latin.split())
    rules = [rf"\b(?:{alternatives})(?:s|es|x)?\b"]
    return any_of(*rules, *([chinese] if chinese else []))


# ── text: in this order ─────────────────────────────────────────────────────────────────────

_TEXT = {
    "translation": any_of(
        r"\btranslat(?:e|ion)\b|\bhow (?:do you|would you|to) say\b",
        r"\btradui(?:s|re|sez|t)\b|\btraduc(?:e|ir|ción)\b|\bübersetz",
        r"翻译|译成|譯成",
    ),
    "roleplay": any_of(
        r"\b(?:pretend|imagine|suppose) (?:that )?you(?:[’']re| are)\b",
        r"\bact as (?:an?|my|the|if)\b",
        r"\brole-?play|\bplay the (?:role|part) of\b|^\s*you are (?:an?|the|my|now)\b",
        r"\bfais comme si tu\b|\bjoue le rôle\b|^\s*(?:tu es|vous êtes) (?:une?|le|la|mon|ma)\b",
        r"\bstell dir vor, du\b|\btu so, als\b|\bspiele? die rolle\b",
        r"^\s*du bist (?:eine?|der|die)\b",
        r"\bactúa como\b|\bimagina que eres\b|^\s*eres (?:una?|el|la|mi)\b",
        r"假装|扮演|你是(?:一|我)",
    ),
    "fact": any_of(
        r"\bhow (?:many|much|old|far|tall|big|high|deep|often|long (?:is|was|did|does))\b",
        r"\b(?:combien|wie viele?|wie (?:alt|hoch|weit|groß)|cuánt[oa]s?)\b|多少|几(?:个|岁|年)",
    ),
    "explanation": any_of(
        r"\bexplain|\bwhy\b|\bhow (?:do|does|did|is|are|can|could|should|would|to|come)\b",
        r"\bdifferences? between\b|\bcompare\b|\bwhat happens (?:if|when)\b|\bstep by step\b",
        r"\bpros and cons\b|\bwhat (?:do|does|did) .{1,60} (?:mean|do)\b|\bwhen should\b",
        r"\bexpli(?:que|quer|quez)|\bpourquoi\b|\bcomment\b|\bdifférences? entre\b",
        r"\berklär|\bwarum\b|\bwieso\b|\bweshalb\b|\bwie (?:kann|funktioniert|macht|geht|wird)\b",
        r"\bunterschied zwischen\b|\bexplica|\bpor qué\b|\bcómo\b|\bdiferencias? entre\b",
        r"解释|解釋|为什么|為什麼|如何|怎么|怎麼|怎样|区别|區別",
    ),
    "fact again": any_of(
        r"^\W*(?:who|when|where|which|whose|whom|what|is|are|was|were|did|does|do)\b[^\n]*\?",
        r"\bwhat(?:[’']s| is| are| was| were)\b|\b(?:name|list) (?:the|three|five|ten|some|\d+)\b",
        r"\b(?:who|when|where|which)\b[^\n.]*\?",
        r"\b(?:qui|quand|où|quel(?:le)?s?|qu[’']est-ce)\b[^\n]*\?",
        r"\b(?:wer|wann|wo|welche[rsnm]?|was)\b[^\n]*\?",
        r"(?:quién|cuándo|dónde|cuál(?:es)?|qué)\b[^\n]*\?",
        r"谁|誰|什么时候|哪里|哪个|哪些|哪年|哪一|是什么|有什么",
    ),
}

# ── image ───────────────────────────────────────────────────────────────────────────────────

# What the picture is, before what it shows.
_FRAME = re.compile(
    r"^\W*(?:an?|the|une?|el|ein)?\s*(?:[\w'’-]+\s+){0,4}?(?:photo(?:graph|graphie)?|picture|image"
    r"|painting|drawing|sketch|portrait|illustration|render(?:ing)?|3d model|model|shot|close-?up"
    r"|view|group|pair|set|flock|herd|row|stack|collection|peinture|dessin|groupe|modèle)s?\s+"
    r"(?:of|de|d[’']|d’)\s*",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"^\W*(?:an?|the|one|two|three|four|five|six|some|several|various|many|my|\d{1,3}|une?|des|le"
    r"|la|les|deux|trois)\b\W*\w|^\W*[一两三几这那]?[个只把张条本件台座朵棵盏]",
    re.IGNORECASE,
)
_IMAGE = {
    "lettering": any_of(
        r"\b(?:the )?(?:word|text|letter|phrase|sentence|number|title|slogan|caption)s?\b"
        r"[^.\n]{0,20}[\"“«'‘「][^\"”»'’」\n]{1,60}[\"”»'’」]",
        r"\b(?:sign|poster|banner|logo|label|shirt|t-shirt|cover|billboard|neon)s?\b[^.\n]{0,30}"
        r"\b(?:says?|saying|reads?|reading|spells?|spelling|with the (?:word|text|letters?))\b",
        r"\b(?:that (?:says|reads)|which (?:says|reads)|written (?:in|on)|spelled out)\b",
        r"\b(?:le mot|les mots|l[’']inscription|avec le texte|écrit sur)\b",
        r"写着|寫著|字样|文字[“「:：]",
    ),
    "abstract": any_of(
        r"\babstract\b|\babstraite?\b|\bgeometric (?:shapes?|patterns?)\b|\bfractals?\b",
        r"\b(?:seamless|repeating) pattern\b|\bkaleidoscop|\bswirls? of colou?rs?\b|抽象|几何图案",
        r"^\W*(?:the )?(?:concept of |idea of )?(?:infinity|freedom|peace|love|time|chaos|order|joy"
        r"|sorrow|hope|fear|justice|truth|wisdom|beauty|entropy|consciousness|eternity|happiness"
        r"|energy|gravity|life|death|nothing|everything|space|curiosity|imagination)\W*$",
    ),
}
_PICTURED = {
    "person": _words(nouns.PEOPLE, nouns.ZH_PEOPLE),
    "animal": _words(nouns.ANIMALS, nouns.ZH_ANIMALS),
    "object": _words(
        f"{nouns.VEHICLES} {nouns.OBJECTS} robot", f"{nouns.ZH_VEHICLES}|{nouns.ZH_OBJECTS}|机器人"
    ),
    "landscape": _words(nouns.PLACES, nouns.ZH_PLACES),
}

# ── 3D ──────────────────────────────────────────────────────────────────────────────────────

_BUILT = {
    "character": _words(f"{nouns.PEOPLE} {nouns.BEINGS}", f"{nouns.ZH_PEOPLE}|机器人|怪物|雪人"),
    "animal": _words(nouns.ANIMALS, nouns.ZH_ANIMALS),
    "vehicle": _words(nouns.VEHICLES, nouns.ZH_VEHICLES),
    "building": _words(nouns.BUILDINGS, "房子|城堡|塔|教堂|寺|宫殿|小屋|桥|大楼|灯塔"),
    "scene": _words(nouns.SCENES, "岛|山|森林|沙漠|村庄|城市|街道|房间|卧室|厨房|花园|地形|场景"),
    "object": _words(nouns.OBJECTS, nouns.ZH_OBJECTS),
}

# ── music ───────────────────────────────────────────────────────────────────────────────────

_GENRES = {
    "classical": _words(
        "classical neoclassical baroque orchestra orchestral symphony symphonic concerto sonata "
        "fugue etude nocturne prelude string_quartet chamber_music opera operatic aria cinematic "
        "film_score film_music soundtrack trailer gregorian medieval lute harpsichord "
        "contemporary_classical classique orchestre symphonie",
        "古典|交响|协奏曲|奏鸣曲|弦乐四重奏|歌剧|电影配乐",
    ),
    "electronic": _words(
        "electronic electro edm techno house trance dubstep drum_and_bass dnb hardstyle synthwave "
        "chiptune 8-bit glitch rave acid breakbeat jungle_beat garage_beat synth disco eurodance "
        "europop electronica downtempo vaporwave industrial électronique",
        "电子|合成器|迪斯科|舞曲",
    ),
    "rock": _words(
        "rock metal punk grunge shoegaze emo hardcore post-punk psych surf_rock alternative indie "
        "guitar_riff",
        "摇滚|金属|朋克",
    ),
    "hip-hop": _words(
        "hip_hop rap rapper rapping trap drill grime boom_bap lo-fi lofi beats 808 phonk",
        "嘻哈|说唱",
    ),
    "jazz": _words(
        "jazz jazzy bebop swing blues bluesy soul soulful funk funky rnb r&b motown gospel "
        "bossa_nova big_band neo-soul saxophone",
        "爵士|蓝调|灵魂乐|放克",
    ),
    "folk": _words(
        "folk bluegrass country celtic flamenco fado mariachi ranchera balkan klezmer gamelan "
        "raga sitar koto shakuhachi taiko didgeridoo afrobeat afropop reggae reggaeton dancehall "
        "ska calypso salsa samba cumbia tango qawwali bollywood polka waltz sea_shanty shanty "
        "yodeling americana banjo fiddle accordion musette traditional mongolian irish nordic "
        "chanson march",
        "民谣|民歌|古筝|二胡|琵琶|笛|探戈|华尔兹|乡村|进行曲",
    ),
    "pop": _words(
        "pop k-pop j-pop synth-pop dream_pop bubblegum ballad singer-songwriter boyband", "流行"
    ),
    "ambient": _words(
        "ambient drone new_age meditation meditative soundscape lounge chillout zen", "氛围|冥想"
    ),
}
_MOODS = {
    "calm": _words(
        "calm peaceful gentle soft slow sad melancholy melancholic lonely quiet relaxing lullaby "
        "tender dreamy mysterious dark nostalgic sorrowful calme doux douce triste lent lente "
        "berceuse",
        "平静|安静|悲伤|温柔|舒缓|缓慢|摇篮曲|忧郁|神秘",
    ),
    "lively": _words(
        "happy joyful cheerful fast upbeat energetic epic proud triumphant lively playful exciting "
        "aggressive powerful party celebration joyeux joyeuse rapide",
        "快乐|欢快|激烈|轻快|史诗|热闹",
    ),
}
