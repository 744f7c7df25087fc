"""Addresses of people and machines: e-mail, users in URLs and home paths, IP and MAC."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

import re2  # type: ignore[import-untyped]

# Counted repeats of Unicode classes would make a program of 200,000 steps, so lengths are checked
# in Python.
_EMAIL: Final = re2.compile(r"[\pL\pN_%+'][\pL\pN._%+'-]*@[\pL\pN][\pL\pN.-]*")
_TOP_LEVEL: Final = re2.compile(r"\pL+|(?i:xn--[a-z0-9-]+)")
MAX_LOCAL_CHARS: Final = 64  # RFC 5321, 4.5.3.1
# The account in `git@host:path` is a machine's, the same for everybody.
_SHARED_MAILBOXES: Final = frozenset({"git"})

_URL_USER: Final = re2.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,15}://([^\s/?#@\[\]<>\"']{1,256})@")

_HOME: Final = re2.compile(
    r"(?i)(?:/home/|/users/|\b[a-z]:[\\/]{1,2}users[\\/]{1,2}|/documents and settings/)"
    r"(?:([^\s\\/:*?\"<>|'`\[\](){},;$%]+(?: [^\s\\/:*?\"<>|'`\[\](){},;$%]+){0,2})[\\/]"
    r"|([^\s\\/:*?\"<>|'`\[\](){},;$%]+))"
)
# Accounts that are nobody's: images' defaults and the words of documentation.
_SHARED_ACCOUNTS: Final = frozenset(
    {
        "admin", "administrator", "all users", "app", "appuser", "centos", "circleci", "code",
        "coder", "debian", "default", "default user", "deploy", "dev", "developer", "docker",
        "ec2-user", "git", "guest", "jenkins", "jovyan", "me", "myname", "myuser", "name", "node",
        "pi", "postgres", "public", "root", "runner", "runneradmin", "shared", "someone", "test",
        "travis", "ubuntu", "user", "user1", "username", "vagrant", "vscode", "www-data", "you",
        "your-name", "your-user", "your-username", "your_name", "your_user", "your_username",
        "yourname", "youruser", "yourusername", "yourusernamehere",
    }
)  # fmt: skip

_MAC: Final = re2.compile(
    r"(?i)\b(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}"
    r"|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4})\b"
)
_IPV4: Final = re2.compile(r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b")
_IPV6: Final = re2.compile(r"(?i)[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f:.]*")
_VERSION: Final = re2.compile(r"(?i)(?:\bv|\bver\.?|\bversion:?|\brelease:?) ?$")
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")  # all that is given out (RFC 4291)


def emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield e-mail addresses, in any script."""
    for match in _EMAIL.finditer(text):
        local, _, domain = match.group().partition("@")
        domain = domain.rstrip(".-")
        labels = domain.split(".")
        if (
            len(labels) >= 2
            and all(labels)
            and 2 <= len(labels[-1]) <= 63
            and _TOP_LEVEL.fullmatch(labels[-1])
            and len(local) <= MAX_LOCAL_CHARS
            and local not in _SHARED_MAILBOXES
        ):
            yield match.start(), match.start() + len(local) + 1 + len(domain)


def url_users(text: str) -> Iterator[tuple[int, int]]:
    """Yield what stands between the scheme and the @ of a URL: user and password."""
    for match in _URL_USER.finditer(text):
        if match.group(1) not in _SHARED_MAILBOXES:
            yield match.span(1)


def path_users(text: str) -> Iterator[tuple[int, int]]:
    """Yield the account in paths such as /home/ada and C:\\Users\\ada."""
    for match in _HOME.finditer(text):
        group = 1 if match.group(1) is not None else 2
        account = match.group(group).rstrip(".!…")
        before = text[match.start() - 1 : match.start()] if match.start() else ""
        is_address = match.group().startswith("/") and (before.isalnum() or before in ("-", "."))
        is_drive = (
            is_address and text[max(0, match.start() - 6) : match.start()].lower() == "/mnt/c"
        )
        if account and account.lower() not in _SHARED_ACCOUNTS and (not is_address or is_drive):
            yield match.start(group), match.start(group) + len(account)


def macs(text: str) -> Iterator[tuple[int, int]]:
    """Yield hardware addresses with colons, dashes or dots; not broadcast and not all zero."""
    for match in _MAC.finditer(text):
        digits = {c for c in match.group().lower() if c.isalnum()}
        if digits not in ({"f"}, {"0"}) and _stands_alone(text, *match.span(), joiners=":-."):
            yield match.span()


def ips(text: str) -> Iterator[tuple[int, int]]:
    """Yield public IPv4 and IPv6 addresses.

    Private, loopback, reserved and documentation addresses name nobody; four-part versions are
    told by the word before them.
    """
    for match in _IPV6.finditer(text):
        address = match.group().rstrip(".")
        if not address.endswith("::"):
            address = address.rstrip(":")
        start, end = match.start(), match.start() + len(address)
        if _is_public(address) and _stands_alone(text, start, end, joiners=":"):
            yield start, end
    for match in _IPV4.finditer(text):
        if (
            _is_public(match.group())
            and _stands_alone(text, *match.span(), joiners=".")
            and not _VERSION.search(text[max(0, match.start() - 10) : match.start()])
        ):
            yield match.span()


def _is_public(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped.is_global
    # Written short, anything with two colons may be an address (`a::b` in C++); all that is in
    # use begins with 2 or 3. Written in full it can be little else.
    is_in_full = address.count(":") == 7 and "::" not in address
    return ip.is_global and (ip in _GLOBAL_UNICAST or is_in_full)


def _stands_alone(text: str, start: int, end: int, *, joiners: str) -> bool:
    """True when no letter, digit or (joiner and then a letter or digit) touches the span."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before and (before[-1].isalnum() or before[-1] == "_"):
        return False
    if len(before) == 2 and before[-1] in joiners and before[0].isalnum():
        return False
    if after and (after[0].isalnum() or after[0] == "_"):
        return False
    return not (len(after) == 2 and after[0] in joiners and after[1].isalnum())
