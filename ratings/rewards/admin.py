"""Staff look at reward models."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from ratings.rewards.models import RewardModel


@admin.register(RewardModel)
class RewardModelAdmin(ReadOnlyAdmin):
    list_display = ("name", "release", "trained_at")
