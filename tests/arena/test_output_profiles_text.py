"""Text before the vote: no hidden mark, no script, nothing that loads."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.generation.profiles import (
    UNUSABLE_CODES,
    UnusableOutput,
    clean_text,
    make_anonymous,
    render_markdown,
)
from arena.generation.profiles.maths import MATHML, MATHML_LENGTHS, MATHML_VALUES

ALLOWED_TAGS = {
    "p", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "table", "th", "td", "a",
    "br", "code", "em", "hr", "s", "strong", "tbody", "thead", "tr", "div", "span", *MATHML,
}  # fmt: skip
ALLOWED_ATTRIBUTES = {
    "dir", "lang", "align", "start", "href", "rel", "class",
    *(name for values in MATHML_VALUES.values() for name in values),
    *(name for names in MATHML_LENGTHS.values() for name in names),
}  # fmt: skip
CLASSES = {"code", "code-head", "table", "math"}

XSS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<a href=javascript:alert(1)>x</a>",
    "<div style=background:url(javascript:alert(1))>x</div>",
    "<template><script>alert(1)</script></template>",
    "<!--<img src=--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<xss id=x tabindex=1 onactivate=alert(1)></xss>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg onload=alert(1)>)",
    "[x](blob:https://evil.example/1)",
    "[x](/logout)",
    "[x](//evil.example/x)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    "![x](javascript:alert(1))",
    "[![x](https://evil.example/p.png)](https://ok.example)",
    '![x](x "onerror=alert(1)")',
    '[x](https://ok.example "\\" onmouseover=alert(1) x=\\"")',
    '[x](https://ok.example/"onmouseover="alert(1))',
    "[x][1]\n\n[1]: javascript:alert(1)",
    "```\"><script>alert(1)</script>\ncode\n```",
    "``` x onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    "    </code></pre><script>alert(1)</script>",
    "`</code><script>alert(1)</script>`",
    "| <script>alert(1)</script> | b |\n|:-:|-|\n| <img src=x onerror=alert(1)> | c |",
    "# <script>alert(1)</script>",
    "- <iframe src=//evil.example>",
    "> <img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u003cscript\u003ealert(1)\u003c/script\u003e",
    "<scr\u200bipt>alert(1)</scr\u200bipt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<https://ok.example/?q=<script>alert(1)</script>>",
]  # fmt: skip


def outcome(modality, data, media_type):
    """Return (output, None) or (None, code); anything else that is raised fails the test."""
    try:
        return make_anonymous(modality, data, media_type), None
    except UnusableOutput as error:
        return None, error.code


class Walk(HTMLParser):
    """What a browser would find in the page: its tags with their attributes."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    handle_startendtag = handle_starttag


def assert_harmless(html):
    for tag, attributes in Walk(html).found:
        assert tag in ALLOWED_TAGS, (tag, html)
        assert set(attributes) <= ALLOWED_ATTRIBUTES, (attributes, html)
        assert attributes.get("class", "math") in CLASSES, html
        if "href" in attributes:
            assert re.match(r"(?:https?://|mailto:)", attributes["href"], re.I), html
        if tag == "a":
            assert attributes["rel"] == "nofollow noopener noreferrer"


@pytest.mark.parametrize("payload", XSS)
def test_no_payload_becomes_a_script_a_handler_a_frame_or_a_fetch(payload):
    assert_harmless(render_markdown(payload))
    assert_harmless(render_markdown(make_anonymous("text", payload, "text/plain").text))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(XSS) | st.text(max_size=8), max_size=4).map("\n".join))
def test_no_mixture_of_payloads_becomes_active(text):
    assert_harmless(render_markdown(text))


