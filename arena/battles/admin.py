"""Staff look at battles."""

from django.contrib import admin

from arena.battles.models import Battle, SamplerState, Seat
from arena.common.admin import ReadOnlyAdmin


class SeatInline(admin.TabularInline):
    model = Seat
    extra = 0
    can_delete = False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    list_display = ("id", "arena", "origin", "opened_at", "released_at", "ending", "void_reason")
    list_filter = ("arena", "origin", "ending")
    inlines = (SeatInline,)


@admin.register(SamplerState)
class SamplerStateAdmin(ReadOnlyAdmin):
    list_display = ("arena", "made_at")
