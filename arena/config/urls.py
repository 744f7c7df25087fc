"""Which room answers which address; every room keeps its own table."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

handler400 = "arena.common.middleware.bad_request"
handler403 = "arena.common.middleware.permission_denied"
handler404 = "arena.common.middleware.page_not_found"
handler500 = "arena.common.middleware.server_error"

urlpatterns = [
    path("", include("ratings.pages.urls")),
    path("", include("arena.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("arena.prompts.urls")),
    path("", include("arena.battles.urls")),
    path("", include("arena.generation.urls")),
    path("", include("arena.votes.urls")),
    path("", include("arena.ledger.urls")),
    path("", include("arena.integrity.urls")),
    path("", include("ratings.boards.urls")),
    path("", include("ratings.releases.urls")),
    path("", include("ratings.rewards.urls")),
    # Without a token, so that reading alone sets no cookie; another site could at most change
    # the language.
    path("i18n/setlang/", csrf_exempt(set_language), name="set_language"),
    path("staff/", admin.site.urls),
]
