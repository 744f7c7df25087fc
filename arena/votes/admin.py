"""Staff look at votes and imports."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from arena.votes.models import Rationale, Vote, VoteImport


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("id", "battle", "winner", "source", "cast_at")


@admin.register(Rationale)
class RationaleAdmin(ReadOnlyAdmin):
    list_display = ("vote", "version", "text", "written_at")


@admin.register(VoteImport)
class VoteImportAdmin(ReadOnlyAdmin):
    list_display = ("source", "arena", "n_votes", "n_skipped", "imported_at")
