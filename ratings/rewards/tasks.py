"""Celery doors to this room."""

from arena.common.tasks import on_event, scheduled
from ratings.rewards import services

train_reward_model = on_event("rewards.train_reward_model")(services.train_reward_model)
train_reward_models = scheduled(services.RUN_NAME)(services.train_reward_models)
