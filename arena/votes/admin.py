"""Staff look at votes, reports and imports."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.votes.models import Rationale, Report, Skip, Vote, VoteImport


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("id", "battle", "ranks", "source", "cast_at")


@admin.register(Rationale)
class RationaleAdmin(ReadOnlyAdmin):
    list_display = ("vote", "version", "text", "written_at")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    list_display = ("reported_at", "reason", "battle", "position", "text")
    list_filter = ("reason",)


@admin.register(Skip)
class SkipAdmin(ReadOnlyAdmin):
    list_display = ("skipped_at", "reason", "battle")
    list_filter = ("reason",)


@admin.register(VoteImport)
class VoteImportAdmin(ReadOnlyAdmin):
    list_display = ("source", "arena", "n_votes", "n_skipped", "imported_at")
