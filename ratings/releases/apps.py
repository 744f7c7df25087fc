from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "ratings.releases"
    label = "releases"
