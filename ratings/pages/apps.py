from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "ratings.pages"
    label = "pages"
