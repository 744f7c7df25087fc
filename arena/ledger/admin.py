"""Staff look at checkpoints and erasures."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.ledger.models import Checkpoint, Erasure


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    list_display = ("number", "size", "n_entries", "sealed_at", "root")
    fields = ("number", "size", "n_entries", "first_entry", "last_entry", "root", "previous",
              "sealed_at", "public_key", "signature")  # fmt: skip


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    list_display = ("entry", "reason", "erased_at")
