"""Staff look at snapshots."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from ratings.boards.models import Snapshot


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ("arena", "origin", "n_votes", "published_at")
