from django.apps import AppConfig


class RewardsConfig(AppConfig):
    name = "ratings.rewards"
    label = "rewards"
