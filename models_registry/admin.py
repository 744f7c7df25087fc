"""Staff publish, retire and describe models; revisions are read only."""

from __future__ import annotations

from django.contrib import admin

from arena.common.admin import ReadOnlyAdmin
from models_registry.abilities import sentences
from models_registry.models import IMPORTED, Model, Organisation, Revision
from models_registry.services import abilities_of


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin):
    list_display = ("name", "homepage")


@admin.register(Model)
class ModelAdmin(admin.ModelAdmin):
    list_display = ("name", "organisation", "modality", "status", "licence")
    list_filter = ("modality", "status")
    readonly_fields = ("slug", "modality", "can_be_asked_for")

    @admin.display(description="It can be asked for")
    def can_be_asked_for(self, model: Model) -> str:
        """Return what routing goes by: the newest revision's abilities with the corrections."""
        newest = model.revisions.exclude(adapter=IMPORTED).order_by("-number").first()
        if newest is None:
            return "It has no revision that can be run."
        return " ".join(sentences(abilities_of(newest))) or "Anything: nothing is declared."


@admin.register(Revision)
class RevisionAdmin(ReadOnlyAdmin):
    list_display = ("label", "adapter", "created_at")
