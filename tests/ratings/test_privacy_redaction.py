"""What redaction finds, what it leaves alone, and how well it does on two public test sets."""

import ipaddress
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratings.releases.privacy import KINDS, redact

DATA = Path(os.environ.get("AGON_TEST_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
# Keys are put together here, so that no scanner takes this file for a leak.
TOKEN = "a1B2" * 12
SECRETS = [
    f"sk-ant-api03-{TOKEN}",
    f"sk-proj-{TOKEN}",
    f"sk-{TOKEN}",
    f"ghp_{TOKEN[:36]}",
    f"github_pat_{TOKEN}",
    f"glpat-{TOKEN[:20]}",
    "AKIA" + "ABCD2345" * 2,
    f"AIza{TOKEN[:35]}",
    f"xoxb-{TOKEN[:24]}",
    f"hf_{TOKEN[:34]}",
    f"sk_live_{TOKEN[:24]}",
    f"SG.{TOKEN[:22]}.{TOKEN[:43]}",
    f"npm_{TOKEN[:36]}",
    f"gsk_{TOKEN}",
    f"123456789:AA{TOKEN[:33]}",
    f"eyJ{TOKEN[:20]}.eyJ{TOKEN[:20]}.{TOKEN[:20]}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{TOKEN}\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to ada@example.org.", "write to [EMAIL]."),
        ("schreib an jörg@müller.de", "schreib an [EMAIL]"),
        ("call +49 30 901820 now", "call [PHONE] now"),
        ("my phone: 0341 8387176", "my phone: [PHONE]"),
        ("(415) 555-0132 x12", "[PHONE]"),
        ("हेल्प +९१ ४१५५५ ५०१३२", "हेल्प [PHONE]"),
        ("card 4012 8888 8888 1881", "card [CARD]"),
        ("pay DE89 3704 0044 0532 0130 00 today", "pay [IBAN] today"),
        ("from 8.8.8.8 and 2606:4700:4700::1111", "from [IP] and [IP]"),
        ("SSN 536-90-4399", "SSN [SSN]"),
        ("nic 00:1a:2b:3c:4d:5e up", "nic [MAC] up"),
        ("https://ada:pw@example.org/x", "https://[URL_USER]@example.org/x"),
        ("see /home/ada/notes", "see /home/[PATH_USER]/notes"),
        (r"C:\Users\Ada Byron\x", r"C:\Users\[PATH_USER]\x"),
    ],
)
def test_each_kind_is_replaced_by_its_name(text, expected):
    assert redact(text).text == expected


@pytest.mark.parametrize("secret", SECRETS)
def test_a_key_with_a_known_prefix_is_replaced(secret):
    assert redact(f"my key is {secret} ok").text == "my key is [SECRET] ok"


@pytest.mark.parametrize(
    "text",
    [
        "In 2019-2021 it rose from 12 345 678 to 3.141592653589793.",
        "2015-12-22 04:34:22 started",
        "ISBN 978-3-16-148410-0",
        "std::dead::beef and a::b",
        "listen on 127.0.0.1 or 192.168.1.20, documented as 203.0.113.7",
        "version 1.2.3.4",
        "/home/user/project and /home/ubuntu and C:\\Users\\Public\\x",
        "https://example.org/home/about",
        "git clone git@example.org:team/project.git",
        "order 4012888888881882 has a wrong sum",
        "sk-learn and hf_hub are libraries; skeleton-key",
        "DE89 3704 0044 0532 0130 01",
        "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff",
        "1,234,567,890 people; 555 items; 10:30:20",
        "@dataclass(frozen=True)",
    ],
)
def test_ordinary_text_is_left_alone(text):
    assert redact(text).text == text


def test_counts_and_spans_say_what_was_replaced_where():
    result = redact("a@b.de, c@d.fr, +49 30 901820")

    assert result.counts == {"EMAIL": 2, "PHONE": 1}
    assert [(s.start, s.end, s.kind) for s in result.spans] == [
        (0, 6, "EMAIL"),
        (8, 14, "EMAIL"),
        (16, 29, "PHONE"),
    ]


FRAGMENTS = st.sampled_from(
    [
        "ada@example.org", "+49 30 901820", "4012888888881881", "4012 8888 8888 1881",
        "DE89 3704 0044 0532 0130 00", "8.8.8.8", "2606:4700:4700::1111", "536-90-4399",
        "00:1a:2b:3c:4d:5e", "https://ada:pw@", "/home/ada", "C:\\Users\\ada\\", "(415) 555-0132",
        "call", "phone:", "ssn", " ", "-", ".", ":", "/", "@", "x", "1", "\n", "[EMAIL]", "[", "]",
        "٤", "\ud800", "é", "0", "+", "(", ")", SECRETS[0],
    ]
)  # fmt: skip
TEXTS = st.lists(FRAGMENTS | st.text(max_size=6), max_size=12).map("".join)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_redacting_twice_is_redacting_once(text):
    once = redact(text).text
    twice = redact(once)

    assert twice.text == once
    assert twice.spans == ()


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_spans_are_in_order_disjoint_and_rebuild_the_text(text):
    result = redact(text)
    pieces, position = [], 0
    for span in result.spans:
        assert position <= span.start < span.end <= len(text)
        assert span.kind in KINDS
        pieces += [text[position : span.start], f"[{span.kind}]"]
        position = span.end

    assert "".join([*pieces, text[position:]]) == result.text
    assert sum(result.counts.values()) == len(result.spans)


