from django.apps import AppConfig


class IntegrityConfig(AppConfig):
    name = "arena.integrity"
    label = "integrity"
