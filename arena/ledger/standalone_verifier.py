"""Check receipts and checkpoints of an Agon ledger, without Agon and without a network.

Needs Python 3.11 and the package `cryptography`; imports nothing else.

    python verify_ledger.py chain CHECKPOINTS.json [MORE.json …] --key PUBLIC_KEY
    python verify_ledger.py receipt RECEIPT.json CHECKPOINTS.json [MORE.json …] --key PUBLIC_KEY

`chain` checks that each checkpoint bears the key's signature and names the one before. `receipt`
also checks that every entry of the receipt is what was sealed: its commitment (SHA-256 over
length-prefixed fields), its place in the tree (RFC 6962, 2.1.1), and that the checkpoint is in the
chain. Give --key for each key that you trust; without it the files only vouch for themselves.

Exit status: 0 when all is well, 1 when something is not, 2 for files that cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = ["number", "size", "entries", "first", "last", "root", "previous", "at", "key"]
HEADING = "agon.ledger/checkpoint/1"


class Refused(Exception):
    """Something is not as it was sealed; the message says what."""


def read_checkpoint(signed: dict[str, str], trusted: set[str]) -> dict[str, str]:
    """Return the fields of a checkpoint, once its signature is checked."""
    body = signed["body"]
    heading, *lines = body.split("\n")
    fields = dict(line.split(" ", 1) for line in lines[:-1])
    rebuilt = "".join([f"{HEADING}\n", *(f"{name} {fields.get(name)}\n" for name in FIELDS)])
    if heading != HEADING or rebuilt != body:
        raise Refused("a checkpoint is not written in the form that it must have")
    name = f"checkpoint {fields['number']}"
    if trusted and fields["key"] not in trusted:
        raise Refused(f"{name} is signed by the key {fields['key']}, which you do not trust")
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(fields["key"]))
        key.verify(bytes.fromhex(signed["signature"]), body.encode())
    except (InvalidSignature, ValueError):
        raise Refused(f"{name} does not bear the signature of its key") from None
    return fields


def check_chain(listed: list[dict[str, str]], trusted: set[str]) -> dict[str, dict[str, str]]:
    """Return the checkpoints by their bodies; raise Refused where the chain breaks."""
    found: dict[str, dict[str, str]] = {}
    before: tuple[str, dict[str, str]] | None = None
    for signed in listed:
        fields = read_checkpoint(signed, trusted)
        number, size, entries = (int(fields[name]) for name in ("number", "size", "entries"))
        previous, size_before, number_before, last = 64 * "0", 0, 0, 0
        if before is not None:
            previous = sha256(before[0].encode()).hexdigest()
            size_before, number_before = int(before[1]["size"]), int(before[1]["number"])
            last = int(before[1]["last"])
        if before is not None or number == 1:
            if number != number_before + 1:
                raise Refused(f"checkpoint {number} follows checkpoint {number_before}")
            if fields["previous"] != previous:
                raise Refused(f"checkpoint {number} does not name the one before as its previous")
            if size != size_before + entries or int(fields["first"]) <= last:
                raise Refused(f"the counts of checkpoint {number} do not follow the one before")
        before = signed["body"], fields
        found[signed["body"]] = fields
    return found


def check_entry(entry: dict[str, Any], chain: dict[str, dict[str, str]]) -> str:
    """Return what is proved of an entry in a few words; raise Refused when it is not."""
    name = f"entry {entry['entry']} ({entry['table']} {entry['key']})"
    commitment = bytes.fromhex(entry["commitment"])
    if entry["salt"] is not None and sha256(preimage(entry)).digest() != commitment:
        raise Refused(f"{name} is not what its commitment says")
    words = "erased, " if entry["salt"] is None else ""
    if entry["checkpoint"] is None:
        return f"{name}: {words}waits for the next checkpoint"
    fields = chain.get(entry["checkpoint"]["body"])
    if fields is None:
        raise Refused(f"{name} names a checkpoint that is not in the files that you gave")
    if not int(fields["first"]) <= int(entry["entry"]) <= int(fields["last"]):
        raise Refused(f"{name} does not belong to checkpoint {fields['number']}")
    path = [bytes.fromhex(node) for node in entry["proof"]["path"]]
    root = climb(commitment, int(entry["proof"]["index"]), int(fields["entries"]), path)
    if root.hex() != fields["root"]:
        raise Refused(f"{name} is not in the tree of checkpoint {fields['number']}")
    return f"{name}: {words}sealed in checkpoint {fields['number']}, {fields['at']}"


def preimage(entry: dict[str, Any]) -> bytes:
    """Return the bytes that an entry commits to."""
    fields = [
        ["format", "agon.ledger/entry/1"],
        ["entry", str(entry["entry"])],
        ["at", entry["at"]],
        ["table", entry["table"]],
        ["key", entry["key"]],
        ["salt", entry["salt"]],
        *entry["content"],
    ]
    lines = (
        f"{name}:-\n" if value is None else f"{name}:{len(value.encode())}:{value}\n"
        for name, value in fields
    )
    return "".join(lines).encode()


def climb(commitment: bytes, index: int, n_entries: int, path: list[bytes]) -> bytes:
    """Return the root to which a proof leads (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < n_entries:
        raise Refused(f"there is no place {index} in a tree of {n_entries}")
    at, last, node = index, n_entries - 1, sha256(b"\x00" + commitment).digest()
    for beside in path:
        if last == 0:
            raise Refused("a proof is too long for its tree")
        if at % 2 or at == last:
            node = sha256(b"\x01" + beside + node).digest()
            while at % 2 == 0 and at:
                at, last = at // 2, last // 2
        else:
            node = sha256(b"\x01" + node + beside).digest()
        at, last = at // 2, last // 2
    if last:
        raise Refused("a proof is too short for its tree")
    return node


def main(arguments: list[str]) -> int:
    """Do what the arguments say and return the exit status."""
    parser = argparse.ArgumentParser(description="Check an Agon ledger.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    chain = verbs.add_parser("chain", help="check signatures and links of checkpoints")
    receipt = verbs.add_parser("receipt", help="check a receipt against checkpoints")
    receipt.add_argument("receipt", type=Path)
    for verb in (chain, receipt):
        verb.add_argument("checkpoints", type=Path, nargs="+")
        verb.add_argument("--key", action="append", default=[], help="a public key you trust")
    options = parser.parse_args(arguments)
    try:
        listed = [one for path in options.checkpoints for one in _json(path)["checkpoints"]]
        found = check_chain(listed, set(options.key))
        print(f"{len(found)} checkpoints are signed and follow each other.")  # noqa: T201
        if options.verb == "receipt":
            for entry in _json(options.receipt)["entries"]:
                print(check_entry(entry, found))  # noqa: T201
    except Refused as refusal:
        print(f"REFUSED: {refusal}", file=sys.stderr)  # noqa: T201
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"cannot be read: {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    if not options.key:
        print("No --key was given: the files vouch only for themselves.")  # noqa: T201
    return 0


def _json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