@given(st.text(st.characters(categories=["Lo", "Lu", "Ll", "Zs"]), max_size=200))
def test_text_of_letters_and_spaces_comes_back_as_it_was(text):
    assert redact(text).text == text


@pytest.mark.parametrize("unit", ["1 ", "1-", "a@", "a@b.c", "GB12 ", "/home/", ":", "(1)", "1.2."])
def test_a_long_hostile_text_is_read_in_the_time_of_its_length(unit):
    import time

    def seconds(length):
        text = unit * (length // len(unit))
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    seconds(1_000)
    short, long = min(seconds(8_000) for _ in range(3)), seconds(64_000)
    assert long < 0.05 + 40 * short  # linear is 8 times, quadratic 64


# The floors are a little under what was measured when they were set.
# kind → (recall, precision); a find counts with an overlap (IoU) of one half and the same kind
SYNTHETIC_FLOORS = {
    "EMAIL": (1.0, 0.99),
    "PHONE": (0.97, 0.94),
    "CARD": (0.97, 0.99),
    "IBAN": (1.0, 0.99),
    "IP": (1.0, 0.99),
    "SSN": (1.0, 0.99),
}
SYNTHETIC_KINDS = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "US_SSN": "SSN",
}


def overlap(one, other):
    shared = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return shared / (max(one[1], other[1]) - min(one[0], other[0]))


def test_recall_and_precision_on_the_synthetic_sentences_do_not_fall():
    path = DATA / "pii_presidio_research" / "data" / "synth_dataset_v2.json"
    if not path.exists():
        pytest.skip(f"no {path}: set AGON_TEST_DATA to the folder that has it")
    hits, labelled, found = Counter(), Counter(), Counter()
    for row in json.loads(path.read_text()):
        truth = [
            (span["start_position"], span["end_position"], SYNTHETIC_KINDS[span["entity_type"]])
            for span in row["spans"]
            if span["entity_type"] in SYNTHETIC_KINDS
        ]
        spans = [(span.start, span.end, span.kind) for span in redact(row["full_text"]).spans]
        labelled.update(kind for *_, kind in truth)
        found.update(kind for *_, kind in spans)
        hits.update(
            true[2]
            for true in truth
            if any(true[2] == s[2] and overlap(true, s) >= 0.5 for s in spans)
        )

    measured = {
        kind: (hits[kind] / labelled[kind], hits[kind] / found[kind]) for kind in SYNTHETIC_FLOORS
    }
    for kind, (recall, precision) in SYNTHETIC_FLOORS.items():
        assert measured[kind][0] >= recall, (kind, measured)
        assert measured[kind][1] >= precision, (kind, measured)
    assert set(found) <= set(SYNTHETIC_FLOORS), "a kind that is not in these sentences was found"


# file → (kind, least recall, most false alarms among the near misses). SSN: bare and spaced
# numbers need the word before them. IP: only public addresses are looked for, see `is_public`.
CASE_FLOORS = {
    "test_credit_card_recognizer.py": ("CARD", 1.0, 0),
    "test_email_recognizer.py": ("EMAIL", 1.0, 0),
    "test_iban_recognizer.py": ("IBAN", 1.0, 1),
    "test_mac_recognizer.py": ("MAC", 1.0, 0),
    "test_phone_recognizer.py": ("PHONE", 0.94, 0),
    "test_us_ssn_recognizer.py": ("SSN", 0.28, 0),
    "test_ip_recognizer.py": ("IP", 1.0, 0),
}


def is_public(address):
    """True for addresses that are given out to somebody (RFC 4291: 2000::/3 in version 6)."""
    try:
        ip = ipaddress.ip_address(address.split("/")[0])
    except ValueError:
        return False
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_global and (ip.version == 4 or ip in ipaddress.ip_network("2000::/3"))


@pytest.mark.parametrize("file", sorted(CASE_FLOORS))
def test_recall_and_false_alarms_on_the_recogniser_cases_do_not_get_worse(file):
    path = DATA / "pii_presidio_recognizer_cases" / "cases.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}: set AGON_TEST_DATA to the folder that has it")
    kind, least_recall, most_false_alarms = CASE_FLOORS[file]
    cases = [json.loads(line) for line in path.read_text().splitlines()]
    labelled = hits = false_alarms = 0
    for case in cases:
        if case["file"] != file or case["expected_len"] is None:
            continue
        spans = [(s.start, s.end) for s in redact(case["text"]).spans if s.kind == kind]
        truth = [
            span
            for span in case["expected_positions"] or []
            if kind != "IP" or is_public(case["text"][slice(*span)])
        ]
        if case["expected_len"] == 0:
            false_alarms += bool(spans)
        labelled += len(truth)
        hits += sum(any(overlap(true, span) >= 0.5 for span in spans) for true in truth)

    assert labelled
    assert hits / labelled >= least_recall
    assert false_alarms <= most_false_alarms
