"""The form that starts a battle."""

from __future__ import annotations

from typing import Any

from django import forms

from arena.arenas.models import Arena
from arena.prompts.personal_data import Find, confirmation_of, personal_data_in


class PromptForm(forms.Form):
    """A prompt and, the first time, the acceptance of the terms.

    Attributes:
        finds: what looks like personal data in a valid prompt that its voter has not confirmed. As
            long as there is any, nothing is to be sent.
        confirmation: what `confirmed` must say to send exactly this prompt nevertheless.
    """

    prompt = forms.CharField(strip=True, required=False)
    suggested = forms.CharField(required=False)
    accept_terms = forms.BooleanField(required=False)
    again = forms.UUIDField(required=False)  # the battle whose prompt is sent once more
    continues = forms.UUIDField(required=False)  # the battle that is asked a follow-up
    confirmed = forms.CharField(required=False)

    def __init__(self, *args: Any, arena: Arena, needs_consent: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arena = arena
        self.needs_consent = needs_consent
        self.finds: list[Find] = []
        self.confirmation = ""

    def clean(self) -> dict[str, Any]:
        """Put a taken suggestion in place of an empty prompt, and say what is missing."""
        cleaned = super().clean() or {}
        chosen = cleaned.get("suggested", "")
        if not cleaned.get("prompt") and chosen.isdecimal():
            suggestion = self.arena.suggested_prompts.filter(pk=chosen, is_archived=False).first()
            cleaned["prompt"] = suggestion.text if suggestion else ""
        # A browser counts a line end as one character and sends it as two.
        prompt = cleaned["prompt"] = cleaned.get("prompt", "").replace("\r\n", "\n")
        if not prompt:
            self.add_error("prompt", "Write a prompt, or take one of the suggestions.")
        elif len(prompt) > self.arena.max_prompt_chars:
            self.add_error(
                "prompt",
                f"The prompt has {len(prompt)} characters; "
                f"this arena takes up to {self.arena.max_prompt_chars}.",
            )
        if self.needs_consent and not cleaned.get("accept_terms"):
            self.add_error("accept_terms", "Accept the terms to start. They are short.")
        if not self.errors:
            self._look_for_personal_data(prompt)
        return cleaned

    def _look_for_personal_data(self, prompt: str) -> None:
        self.confirmation = confirmation_of(prompt)
        if self.cleaned_data.get("confirmed") == self.confirmation:
            return
        self.finds = personal_data_in(prompt)
        if self.finds:  # a suggestion is now in the box, to change
            self.data = {**self.data, "prompt": prompt}

    def refuse(self, reason: str) -> None:
        """Say why this valid prompt cannot be taken; a suggestion is now in the box, to change."""
        self.data = {**self.data, "prompt": self.cleaned_data["prompt"]}
        self.add_error("prompt", reason)
