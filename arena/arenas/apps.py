from django.apps import AppConfig


class ArenasConfig(AppConfig):
    name = "arena.arenas"
    label = "arenas"
