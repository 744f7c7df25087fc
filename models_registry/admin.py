"""Staff publish, retire and describe models; revisions are read only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from arena.common.admin import ReadOnlyAdmin
from models_registry.abilities import sentences
from models_registry.health import note_answer
from models_registry.models import IMPORTED, Health, Model, Organisation, Revision
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


@admin.register(Health)
class HealthAdmin(ReadOnlyAdmin):
    """Which models answer; staff let one play again once they have mended what failed."""

    list_display = ("revision", "failures_in_a_row", "code", "benched_until", "changed_at")
    list_filter = ("code",)
    actions = ("let_play",)

    @admin.action(description="Let these play again now", permissions=["view"])
    def let_play(self, request: HttpRequest, healths: QuerySet[Health]) -> None:
        """Take the chosen models off the bench."""
        for health in healths:
            note_answer(health.revision_id)
        self.message_user(request, "They may be drawn again from the next battle on.")
