"""Staff see verdicts and add their own: hold a vote, exclude it, or count it again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest

from arena.common.admin import ReadOnlyAdmin
from arena.integrity.judging import give_staff_verdict
from arena.integrity.models import Verdict


class ReasonForm(ActionForm):
    """The words that go with an action."""

    note = forms.CharField(
        label="Reason, in words", required=False, max_length=400, widget=forms.TextInput
    )


class VerdictForm(forms.ModelForm):
    """A verdict of a person, who says why."""

    class Meta:
        model = Verdict
        fields = ("vote", "status", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "note" in self.fields:  # a row that exists is only looked at
            self.fields["note"].required = True


@admin.register(Verdict)
class VerdictAdmin(ReadOnlyAdmin):
    list_display = ("made_at", "status", "reason", "method", "vote", "detail", "note", "made_by")
    list_filter = ("status", "reason", "method", "vote__battle__arena")
    list_select_related = ("made_by",)
    search_fields = ("vote__pk",)
    raw_id_fields = ("vote",)
    ordering = ("-pk",)
    form = VerdictForm
    action_form = ReasonForm
    actions = ("hold_votes", "exclude_votes", "count_votes_again")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("integrity.add_verdict"))

    def save_model(self, request: HttpRequest, obj: Verdict, form: Any, change: bool) -> None:
        """Add the verdict by the one service that does."""
        verdict = give_staff_verdict(
            vote_id=obj.vote_id, status=obj.status, note=obj.note, staff=request.user
        )
        obj.pk = verdict.pk

    @admin.action(description="Hold these votes", permissions=["add"])
    def hold_votes(self, request: HttpRequest, chosen: QuerySet[Verdict]) -> None:
        self._decide(request, chosen, Verdict.Status.HELD)

    @admin.action(description="Exclude these votes", permissions=["add"])
    def exclude_votes(self, request: HttpRequest, chosen: QuerySet[Verdict]) -> None:
        self._decide(request, chosen, Verdict.Status.EXCLUDED)

    @admin.action(description="Count these votes again", permissions=["add"])
    def count_votes_again(self, request: HttpRequest, chosen: QuerySet[Verdict]) -> None:
        self._decide(request, chosen, Verdict.Status.COUNTED)

    def _decide(self, request: HttpRequest, chosen: QuerySet[Verdict], status: str) -> None:
        note = request.POST.get("note", "").strip()
        if not note:
            self.message_user(request, "Nothing was changed: say why.", messages.ERROR)
            return
        votes = sorted(set(chosen.values_list("vote", flat=True)))
        for vote_id in votes:
            give_staff_verdict(vote_id=vote_id, status=status, note=note[:400], staff=request.user)
        self.message_user(request, f"Votes decided: {len(votes)}.")
