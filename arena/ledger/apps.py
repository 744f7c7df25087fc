from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "arena.ledger"
    label = "ledger"
