"""The form that starts a battle."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from arena.accounts.models import Voter
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.errors import BadInput
from arena.prompts.images import check_number, most_pictures, pictures_of, shown_images
from arena.prompts.models import Prompt
from arena.prompts.personal_data import Find, confirmation_of, personal_data_in
from arena.prompts.pictures import ALT_CHARS, MAX_BYTES, BadPicture, Picture, safe_picture


class PromptForm(forms.Form):
    """A prompt, its pictures and, the first time, the acceptance of the terms.

    Pictures come in the fields `image-0`, `image-1`, … with what they show in `alt-0`, `alt-1`, ….
    Where none come, those of the battle `again` are sent once more, unless `without_images`.

    Attributes:
        pictures: of a valid prompt, in their order.
        lost_images: whether files came that the page cannot show again: a browser does not keep
            what was chosen, so that they are to be chosen anew.
        finds: what looks like personal data in a valid prompt that its voter has not confirmed. As
            long as there is any, nothing is to be sent.
        may_call_off: whether the prompt was refused for what rules read from its words.
        confirmation: what `confirmed` must say to send exactly this prompt nevertheless.
    """

    prompt = forms.CharField(strip=True, required=False)
    suggested = forms.CharField(required=False)
    accept_terms = forms.BooleanField(required=False)
    again = forms.UUIDField(required=False)  # the battle whose prompt is sent once more
    continues = forms.UUIDField(required=False)  # the battle that is asked a follow-up
    confirmed = forms.CharField(required=False)
    without_images = forms.BooleanField(required=False)
    calls_off_needs = forms.BooleanField(required=False)

    def __init__(
        self,
        *args: Any,
        arena: Arena,
        needs_consent: bool,
        voter: Voter | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.arena = arena
        self.needs_consent = needs_consent
        self.voter = voter
        self.pictures: list[Picture] = []
        for number in range(most_pictures(arena)):
            self.fields[f"image-{number}"] = forms.FileField(required=False, allow_empty_file=True)
            self.fields[f"alt-{number}"] = forms.CharField(required=False)
        self.finds: list[Find] = []
        self.confirmation = ""
        self.may_call_off = False

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
            self.add_error("prompt", _("Write a prompt, or take one of the suggestions."))
        elif len(prompt) > self.arena.max_prompt_chars:
            self.add_error(
                "prompt",
                _("The prompt has %(n)s characters; this arena takes up to %(most)s.")
                % {"n": len(prompt), "most": self.arena.max_prompt_chars},
            )
        self._read_pictures()
        if self.needs_consent and not cleaned.get("accept_terms"):
            self.add_error("accept_terms", _("Accept the terms to start. They are short."))
        if not self.errors:
            self._look_for_personal_data(prompt)
        return cleaned

    def _read_pictures(self) -> None:
        sent = [name for name in self.files if name.startswith("image-")]
        for number in range(most_pictures(self.arena)):
            file = self.files.get(f"image-{number}")
            if file is not None:
                try:
                    alt = self.cleaned_data.get(f"alt-{number}", "")[:ALT_CHARS]
                    picture = safe_picture(file.read(MAX_BYTES + 1), alt=alt.replace("\x00", ""))
                    self.pictures.append(picture)
                except BadPicture as error:
                    self.add_error(f"image-{number}", error.message)
        again = self._again()
        if again is not None and not sent and not self.cleaned_data.get("without_images"):
            self.pictures = pictures_of(again)[: most_pictures(self.arena)]
        # One that cannot be read has been told of; here it counts as sent.
        is_follow_up = bool(self.cleaned_data.get("continues"))
        try:
            check_number(self.arena, len(sent) or len(self.pictures), is_follow_up=is_follow_up)
        except BadInput as error:
            self.add_error("image-0" if "image-0" in self.fields else "prompt", error.message)

    def _again(self) -> Prompt | None:
        """Return the prompt of the voter's battle in this arena that is sent once more."""
        key = self.cleaned_data.get("again") if self.is_bound else None
        if key is None or self.voter is None:
            return None
        battles = Battle.objects.filter(pk=key, arena=self.arena, voter__in=self.voter.ids)
        battle = battles.select_related("prompt").first()
        return None if battle is None else battle.prompt

    @property
    def images_again(self) -> list[dict[str, Any]]:
        """What the page shows of the pictures that would be sent once more."""
        return [] if not self.is_bound else shown_images(self._again())

    @property
    def image_slots(self) -> list[dict[str, Any]]:
        """The file inputs with their descriptions, as the page shows them."""
        return [
            {"number": number + 1, "file": self[f"image-{number}"], "alt": self[f"alt-{number}"]}
            for number in range(most_pictures(self.arena))
        ]

    @property
    def lost_images(self) -> bool:
        return any(name.startswith("image-") for name in self.files)

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
