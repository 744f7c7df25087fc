from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "ratings.boards"
    label = "boards"
