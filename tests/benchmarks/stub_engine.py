"""A generator that costs next to nothing, and the processes that measure our own part with it.

`python -m tests.benchmarks.stub_engine worker …` is `manage.py worker …` that knows the generator;
`… open N` opens N battles of two of them, `… claim` claims all their jobs and prints how fast.
"""

import asyncio
import io
import random
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from models_registry.adapters import ADAPTERS
from models_registry.adapters.contract import Adapter, Artifact, Capabilities, Event, Request

SIDE_PX = 64
MOST_S = 0.2  # of a generation


class StubEngine(Adapter):
    """Waits a moment that depends on the seed and returns a small picture."""

    name: ClassVar[str] = "stub"

    @classmethod
    def validate(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Take what comes."""
        return dict(config)

    def capabilities(self) -> Capabilities:
        """Pictures, one at a time."""
        return Capabilities(modality="image", streams=False)

    async def generate(self, request: Request) -> AsyncGenerator[Event, None]:
        """Yield the picture."""
        from PIL import Image

        draw = random.Random(request.seed)
        await asyncio.sleep(draw.random() * MOST_S)
        # Noise: a picture of one colour would rightly be refused.
        picture = Image.frombytes("RGB", (SIDE_PX, SIDE_PX), draw.randbytes(3 * SIDE_PX**2))
        data = io.BytesIO()
        picture.save(data, "PNG")
        yield Artifact(data.getvalue(), "image/png")


def _open(n_battles: int) -> None:
    from arena.accounts.models import Voter
    from arena.accounts.services import accept_terms
    from arena.arenas.models import Arena
    from arena.battles.services import open_battle
    from models_registry.models import Model
    from models_registry.services import register_model

    Model.objects.filter(modality="image").update(status=Model.Status.RETIRED)
    for name in ("Stub one", "Stub two"):
        register_model(
            name=name,
            modality="image",
            organisation_name="Benchmarks",
            adapter=StubEngine.name,
            config={"name": name},
        )
    voter = Voter.objects.create()
    consent = accept_terms(voter=voter)
    arena = Arena.objects.get(slug="image")
    for number in range(n_battles):
        open_battle(arena=arena, voter=voter, consent=consent, text=f"Field number {number}")


def _claim() -> None:
    from django.utils import timezone

    from arena.generation.jobs import claim_job
    from arena.generation.models import GenerationJob

    soon = timezone.now()
    GenerationJob.objects.update(
        state=GenerationJob.State.QUEUED,
        attempt=0,
        finished_at=None,
        lease_until=None,
        not_before=soon,
        deadline_at=soon + timedelta(hours=1),
    )
    ids = list(GenerationJob.objects.values_list("pk", flat=True))
    before = time.perf_counter()
    claimed = sum(claim_job(job, worker="bench") is not None for job in ids)
    took_s = time.perf_counter() - before
    sys.stdout.write(f"claims from one process: {claimed / took_s:.0f}/s\n")


def main(arguments: list[str]) -> None:
    """Run one of the two commands in the environment of an installation."""
    import django

    django.setup()
    ADAPTERS[StubEngine.name] = "tests.benchmarks.stub_engine.StubEngine"
    if arguments[0] == "open":
        _open(int(arguments[1]))
        return
    if arguments[0] == "claim":
        _claim()
        return
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
