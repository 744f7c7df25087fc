"""Time a board of 400 models as its page sees it: first read, one changed pair, rendered page.

Tallies of all 79,800 pairs are written straight into a PostgreSQL of this run's own, for 1e5, 1e6
and 1e7 votes spread over the pairs; times that do not grow with the votes show that none is read
again. `CPU` is processor time of the site's process, `wall` includes PostgreSQL's answers. Battles
are rows of their own, by default as many as the smallest number of votes: what a page counts of
them does grow, and has its own line.
"""

from __future__ import annotations

import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

N_MODELS = 400
VOTES = (100_000, 1_000_000, 10_000_000)
N_BATTLES = 100_000
SLICES = ("", "length-short", "prompt-own", "script-latin")  # each with all the pairs
REPEATS = 9
SEED = 20260101
LINE = "{:<44} {:>9} {:>9} {:>9}\n"


def run() -> None:
    """Start servers of this run's own, print the table against them, and stop them."""
    with _servers() as environment:
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.bench_boards"], env=environment, check=True
        )


@contextmanager
def _servers() -> Iterator[dict[str, str]]:
    from deploy.embedded import postgres, valkey
    from deploy.embedded.places import Places
    from deploy.embedded.supervisor import Supervisor

    with tempfile.TemporaryDirectory(prefix="agon-bench-") as folder:
        places = Places(Path(folder))
        places.prepare()
        supervisor = Supervisor(places.logs, say=lambda _line: None)
        try:
            supervisor.start(postgres.child(places, settings=postgres.FORGETFUL))
            supervisor.start(valkey.child(places, durable=False))
            yield {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "arena.config.settings",
                "AGON_VAR": str(places.var),
                "DATABASE_URL": places.database_url,
                "REDIS_URL": places.redis_url,
                "SECRET_KEY": secrets.token_urlsafe(50),
                "ALLOWED_HOSTS": "",
                "HTTPS": "False",
                "DEBUG": "False",
                "OMP_NUM_THREADS": "1",  # processor time is then what one refresh takes
            }
        finally:
            supervisor.stop()


def measure() -> None:
    """Fill the database and print the table."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    arena, revisions = _arena_with_models()
    _write_battles(arena.pk, revisions)
    sys.stdout.write(f"{N_MODELS} models, {N_MODELS * (N_MODELS - 1) // 2} pairs\n")
    sys.stdout.write(LINE.format("", "votes", "CPU ms", "wall ms"))
    for n_votes in VOTES:
        _write_tallies(arena.pk, revisions, n_votes)
        for name, cpu_ms, wall_ms in _times(arena, revisions):
            sys.stdout.write(LINE.format(name, f"{n_votes:.0e}", f"{cpu_ms:.1f}", f"{wall_ms:.1f}"))
            sys.stdout.flush()


def _arena_with_models() -> tuple[Any, list[int]]:
    from arena.arenas.models import Arena
    from models_registry.models import Model, Organisation, Revision

    owner = Organisation.objects.create(slug="lab", name="Lab")
    models = Model.objects.bulk_create(
        Model(slug=f"model-{i}", name=f"Model {i}", organisation=owner, modality="text")
        for i in range(N_MODELS)
    )
    revisions = Revision.objects.bulk_create(
        Revision(model=model, number=1, adapter="demo", config_sha256="0" * 64) for model in models
    )
    arena, _ = Arena.objects.get_or_create(
        slug="text", defaults={"name": "Text", "modality": "text"}
    )
    return arena, [revision.pk for revision in revisions]


_BATTLES = """
WITH battle AS (
    INSERT INTO battles_battle (id, arena_id, origin, sampler, opened_at, released_at, ending,
        ended_at, void_reason)
    SELECT gen_random_uuid(), %s, 'live', 'bench', now(), now(), 'voted', now(), ''
    FROM generate_series(1, %s) RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM battle)
INSERT INTO battles_seat (battle_id, position, revision_id)
SELECT id, seat, (%s::bigint[])[1 + (n + seat * (1 + n / %s %% (%s - 1))) %% %s]
FROM numbered, generate_series(0, 1) AS seat
"""


def _write_battles(arena: int, revisions: list[int]) -> None:
    """Write battles without what a live one needs around it: nothing here reads that."""
    from django.db import connection

    constraint = "a_live_battle_knows_why_it_was_made"
    n = len(revisions)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE battles_battle DROP CONSTRAINT {constraint}")
        cursor.execute(_BATTLES, [arena, N_BATTLES, revisions, n, n, n])
        cursor.execute("VACUUM ANALYZE battles_battle, battles_seat")


_TALLIES = """
INSERT INTO boards_tally (arena_id, origin, slice, low_id, high_id, wins_low, wins_high, ties,
    both_bad, changed_at)
