"""What kind of task a prompt sets, by rules that anybody can read. Plain Python.

The rules are meant to be right about the prompts that they name, not to name every such prompt.
"""

from __future__ import annotations

import re
from functools import lru_cache

READ_CHARS = 4000  # of a prompt
KEPT = 1024  # prompts whose kind is kept: suggested prompts and files repeat theirs
_FLAGS = re.IGNORECASE | re.MULTILINE
_LANGUAGES = r"python|java|javascript|typescript|kotlin|rust|golang|ruby|php|haskell|matlab|perl"
_PARTS = (
    r"code|coding|function|funktion|fonction|funci[óo]n|script|skript|program\w*|snippet|loop|list"
    r"|tuple|tupel|tupla|string|array|decorator|exception|error|compiler|syntax|method|klasse"
)


def _any(*patterns: str, flags: int = _FLAGS) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), flags)


# ── code ────────────────────────────────────────────────────────────────────────────────────

_CODE_SYNTAX = _any(
    r"```",
    r"\bTraceback \(most recent call last\)",
    r"\b[A-Z][a-z]+[A-Za-z]*(?:Error|Exception)\b",
    r"\b(?:Segmentation fault|Uncaught TypeError|error\[E\d{4}\]|error TS\d{4})",
    r"^\s*(?:async )?def \w+\(",
    r"^\s*class \w+(?:\([\w., ]*\))?:\s*$",
    r"^\s*from [\w.]+ import \w",
    r"^\s*import \w+(?:\.\w+)* as \w+",
    r"^\s*#include\s*[<\"]",
    r"\bpublic (?:static |final )*(?:void|class|int|interface)\b",
    r"\bfunction\s*\w*\([\w, ]*\)\s*\{",
    r"\b(?:const|let|var) \w+\s*=",
    r"\)\s*=>\s*[{(\w]",
    r"\bfn \w+\(.{0,80}\{",
    r"\bfunc \w+\(.{0,80}\{",
    r"\bfor ?\(.{1,40};.{1,40};",
    r"\bSELECT\s[^.?!]{1,200}\sFROM\s\w",
    r"\b(?:INSERT INTO|CREATE TABLE|ALTER TABLE) \w",
    r"<(?:div|span|html|body|script|table|ul|button)\b[^>\n]{0,200}>",
    r"\b(?:console\.log|System\.out\.print\w*|std::\w+)",
    r"\b\w*[a-z_]\w*\(\)",
    r"^\s*\$ (?:git|docker|npm|pip|cd|ls|sudo|curl)\b",
    flags=re.MULTILINE,
)
_CODE_WORDS = _any(
    r"\b(?:regex|regexp|regular expression|regul[äa]rer? ausdruck|expression r[ée]guli[èe]re)\b",
    r"\bexpresi[óo]n regular\b|正则表达式",
    r"\bSQL (?:query|statement|code|join|table|injection)\b|\b(?:in|write|with) SQL\b",
    r"\b(?:MySQL|PostgreSQL|SQLite)\b",
    r"\b(?:javascript|typescript|node\.js|react\.?js|numpy|dataframe|dockerfile|kubernetes)\b",
    r"\bC(?:\+\+|#)(?!\w)",
    r"\b(?:HTML|CSS) (?:code|page|file|form|table|class|rule|selector|element|tag|template)\b",
    r"\b(?:bash|shell|powershell|batch) (?:script|command|one-liner)",
    r"\b(?:unit tests?|stack trace|stack overflow|null pointer|race condition|memory leak)\b",
    r"\b(?:source code|quellcode|quelltext|code source|c[óo]digo fuente|源代码|写代码|编写代码)",
    r"\bprogramming (?:exercise|interview|problem)\b",
    r"\bgit (?:commit|rebase|merge|branch|push|pull|clone|stash|bisect)\b",
    r"\b(?:write|implement|code|define|refactor|debug|test)\b[^.?!\n]{0,40}"
    r"\b(?:(?<!excel )function|regex|algorithm|subroutine|api endpoint|sql query|linked list)\b",
    r"\b(?:schreib|schreibe|implementiere|programmiere)\b[^.?!\n]{0,40}"
    r"\b(?:funktion|algorithmus|klasse)\b",
    r"(?:^|\s)(?:écris|ecris|écrivez|implémente|programme)\b[^.?!\n]{0,40}"
    r"\b(?:fonction|algorithme|classe)\b",
    r"\b(?:escribe|implementa|programa)\b[^.?!\n]{0,40}\b(?:funci[óo]n|algoritmo)\b",
    r"(?:写|实现|编写)[^。？！\n]{0,20}(?:函数|算法|程序|脚本)",
    r"\b(?:write|implement|code|make) (?:me )?an? (?:simple |short |small |computer )?program\b",
    rf"\b(?:{_LANGUAGES})\b[^.?!\n]{{0,30}}\b(?:{_PARTS}|library|package|module)s?\b",
    rf"\b(?:{_PARTS})s?\b[^.?!\n]{{0,40}}\b(?:in|using|with|of|en|for|auf) (?:{_LANGUAGES})\b",
    rf"(?:{_LANGUAGES})[^。？！\n]{{0,20}}(?:函数|代码|程序|脚本)",
)

# ── maths ───────────────────────────────────────────────────────────────────────────────────

