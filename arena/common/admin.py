"""Staff see what the schedule did and which deliveries are waiting or dead."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from arena.common.models import Delivery, ScheduledRun


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that staff may look at and nobody may change."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(ScheduledRun)
class ScheduledRunAdmin(ReadOnlyAdmin):
    list_display = ("name", "outcome", "detail", "started_at", "finished_at")
    list_filter = ("name", "outcome")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    list_display = ("task", "queue", "sends", "next_send_at", "handled_at", "dead_at", "last_error")
    list_filter = ("task", ("dead_at", admin.EmptyFieldListFilter))