SELECT %s, 'live', slice, pair.*, now() - interval '1 hour'
FROM unnest(%s::varchar[]) AS slice, unnest(%s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::bigint[]) AS pair
"""


def _write_tallies(arena: int, revisions: list[int], n_votes: int) -> None:
    """Give every pair a vote, and the rest to pairs as popular as rank^-0.7 twice."""
    from django.db import connection

    rng = np.random.default_rng(SEED)
    strengths = rng.normal(0, 0.6, N_MODELS)
    low, high = np.triu_indices(N_MODELS, 1)
    popularity = rng.permutation(np.arange(1, N_MODELS + 1) ** -0.7)
    share = popularity[low] * popularity[high]
    votes = 1 + rng.multinomial(n_votes - low.size, share / share.sum())
    p_low = 1 / (1 + np.exp(strengths[high] - strengths[low]))
    p_tie = 0.5 * np.minimum(p_low, 1 - p_low)
    chances = np.column_stack([p_low - p_tie, 1 - p_low - p_tie, 1.5 * p_tie, 0.5 * p_tie])
    columns = [column.tolist() for column in rng.multinomial(votes, chances).T]
    keys = np.array(revisions)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE boards_tally")
        pairs = [keys[low].tolist(), keys[high].tolist(), *columns]
        cursor.execute(_TALLIES, [arena, list(SLICES), *pairs])
        cursor.execute("VACUUM ANALYZE boards_tally")


def _times(arena: Any, revisions: list[int]) -> Iterator[tuple[str, float, float]]:
    """Yield (what, processor ms, wall ms), medians over the repeats."""
    from django.test import Client

    from ratings.boards import kept, selectors
    from ratings.boards.choice import BoardChoice
    from ratings.boards.pages import board_context
    from ratings.boards.selectors import counts_of, live_board

    def forget() -> None:
        kept._kept.clear()
        selectors._boards.clear()

    def change() -> None:
        _change_one_pair(arena.pk, revisions)

    def change_and_fit() -> None:
        change()
        live_board(arena)

    client = Client(headers={"accept": "text/html", "host": "localhost"})

    def get(path: str) -> Callable[[], None]:
        def page() -> None:
            response = client.get(path)
            assert response.status_code == 200, response.content

        return page

    def context() -> dict[str, Any]:
        return board_context(BoardChoice(arena, "live"))

    board_context(BoardChoice(arena, "live"))  # compiles the kernels
    yield "first read of the tallies", *_median(lambda: counts_of(arena, "live"), forget)
    yield "first board of a process", *_median(lambda: live_board(arena), forget)
    live_board(arena)
    yield "one pair changed: counts", *_median(lambda: counts_of(arena, "live"), change)
    yield "one pair changed: board", *_median(lambda: live_board(arena), change)
    yield "one pair changed: what the page shows", *_median(context, change)
    yield "nothing changed: board", *_median(lambda: live_board(arena))
    yield "nothing changed: what the page shows", *_median(context)
    yield f"{N_BATTLES} battles counted, once a minute", *_median(lambda: _battles(arena))
    yield "one pair changed: /boards/text/rows", *_median(get("/boards/text/rows"), change)
    yield "one pair changed: /boards/text/", *_median(get("/boards/text/"), change)
    yield "nothing changed: /boards/text/", *_median(get("/boards/text/"))
    get("/boards/text/?slice=script-latin")()
    yield "nothing changed: a slice", *_median(get("/boards/text/?slice=script-latin"))
    change_and_fit()


def _battles(arena: Any) -> None:
    from ratings.boards.selectors import released_battles

    released_battles(arena, "live").count()


def _median(work: Callable[[], object], before: Callable[[], None] = lambda: None) -> list[float]:
    cpu_ms, wall_ms = [], []
    for _ in range(REPEATS):
        before()
        started = time.perf_counter(), time.process_time()
        work()
        wall_ms.append((time.perf_counter() - started[0]) * 1000)
        cpu_ms.append((time.process_time() - started[1]) * 1000)
    return [statistics.median(cpu_ms), statistics.median(wall_ms)]


def _change_one_pair(arena: int, revisions: list[int]) -> None:
    """Count one vote, as counting does."""
    from ratings.boards.counting import _add_to_tallies

    rng = np.random.default_rng(time.perf_counter_ns())
    low, high = sorted(rng.choice(revisions, 2, replace=False).tolist())
    _add_to_tallies(arena, "live", {(key, low, high): [1, 0, 0, 0] for key in SLICES})


if __name__ == "__main__":
    measure()