_MATHS_SIGNS = _any(
    r"\\(?:frac|int|sum|sqrt|lim|prod|partial|infty|cdot|mathbb|binom|sin|cos|log|vec)\b",
    r"\\begin\{(?:align|equation|[pbv]?matrix|cases)\*?\}",
    r"\$[^$\n]{0,200}[\\^_=][^$\n]{0,200}\$",
    r"[∫∑∏∂∀∃∈∇]|√[(a-z]",
    r"\b[a-ln-z]\s?(?:\^\s?[\dn-]|[²³ⁿ])",
    r"\bf\(x\)\s?=",
    r"(?<![\w.,/-])\d+(?:\.\d+)?\s?[×÷^*]\s?\d",
    r"(?<![\w.,/-])\d+(?:\.\d+)?(?:\s?[-+*/]\s?\d+(?:\.\d+)?){1,9}\s?=",
    r"(?<![\w.,])\d*\s?[a-z]\s?[-+*/]\s?\d+\s?[a-z]?\s?(?:=|[<>≤≥]\s?\d)",
)
_MATHS_WORDS = _any(
    r"\bsolve (?:for [a-z]\b|the (?:\w+ )?(?:equation|inequality|integral|system of))",
    r"\b(?:quadratic|linear|cubic|differential) (?:equation|function)s?\b",
    r"\b(?:derivative|integral|antiderivative|limit) of (?:the function|[a-z]\b|sin|cos|ln|log)",
    r"\b(?:prime numbers?|prime factor\w*|square root of|least common multiple"
    r"|greatest common divisor|common denominator|nth term|(?:arithmetic|geometric) sequence"
    r"|eigenvalues?|pythagorean theorem|binomial coefficient)\b",
    r"\b(?:what|find|compute|calculate) (?:is )?the probability (?:that|of)\b",
    r"\b(?:gleichung(?:en|ssystem)?|ableitung (?:von|der funktion)|stammfunktion|primzahl(?:en)?"
    r"|quadratwurzel)\b",
    r"\b(?:équations?|dérivée de|primitive de la fonction|nombres? premiers?|racine carrée)\b",
    r"\b(?:ecuaci[óo]n(?:es)?|derivada de|n[úu]meros? primos?|ra[íi]z cuadrada)\b",
    r"方程|求导|导数|不定积分|定积分|质数|平方根",
)

# ── writing ─────────────────────────────────────────────────────────────────────────────────

_WRITING = _any(
    r"\b(?:write|compose|draft|create|make up|invent|tell)\b(?: (?:me|us|him|her|them|down))?"
    r"(?: (?:an?|another|some|two|three|the lyrics|\d{1,2})\b)[^.?!\n]{0,50}?"
    r"\b(?:(?<!user )(?<!news )stor(?:y|ies)|poems?|haikus?|sonnet|limerick|ballad|ode"
    r"|letter(?! word)|essay|lyrics|song|novel|fairy ?tale|fable|screenplay|monologue|speech"
    r"|eulogy|blog post|cover letter)\b"
    r"(?! (?:generator|checker|parser|titles?|names?|about (?:code|sql)))",
    r"\bwrite (?:the )?lyrics\b",
    r"\b(?:schreib|schreibe|verfass|verfasse|dichte|erzähl|erzähle|erfinde)\b[^.?!\n]{0,25}?"
    r"\bein(?:e|en|em)?\b[^.?!\n]{0,40}?(?:\b|kurz|liebes|gruss|grusel)(?:geschichte|gedicht|brief"
    r"|aufsatz|essay|liedtext|lied|märchen|haiku|rede|roman|erzählung|ballade|fabel)\b",
    r"(?:^|\s)(?:écris|ecris|écrivez|rédige|rédigez|compose|composez|raconte|racontez|invente)\b"
    r"[^.?!\n]{0,20}?\b(?:une?|des|les paroles)\b[^.?!\n]{0,40}?\b(?:histoires?|poème|poésie"
    r"|lettre|conte|nouvelle|essai|chanson|dissertation|discours|récit|fable|haïku)\b",
    r"\b(?:escribe|escríbeme|escribeme|redacta|compón|cuéntame|inventa)\b[^.?!\n]{0,20}?"
    r"\b(?:una?|la letra)\b[^.?!\n]{0,40}?\b(?:cuento|historia|poema|carta|ensayo|canción|relato"
    r"|discurso|novela|soneto|haiku|fábula)\b",
    r"(?:写|编|创作|作|讲)[^。？！\n]{0,14}(?:首诗|短诗|的诗|诗歌|故事|封信|作文|小说|散文|歌词|童话)",
)

# ── lyrics ──────────────────────────────────────────────────────────────────────────────────

_LYRICS = _any(
    r"\[\s*(?:verse|chorus|pre-?chorus|refrain|hook|bridge|strophe|couplet|estribillo|verso)"
    r"\b[^\]\n]{0,40}\]",
    r"^\s*(?:lyrics|liedtext|paroles|letra|歌词)\s*[:：](?!\s*(?:none|no\b|-|instrumental))\s*\S",
)


def kind_of(text: str) -> str | None:
    """Return code, maths or writing, the first whose rules the text meets; None for no rule."""
    return _kind_of(text[:READ_CHARS])


@lru_cache(maxsize=KEPT)
def _kind_of(read: str) -> str | None:
    if _CODE_SYNTAX.search(read) or _CODE_WORDS.search(read):
        return "code"
    if _MATHS_SIGNS.search(read) or _MATHS_WORDS.search(read):
        return "maths"
    return "writing" if _WRITING.search(read) else None


def has_lyrics(text: str) -> bool:
    """Say whether a music prompt brings words to sing: section tags, or a line "Lyrics: …"."""
    return _LYRICS.search(text[:READ_CHARS]) is not None
