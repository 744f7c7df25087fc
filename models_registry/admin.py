"""Staff publish, retire and describe models; revisions are read only."""

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from models_registry.models import Model, Organisation, Revision


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "homepage")


@admin.register(Model)
class ModelAdmin(admin.ModelAdmin):
    list_display = ("name", "organisation", "modality", "status", "licence")
    list_filter = ("modality", "status")
    readonly_fields = ("slug", "modality")


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ("label", "adapter", "created_at")
