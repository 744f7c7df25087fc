"""The README of a release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratings.boards.table import board_text
from ratings.releases.privacy.fields import FIELDS


def card(facts: Mapping[str, Any], board: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """Return the card as Markdown. `facts` is the manifest without its list of files."""
    fields = "\n".join(
        f"| `{field.name}` | {field.type} | {field.meaning} |" for field in FIELDS.values()
    )
    redactions = ", ".join(f"{kind} {n}" for kind, n in sorted(facts["redactions"].items()))
    left_out = ", ".join(f"{reason} {n}" for reason, n in sorted(facts["left_out"].items()))
    return f"""# {facts["name"]}

Human preferences from the arena “{facts["arena_name"]}” ({facts["modality"]}): people compared
anonymous outputs for their own prompt and said which one is better, or ranked them.

| fact | value |
|---|---|
| votes in this release | {facts["n_votes"]} |
| new in this release | {facts["n_new"]} |
| released before, since taken back or no longer counted, and left out | {facts["n_withdrawn"]} |
| votes on record that verdicts keep out | {left_out or "none"} |
| left out because pictures came with the prompt | {facts["n_with_images"]} |
| months | {", ".join(facts["months"])} |
| data licence | {facts["licence"]} |
| format version | {facts["format_version"]} |

## How to read it

```python
from datasets import load_dataset
votes = load_dataset("parquet", data_files="battles-*.parquet")["train"]
```

Shards that an older version of Agon wrote lack the newer columns; `pyarrow.dataset` reads them
together with the schema of the newest one. Leave out the rows that `withdrawn.json` names. Check
the files and recompute the board with

```sh
python3 manage.py release verify {facts["name"]}
python3 manage.py release board {facts["name"]}
```

## Fields

| field | type | meaning |
|---|---|---|
{fields}

## How it was made

- Only battles whose voter had accepted the terms, that ended with a vote, and whose vote stands
  and counts: votes that a detector or the operator holds or excludes are not here.
- `voter` and `battle_id` are keyed pseudonyms (HMAC-SHA-256). Each shard has its own key, so a
  voter of one shard cannot be linked with one of another.
- Times are rounded to the month. Rows are in the order of their pseudonyms, which says nothing.
- Prompts, text outputs and rationales passed a filter for e-mail addresses, telephone, card, bank
  and social security numbers, network addresses, user names in paths and addresses, and secrets.
  Replaced here: {redactions or "nothing"}.
- Models were drawn by `sampler`; `p_draw` is the exact probability of that set of models.
- Outputs of models whose owners do not allow it are left empty; the vote stands.

## Limits

- The filter does not find names of people with certainty. Tell us when you find one.
- Voters choose to come; they are no sample of any population. One person may have cast many votes:
  group by `voter` before you compute an interval of your own.

## Board of these files

```
{board_text(board, names)}
```
"""
