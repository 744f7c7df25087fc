"""Questions about arenas."""

from __future__ import annotations

from django.utils.translation import gettext as _

from arena.arenas.models import Arena
from arena.common.errors import NotFound


def named_arena(slug: str) -> Arena:
    """Return the arena of a slug; raises NotFound that lists the known ones."""
    arena = Arena.objects.filter(slug=slug).first()
    if arena is None:
        known = ", ".join(Arena.objects.values_list("slug", flat=True)) or "none yet"
        raise NotFound(
            _("There is no arena '%(slug)s'. Arenas: %(known)s.") % {"slug": slug, "known": known}
        )
    return arena
