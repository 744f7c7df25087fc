"""Staff make and edit arenas."""

from django.contrib import admin

from arena.arenas.models import Arena, SuggestedPrompt


class SuggestedPromptInline(admin.TabularInline):
    model = SuggestedPrompt
    extra = 1


@admin.register(Arena)
class ArenaAdmin(admin.ModelAdmin):
    list_display = ("name", "modality", "sampler", "is_open", "position")
    inlines = (SuggestedPromptInline,)
