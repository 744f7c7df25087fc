"""Staff see jobs, failures with their reasons, and outputs."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.generation.models import GenerationJob, Output


@admin.register(GenerationJob)
class GenerationJobAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "queue",
        "state",
        "attempt",
        "worker",
        "created_at",
        "finished_at",
        "error_code",
    )
    list_filter = ("queue", "state", "error_code")


@admin.register(Output)
class OutputAdmin(ReadOnlyAdmin):
    list_display = ("id", "seat", "created_at")
