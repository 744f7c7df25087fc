"""What follows what, on one screen: an event of one room → the tasks of later rooms.

A room publishes an event in the same transaction as its change (`arena.common.events.publish`).
The relay turns each event into one delivery for each task named here and hands it to Celery;
a delivery is offered again until its task has said that it is done. Tasks are idempotent.

prompt ─▶ battle ─▶ outputs ─▶ vote ─▶ verdict ─▶ board ─▶ release ─▶ reward model
"""

FLOW: dict[str, tuple[str, ...]] = {
    "battle.opened": ("generation.queue_generations",),
    "battle.skipped": ("generation.cancel_generations",),
    "job.queued": ("generation.generate_output",),
    "output.finished": ("generation.release_outputs",),
    "vote.cast": ("boards.count_vote", "integrity.judge_vote"),
    "vote.detailed": ("boards.count_details",),
    "vote.withdrawn": ("boards.uncount_vote",),
    "verdict.given": ("boards.count_verdict",),
    "votes.imported": ("boards.recount_arena",),
    "release.published": ("rewards.train_reward_model",),
}
