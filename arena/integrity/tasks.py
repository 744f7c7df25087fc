"""Celery doors to this room."""

from arena.common.tasks import on_event, scheduled
from arena.integrity import judging

judge_vote = on_event("integrity.judge_vote")(judging.judge_vote)
judge_voters = scheduled(judging.JUDGE_VOTERS, quiet=True)(judging.judge_voters)
