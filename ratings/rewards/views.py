"""Pages and downloads of reward models."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.common.errors import NotFound
from arena.common.http import serve_stored_file
from arena.common.markdown import render_document
from arena.common.models import ScheduledRun
from ratings.rewards.models import RewardModel
from ratings.rewards.page import reward_facts
from ratings.rewards.services import RUN_NAME

SKIPPED_SHOWN = 10


def _skipped_runs() -> list[dict[str, Any]]:
    runs = ScheduledRun.objects.filter(name=RUN_NAME, outcome=ScheduledRun.Outcome.SKIPPED)
    return [
        {"name": _("Not trained"), "reason": run.detail, "created_at": run.started_at}
        for run in runs.order_by("-started_at")[:SKIPPED_SHOWN]
    ]


@require_safe
def reward_models(request: HttpRequest) -> HttpResponse:
    """List the reward models, the newest first, and the runs that trained none."""
    models = RewardModel.objects.select_related("release__arena")
    context = {
        "reward_models": [reward_facts(one) for one in models],
        "skipped_runs": _skipped_runs(),
    }
    return render(request, "rewards/index.html", context)


@require_safe
def reward_model(request: HttpRequest, name: str) -> HttpResponse:
    """Show one reward model: metrics beside the baselines, calibration, card, files."""
    found = get_object_or_404(RewardModel.objects.select_related("release__arena"), name=name)
    with default_storage.open(f"{found.prefix}README.md") as stream:
        card = render_document(stream.read().decode(), levels_down=2)
    context = {
        **reward_facts(found),
        "card_html": card.html,
        "files": [
            {
                **entry,
                "size": entry["size_bytes"],
                "url": reverse("reward_model_file", args=[name, entry["path"]]),
            }
            for entry in found.files
        ],
    }
    return render(request, "rewards/reward_model.html", {"reward_model": context})


@require_safe
def reward_model_file(request: HttpRequest, name: str, path: str) -> HttpResponseBase:
    """Send one file of a reward model, with byte ranges; only listed files exist."""
    found = get_object_or_404(RewardModel, name=name)
    digests = {entry["path"]: entry["sha256"] for entry in found.files}
    if path not in digests:
        message = _("The reward model %(name)s has no file %(path)s.")
        raise NotFound(message % {"name": name, "path": path})
    response = serve_stored_file(
        request,
        default_storage,
        found.prefix + path,
        media_type="application/octet-stream",
        etag=digests[path],
        cache_control="public, max-age=31536000, immutable",
    )
    response["Content-Disposition"] = f'attachment; filename="{path}"'
    return response