@pytest.mark.parametrize("unit", ["[", "![", "*a_", "> ", "- ", "`", "|a", "<", "[a](", "&", "\\"])
def test_pathological_markdown_of_full_length_is_rendered(unit):
    assert_harmless(render_markdown(unit * (20_000 // len(unit))))


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ((1, 2, 3, 4, 6), (3, 4, 5, 6, 6)),
        ((2, 3, 3, 2), (3, 4, 4, 3)),
        ((3, 4, 2, 3), (3, 4, 3, 4)),
        ((1, 4, 2), (3, 4, 4)),
    ],
)
def test_headings_begin_below_those_of_the_page_and_skip_no_level(levels, shown):
    html = render_markdown("\n\n".join("#" * level + " a" for level in levels))

    assert re.findall(r"<h(\d)", html) == [str(level) for level in shown]
    assert re.findall(r"<h(\d)", render_markdown("a\n---\n\nb\n===")) == ["3", "3"]


def test_lines_find_their_own_direction_and_code_is_always_left_to_right():
    html = render_markdown("# a\n\nb `c`\n\n```\nd\n```")
    directions = {tag: attributes.get("dir") for tag, attributes in Walk(html).found}

    assert directions["h3"] == directions["p"] == "auto"
    assert directions["code"] is None  # the last one, within a block that has it
    assert '<code dir="ltr">c</code>' in html
    assert directions["div"] is None
    assert '<div class="code" dir="ltr">' in html


@pytest.mark.parametrize(
    ("text", "direction"),
    [("abc", "ltr"), ("123 אבג abc", "rtl"), ("`abc` مرحبا", "rtl"), ("$x$ مرحبا", "rtl")],
)
def test_lists_quotes_and_tables_lie_as_their_first_letter_says(text, direction):
    for tag, markdown in (
        ("ul", f"- {text}\n- x"),
        ("ol", f"1. {text}"),
        ("blockquote", f"> {text}"),
        ('div class="table"', f"|{text}|\n|-|\n|x|"),
    ):
        assert f'<{tag} dir="{direction}">' in render_markdown(markdown)


@pytest.mark.parametrize(
    ("text", "language"),
    [("日本語の文章です", "ja"), ("中文的句子", "zh"), ("한국어 문장", "ko"), ("plain é", None)],
)
def test_scripts_that_share_characters_are_shown_in_their_own_shapes(text, language):
    for tag, markdown in (("p", text), ("li", f"- {text}"), ("h3", f"# {text}")):
        found = dict(Walk(render_markdown(markdown)).found)
        assert found[tag].get("lang") == language


def test_tables_code_and_links_are_kept():
    html = render_markdown(
        "|a|\n|-:|\n|1|\n\n```py\nx < 1\n```\n\n[l](https://ok.example/?a=1&b=2)"
    )

    assert '<td align="right">1</td>' in html
    assert "<span>py</span>" in html
    assert "<code>x &lt; 1\n</code>" in html
    assert 'href="https://ok.example/?a=1&amp;b=2"' in html


@pytest.mark.parametrize("info", ["", " ", "<b>", "a" * 25, "py<script>", "日本"])
def test_code_has_a_label_only_when_its_fence_names_a_language(info):
    assert "<span>" not in render_markdown(f"~~~{info}\nx\n~~~")


def test_an_image_becomes_its_alternative_text():
    assert render_markdown("![a *cat*](https://x.example/c.png)") == '<p dir="auto">a cat</p>\n'


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("a\u200bb\ufeffc\u2060d", "abcd"),  # zero-width
        ("a\u202eb\u202c\u2066c\u2069\u200fd", "abcd"),  # direction
        ("a\x00b\x1b[31mc\x7fd\x85", "ab[31mcd"),  # controls
        ("a\u00adb", "ab"),  # soft hyphen
        ("hi\U000e0041\U000e0042", "hi"),  # tags spell hidden ASCII
        ("a\ufe0f\ufe01b\U000e0100", "ab"),  # selectors carry hidden bytes
        ("\ue200cite\ue201", "cite"),  # private use: a habit of one vendor
        ("a\u00a0b\u202fc\u2003d", "a b c d"),  # spaces: a habit of another
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("a\ud800b", "ab"),  # half of a pair
        ("x\u200dy \u200c.", "xy ."),  # joiners with nothing to join
        ("\u3164\u2800a", "a"),  # blanks that look like nothing
    ],
)
def test_what_cannot_be_seen_does_not_reach_the_voter(given_text, shown):
    assert clean_text(given_text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "שלום עולם, מה שלומך?",
        "مرحبا بالعالم ١٢٣",
        "می\u200cخواهم",  # Persian needs its non-joiner
        "क्\u200dष and ක්\u200dෂ",
        "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 1\ufe0f\u20e3 👍🏽",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "葛\U000e0100城市",
        "日本語\u3000全角",
        "é e\u0301 ñ Ω ∑ → €",
        "tab\tand\n\n    indented code",
    ],
)
def test_what_can_be_seen_in_any_script_stays(text):
    assert clean_text(text) == text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40))
def test_cleaning_twice_changes_nothing(text):
    assert clean_text(clean_text(text)) == clean_text(text)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(list("a1#👍🏽❤م葛\u200c\u200d\ufe0f\ufe01\u200b \n\u202e\U000e0100")))
)
def test_cleaning_twice_changes_nothing_among_joiners(characters):
    once = clean_text("".join(characters))

    assert clean_text(once) == once


def test_a_hidden_message_in_zero_width_characters_is_gone():
    bits = "".join("\u200b" if bit == "1" else "\u200c" for bit in "1011001110001111")

    assert clean_text(f"An answer.{bits}") == "An answer."


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("\u200b\u2060", "empty"),
        ("x" * (64 * 1024 + 1), "too_large"),
        ("é" * (32 * 1024 + 1), "too_large"),
        ("x" * 10_000_000, "too_large"),
    ],
)
def test_an_answer_that_cannot_be_shown_says_why(data, code):
    with pytest.raises(UnusableOutput) as caught:
        make_anonymous("text", data, "text/plain")
    assert caught.value.code == code


def test_an_answer_of_64_kib_is_shown():
    assert make_anonymous("text", "x" * 64 * 1024, "text/plain").text == "x" * 64 * 1024


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_become_text_or_a_known_reason(data):
    shown, code = outcome("text", data, "text/plain; charset=utf-8")
    if shown is None:
        assert code in UNUSABLE_CODES
    else:
        shown.text.encode("utf-8")
        assert shown.data is None
        assert_harmless(render_markdown(shown.text))


def test_an_unknown_modality_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="video"):
        make_anonymous("video", b"x", "video/mp4")


@pytest.mark.parametrize(
    ("modality", "media_type"),
    [("image", "image/svg+xml"), ("music", "application/zip"), ("mesh", "model/obj")],
)
def test_a_media_type_that_is_not_read_is_refused(modality, media_type):
    with pytest.raises(UnusableOutput) as caught:
        make_anonymous(modality, b"x", media_type)
    assert caught.value.code == "unsupported"
