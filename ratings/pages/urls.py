from django.urls import path
from django.views.generic import RedirectView

from ratings.pages import views, words, you

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("words/<slug:language>.<slug:version>.js", words.words, name="words"),
    path("about/", views.docs, {"path": "about"}, name="about"),
    path("method/", views.docs, {"path": "method"}, name="method"),
    path("you/leaderboard/", you.own_boards_page, name="you_boards"),
    path("docs/", views.docs, name="docs_index"),
    path("docs/<path:path>", views.docs, name="docs"),
    path("favicon.ico", RedirectView.as_view(url="/static/img/favicon.svg", permanent=True)),
]
