"""Staff see what moderation decided, and keep their own list of blocked phrases."""

from django.contrib import admin
from django.http import HttpRequest

from arena.common.admin import ReadOnlyAdmin
from arena.prompts.models import BlockedPhrase, Moderation


@admin.register(Moderation)
class ModerationAdmin(ReadOnlyAdmin):
    list_display = ("at", "arena", "subject", "outcome", "categories", "reason", "moderator")
    list_filter = ("outcome", "subject", "arena", "moderator")


@admin.register(BlockedPhrase)
class BlockedPhraseAdmin(admin.ModelAdmin):
    list_display = ("phrase", "category", "is_archived", "note")
    list_filter = ("category", "is_archived")
    search_fields = ("phrase", "note")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False  # decisions name it: archive it instead
