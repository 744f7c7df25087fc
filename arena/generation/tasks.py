"""Celery doors to this room."""

from arena.common.tasks import on_event, scheduled
from arena.generation import jobs, media_worker, release, sweep

queue_generations = on_event("generation.queue_generations")(jobs.queue_generations)
cancel_generations = on_event("generation.cancel_generations")(jobs.cancel_generations)
generate_output = on_event("generation.generate_output", queue="gen.mesh")(
    media_worker.generate_output
)
release_outputs = on_event("generation.release_outputs")(release.release_outputs)
sweep_lost_work = scheduled("generation.sweep", quiet=True)(sweep.sweep)
