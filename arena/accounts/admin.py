"""Staff see the versions of the terms."""

from django.contrib import admin

from arena.accounts.models import Terms
from arena.common.admin import ReadOnlyAdmin


@admin.register(Terms)
class TermsAdmin(ReadOnlyAdmin):
    list_display = ("version", "sha256", "published_at")
