"""Celery doors to this room."""

from arena.common.tasks import on_event, scheduled
from ratings.boards import counting, services

count_vote = on_event("boards.count_vote")(counting.count_vote)
count_verdict = on_event("boards.count_verdict")(counting.count_verdict)
count_details = on_event("boards.count_details")(counting.count_details)
uncount_vote = on_event("boards.uncount_vote")(counting.uncount_vote)
recount_arena = on_event("boards.recount_arena")(counting.recount_arena)
refresh_boards = scheduled("boards.refresh_boards", quiet=True)(services.refresh_boards)
examine_boards = scheduled("boards.examine_boards", quiet=True)(services.examine_boards)
