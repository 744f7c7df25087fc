from django.apps import AppConfig


class PromptsConfig(AppConfig):
    name = "arena.prompts"
    label = "prompts"
