from django.urls import path

from arena.votes import views

urlpatterns = [
    path("battles/<uuid:battle_id>/", views.battle_page, name="battle"),
    path("battles/<uuid:battle_id>/vote", views.vote, name="vote"),
    path("battles/<uuid:battle_id>/rationale", views.rationale, name="rationale"),
    path("you/", views.you, name="you"),
]
