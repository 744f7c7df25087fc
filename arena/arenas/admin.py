"""Staff make and edit arenas."""

from django.contrib import admin

from arena.arenas.models import Arena, Dimension, SuggestedPrompt, Tag


class SuggestedPromptInline(admin.TabularInline):
    model = SuggestedPrompt
    extra = 1


class DimensionInline(admin.TabularInline):
    model = Dimension
    extra = 0
    can_delete = False


class TagInline(admin.TabularInline):
    model = Tag
    extra = 0
    can_delete = False


@admin.register(Arena)
class ArenaAdmin(admin.ModelAdmin):
    list_display = ("name", "modality", "n_seats", "sampler", "is_open", "position")
    inlines = (DimensionInline, TagInline, SuggestedPromptInline)
