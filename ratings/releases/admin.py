"""Staff look at releases."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from ratings.releases.models import Release


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ("name", "arena", "built_at", "manifest_sha256")
