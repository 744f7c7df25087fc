"""Open battles and end them."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.accounts.models import Consent, Voter
from arena.accounts.services import current_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle, SamplerState, Seat
from arena.battles.routing import NoModelFits, Routing, reads_language, refusal, route
from arena.battles.sampling.draw import draw_contestants
from arena.battles.sampling.errors import BadState
from arena.battles.sampling.state import FloatArray, IntArray, State
from arena.battles.sampling.storage import to_bytes
from arena.battles.selectors import (
    competing_in,
    may_continue,
    pair_sampling,
    takes_pictures,
)
from arena.common.errors import Conflict, NotAllowed, NotFound, Unavailable
from arena.common.events import publish
from arena.prompts.category import tag_of
from arena.prompts.images import digests_of, keep_images
from arena.prompts.judging import keeps_refusals
from arena.prompts.models import Prompt
from arena.prompts.needs import needs_of
from arena.prompts.pictures import Picture
from arena.prompts.services import submit_prompt
from arena.prompts.slices import context_of
from models_registry.health import benched_among
from models_registry.models import Revision
from models_registry.services import abilities_of

_rng = random.SystemRandom()  # the draw must not be predictable by a voter


@keeps_refusals
@transaction.atomic
def open_battle(
    *,
    arena: Arena,
    voter: Voter,
    consent: Consent | None,
    text: str,
    pictures: Sequence[Picture] = (),
    again_of: Battle | None = None,
    calls_off_needs: bool = False,
) -> Battle:
    """Take a prompt and draw its contestants, of the models that fit it, as the sampler prefers.

    The floors of the sampler go by the writing system of the prompt. The battle keeps the sampler
    that really drew, which is the uniform one where the arena has no fresh state.

    Raises NotAllowed without the voter's consent to the current terms or in a closed arena,
    BadInput for an unusable prompt, PromptRefused (a BadInput) for a flagged one, NoModelFits
    (another) where too few models can do what it needs, Unavailable when fewer models compete than
    the arena has seats. `again_of` is kept where the voter's own battle asked the same.
    With `calls_off_needs` what rules read from the words rules out nobody: they misread it.
    """
    if consent is None or consent != current_consent(voter):
        raise NotAllowed(_("Accept the terms before the first battle."), code="terms_not_accepted")
    if not arena.is_open:
        raise NotAllowed(
            _("The arena '%(name)s' is closed. Choose another one.") % {"name": _(arena.name)}
        )
    prompt = submit_prompt(arena=arena, voter=voter, text=text, pictures=pictures)
    candidates = {
        revision.pk: revision
        for revision in competing_in(arena)
        if pictures or not abilities_of(revision).needs_image
    }
    benched = benched_among(candidates)
    if len(candidates) >= arena.n_seats > len(candidates) - len(benched):
        raise Unavailable(
            _("Too few models of this arena answer at the moment. Try again in a few minutes.")
        )
    if len(candidates) < arena.n_seats:
        raise Unavailable(
            _(
                "The arena '%(name)s' has %(n)s of the %(n_seats)s models that a battle needs. "
                "Register models with `manage.py register_model`."
            )
            % {"name": _(arena.name), "n": len(candidates), "n_seats": arena.n_seats}
        )
    candidates = {pk: one for pk, one in candidates.items() if pk not in benched}
    routing = _routed(
        arena, prompt, candidates, has_image=bool(pictures), calls_off=calls_off_needs
    )
    chosen = pair_sampling(arena, routing.fit, context_of(prompt.text))
    fit = [candidates[revision] for revision in routing.fit]
    draw = draw_contestants(fit, chosen.probabilities, arena.n_seats, _rng)
    battle = Battle.objects.create(
        arena=arena,
        prompt=prompt,
        voter=voter,
        consent=consent,
        sampler=chosen.sampler.name,
        sampler_version=chosen.sampler.version,
        p_draw=draw.p_draw,
        uniform_share=chosen.probabilities.uniform_share,
        routing={
            **routing.as_json(),
            "category": tag_of(prompt.text, arena.modality),
            **({"benched": benched} if benched else {}),
        },
        again_of=again_of if again_of and _asked_the_same(again_of, prompt, pictures) else None,
    )
    Seat.objects.bulk_create(
        Seat(battle=battle, position=position, revision=revision)
        for position, revision in enumerate(draw.seats)
    )
    keep_images(prompt, pictures)
    publish("battle.opened", battle_id=str(battle.pk))
    return battle


@keeps_refusals
@transaction.atomic
def continue_battle(
    *,
    battle_id: uuid.UUID | str,
    voter: Voter | None,
    consent: Consent | None,
    text: str,
    pictures: Sequence[Picture] = (),
) -> Battle:
    """Ask the same models a follow-up: a battle of its own that continues this one.

    The models keep their seats, and the draw its probability. The turn before ends without a vote
    of its own; the vote on the last turn is on the whole conversation.

    Raises NotFound for somebody else's battle, NotAllowed without consent to the current terms,
    Conflict where no follow-up may be sent, BadInput and PromptRefused as `open_battle`,
    NoModelFits for pictures that these models do not look at.
    """
    before = (
        Battle.objects.select_for_update(of=("self",))
        .select_related("arena")
        .filter(pk=battle_id)
        .first()
    )
    if before is None or voter is None or not voter.owns(before.voter_id):
        raise NotFound(_("There is no such battle of yours."))
    if consent is None or consent != current_consent(voter):
        raise NotAllowed(_("Accept the terms before you go on."), code="terms_not_accepted")
    if not may_continue(before):
        raise Conflict(
            _(
                "No follow-up can be sent here: this battle has ended, still waits for answers, "
                "has had all its turns, or a model takes none. Load the page again."
            ),
            code="not_continuable",
        )
    if pictures and not takes_pictures(before):
        raise NoModelFits(_("These models do not look at pictures. Send the words alone."))
    prompt = submit_prompt(
        arena=before.arena, voter=voter, text=text, pictures=pictures, is_follow_up=True
    )
    end_battle(before.pk, Battle.Ending.CONTINUED)
    battle = Battle.objects.create(
        arena=before.arena,
        prompt=prompt,
        voter=voter,
        consent=consent,
        sampler=before.sampler,
        sampler_version=before.sampler_version,
        p_draw=before.p_draw,
        uniform_share=before.uniform_share,
        routing={**before.routing, "category": tag_of(prompt.text, before.arena.modality)},
        continues=before,
    )
    Seat.objects.bulk_create(
        Seat(battle=battle, position=seat.position, revision_id=seat.revision_id)
        for seat in before.seats.all()
    )
    keep_images(prompt, pictures)
    publish("battle.opened", battle_id=str(battle.pk))
    return battle


def _routed(
    arena: Arena,
    prompt: Prompt,
    candidates: Mapping[int, Revision],
    *,
    has_image: bool,
    calls_off: bool,
) -> Routing:
    """Return which candidates can do what the prompt needs; NoModelFits where too few can."""
    abilities = {pk: abilities_of(revision) for pk, revision in candidates.items()}
    needs = needs_of(
        prompt.text,
        modality=arena.modality,
        clip_s=arena.clip_s,
        reads_language=reads_language(abilities.values()),
        has_image=has_image,
    )
    if calls_off:
        needs = needs.without_what_was_read()
    routing = route(abilities, needs, n_seats=arena.n_seats)
    if len(routing.fit) < arena.n_seats:
        raise refusal(routing, abilities, modality=arena.modality, n_seats=arena.n_seats)
    return routing


def _asked_the_same(battle: Battle, prompt: Prompt, pictures: Sequence[Picture]) -> bool:
    return (
        battle.voter_id == prompt.voter_id
        and battle.arena_id == prompt.arena_id
        and battle.prompt is not None
        and battle.prompt.text == prompt.text
        and digests_of(battle.prompt.images.all()) == digests_of(pictures)
    )


def store_sampler_state(
    *,
    arena: Arena,
    revisions: Sequence[int],
    scores: FloatArray,
    covariance: FloatArray | None = None,
    standard_errors: FloatArray | None = None,
    votes: FloatArray | None = None,
    component: IntArray | None = None,
    battles_by_context: Mapping[str, FloatArray] | None = None,
) -> SamplerState:
    """Keep what the newest fit tells the sampler of an arena, in place of what was kept before.

    Args:
        arena: whose fit it is.
        revisions: ids, one for each model of the arrays.
        scores, covariance, standard_errors, votes, component: as in `sampling.state.State`; a
            standard error of infinity says that the votes give the model no finite score.
        battles_by_context: for each context (a language, a category) the battles of each model,
            (n_models,).

    Raises:
        BadState: arrays that do not fit each other, nan, or a revision twice.
    """
    if len(set(revisions)) != len(revisions):
        raise BadState("a revision is named twice; give each model once")
    state = State(
        len(revisions),
        scores=scores,
        covariance=covariance,
        standard_errors=standard_errors,
        votes=votes,
        component=component,
    )
    kept, _ = SamplerState.objects.update_or_create(
        arena=arena,
        defaults={
            "made_at": timezone.now(),
            "revisions": list(revisions),
            "arrays": to_bytes(state, battles_by_context or {}),
        },
    )
    return kept


def mark_released(battle_id: uuid.UUID | str) -> bool:
    """Keep that all outputs went to the voter; False when it was known or the battle has ended."""
    return bool(
        Battle.objects.filter(pk=battle_id, released_at__isnull=True, ending="").update(
            released_at=timezone.now()
        )
    )


def end_battle(battle_id: uuid.UUID | str, ending: str, *, void_reason: str = "") -> bool:
    """End a battle once; False when it had ended before."""
    return bool(
        Battle.objects.filter(pk=battle_id, ending="").update(
            ending=ending, ended_at=timezone.now(), void_reason=void_reason
        )
    )


def reveal_battle(battle_id: uuid.UUID | str) -> bool:
    """Keep that the names of a voted battle are shown; False when they were or it has no vote."""
    return bool(
        Battle.objects.filter(
            pk=battle_id, ending=Battle.Ending.VOTED, revealed_at__isnull=True
        ).update(revealed_at=timezone.now())
    )
