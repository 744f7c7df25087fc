"""A prompt or an output that says which model answers, so that the vote was not blind.

Three rules, on text in one spelling (`spelling.plain`):

1. *Claim*: an output says in the first person that it is, or was made by, one of the battle's
   models or makers or a known assistant, in English, French, German, Spanish, Chinese or Japanese.
2. *Name*: an output names one of the battle's models by a name that is no ordinary word: one with
   letters and digits, or with the name of a known assistant in it.
3. *Prompt*: so does a prompt.

To talk about assistants is no claim: 'ChatGPT was developed by OpenAI' is not, and neither is 'ask
Google'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.integrity.detectors.assistants import ASSISTANTS, MAKERS
from arena.integrity.detectors.finding import Finding
from arena.integrity.detectors.spelling import letters_of, pattern_of, plain

METHOD, VERSION = "identity_leak", 1
LONGEST_CHARS = 20_000  # of one text, from its beginning: claims stand there, and time is bounded
LEAST_LETTERS = 4  # of a name that is looked for outside claims

_GPT = r"(?<![a-z0-9])g[-. ]?p[-. ]?t[-. ]{0,2}[3-9](?![0-9])"


@dataclass(frozen=True)
class Shown:
    """What was on the screen before a vote.

    Attributes:
        prompts: of every turn.
        outputs: (seat, text) of every turn; only texts.
        models: names of the battle's models.
        makers: names of who made them.
    """

    prompts: Sequence[str]
    outputs: Sequence[tuple[int, str]]
    models: Sequence[str]
    makers: Sequence[str]


def find(shown: Shown) -> Finding | None:
    """Return the first thing that tells who somebody is."""
    names = tuple(sorted(shown.models)), tuple(sorted(shown.makers))
    for seat, text in shown.outputs:
        said = plain(text[:LONGEST_CHARS])
        if not _has_a_name(said, *names):
            continue
        if found := _claim(*names).search(said) or _named(names[0], said):
            rule = "claim" if found.re is _claim(*names) else "name"
            return Finding(METHOD, VERSION, "output_names_model", {"seat": seat, "rule": rule})
    for text in shown.prompts:
        if _named(names[0], plain(text[:LONGEST_CHARS])):
            return Finding(METHOD, VERSION, "prompt_names_model", {"rule": "name"})
    return None


def _has_a_name(said: str, models: tuple[str, ...], makers: tuple[str, ...]) -> bool:
    """Say whether any name that matters occurs at all: most texts need no closer look."""
    letters = letters_of(said)
    return any(name in letters for name in _sought(models, makers))


@lru_cache(maxsize=1024)
def _sought(models: tuple[str, ...], makers: tuple[str, ...]) -> tuple[str, ...]:
    return ("gpt", *(letters_of(plain(one)) for one in (*ASSISTANTS, *MAKERS, *models, *makers)))


def _named(models: Iterable[str], said: str) -> re.Match[str] | None:
    patterns = (pattern for name in models if (pattern := _distinct(name)))
    return next((found for one in patterns if (found := one.search(said))), None)


@lru_cache(maxsize=1024)
def _distinct(name: str) -> re.Pattern[str] | None:
    """Return what finds a name that is no ordinary word; None for one that may be."""
    letters = letters_of(plain(name))
    has_both = any(c.isdecimal() for c in letters) and any(c.isalpha() for c in letters)
    is_known = re.search(_known(()), plain(name)) is not None
    if len(letters) < LEAST_LETTERS or not (has_both or is_known):
        return None
    return re.compile(pattern_of(name))


def _known(more: Iterable[str]) -> str:
    return "(?:" + "|".join([_GPT, *(pattern_of(name) for name in (*ASSISTANTS, *more))]) + ")"


# What may stand between 'I am' and the name.
_FILL = {
    "en": "a|an|the|actually|just|only|called|named|known|as|large|language|model|models|ai|llm|"
          "assistant|chatbot|chat|bot|virtual|helpful|conversational|artificial|intelligence|"
          "multimodal|version|of|based|on|powered|by|your|new|trained|developed|created|made|"
          "and|built|smart|speaker|friendly|team|developers|at|approximately|about",
    "fr": "un|une|le|la|l|modele|assistant|assistante|ia|langage|de|grand|virtuel|conversationnel|"
          "nomme|nommee|appele|base|sur|en|fait|intelligence|artificielle|developpe|cree|entraine|concu|"
          "par|d|les|equipes|societe",
    "de": "ein|eine|einer|der|die|das|grosses|sprachmodell|ki|assistent|modell|chatbot|namens|"
          "virtueller|hilfreicher|basierend|auf|von|dem|kunstliche|intelligenz",
    "es": "un|una|el|la|modelo|asistente|de|lenguaje|ia|gran|virtual|llamado|basado|en|grande|"
          "inteligencia|artificial|conversacional|desarrollado|creado|entrenado|por",
}  # fmt: skip
# What somebody is, who is not the model itself: 'an assistant of …'.
_NOUN = {
    "en": "model|assistant|ai|chatbot|bot|llm|intelligence|version",
    "fr": "modele|langage|assistante?|ia|artificielle",
    "de": "sprachmodell|modell|assistent|chatbot|ki|intelligenz",
    "es": "modelo|lenguaje|asistente|ia|artificial",
}
_MADE = {
    "en": "developed|created|trained|made|built|designed|engineered|fine-?tuned|provided",
    "fr": "developpee?|creee?|entrainee?|concue?|formee?|fabriquee?",
    "de": "entwickelt|trainiert|erstellt|geschaffen|gebaut|erschaffen",
    "es": "(?:desarrollad|cread|entrenad|disenad)[oa]",
}
_I_AM = {
    "en": "i am|i'm|my name is|my name's|call me|(?:talking|speaking|chatting) (?:to|with)",
    "fr": "je suis|je m'appelle|mon nom est",
    "de": "ich bin|ich heisse|mein name ist",
    "es": "soy|me llamo|mi nombre es",
}


@lru_cache(maxsize=256)
def _claim(models: tuple[str, ...], makers: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds a claim, in `plain` text."""
    known = _known(models)
    maker = "(?:" + "|".join(pattern_of(name) for name in (*MAKERS, *makers)) + ")"
    who = f"(?:{known}|{maker})"
    fill = {
        key: rf"(?:[ ,'\"*(-]*\b(?:{words}|[0-9]+)\b){{0,14}}[ ,'\"*(:-]*"
        for key, words in _FILL.items()
    }
    near = "[^.!?;:。!?\n]"
    return re.compile(
        "|".join(
            [
                # ── who I am
                *(rf"\b(?:{_I_AM[key]}){fill[key]}{known}" for key in fill),
                *(
                    rf"\b(?:{_I_AM[key]}){fill[key]}\b(?:{_NOUN[key]}){fill[key]}{maker}"
                    for key in fill
                ),
                (
                    rf"\b(?:{_I_AM['en']}) (?:an? )?{maker}(?:'s)?"
                    rf"(?: (?:own|large|language|ai|virtual))* (?:{_NOUN['en']})\b"
                ),
                rf"\bas {known},? (?:i|my)\b",
                rf"(?:我是|我叫|我的名字是|我的名字叫|叫我)[^。!?,,]{{0,16}}?{who}",
                (
                    rf"(?:私は|わたしは|僕は|私の名前は)[^。!?]{{0,16}}?{known}"
                    r"(?= ?(?:です|だ|という|と申|と言|と呼|、|,|。|$))"
                ),
                # ── who made me
                (
                    rf"\b(?:i|me|i'm|i've|as an? (?:large |ai |language |chat |virtual )*"
                    rf"(?:model|assistant|ai|chatbot))\b(?!'d| would){near}{{0,60}}?"
                    rf"\b(?:{_MADE['en']}) (?:and \w+ )?(?:by|at)(?: a team)?{fill['en']}{who}"
                ),
                rf"{maker} (?:has |have )?(?:{_MADE['en']}) me\b",
                rf"\bmy (?:creators?|developers?|makers?) (?:is|are|at|is called) (?:the )?{maker}",
                rf"\b(?:je|j'ai|m'a|moi)\b{near}{{0,60}}?\b(?:{_MADE['fr']}) par{fill['fr']}{who}",
                rf"{maker} m'a (?:{_MADE['fr']})",
                (
                    rf"\b(?:ich|mich)\b{near}{{0,60}}?\bvon{fill['de']}{who} "
                    rf"(?:\w+ )?(?:{_MADE['de']})"
                ),
                (
                    rf"\b(?:soy|fui|he sido|me ha)\b{near}{{0,60}}?{_MADE['es']} por"
                    rf"{fill['es']}{who}"
                ),
                rf"{maker} me (?:creo|desarrollo|entreno|diseno|ha creado|ha entrenado)",
                (
                    rf"我[^。!?]{{0,20}}?由 ?{who}[^。!?]{{0,12}}?"
                    r"(?:开发|訓練|训练|研发|创建|创造|提供|推出|打造|构建|設計|设计)"
                ),
                (
                    rf"(?:私|わたし|僕)(?:は|を)[^。!?]{{0,20}}?{who}[^。!?]{{0,4}}?(?:によって|が|に|の|で)"
                    r"[^。!?]{0,10}?(?:開発|訓練|作成|作られ|トレーニング|学習)"
                ),
            ]
        )
    )
