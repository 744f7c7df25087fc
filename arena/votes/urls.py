from django.urls import path

from arena.votes import share_views, views, you

urlpatterns = [
    path("battles/<uuid:battle_id>/", views.battle_page, name="battle"),
    path("battles/<uuid:battle_id>/vote", views.vote, name="vote"),
    path("battles/<uuid:battle_id>/details", views.details, name="details"),
    path("battles/<uuid:battle_id>/skip", views.skip, name="skip"),
    path("battles/<uuid:battle_id>/report", views.report, name="report"),
    path("battles/<uuid:battle_id>/rationale", views.rationale, name="rationale"),
    path("battles/<uuid:battle_id>/share", share_views.share, name="share"),
    path("shared/<slug:token>/", share_views.shared_page, name="shared"),
    path(
        "shared/<slug:token>/m/<uuid:output_id>.<slug:extension>",
        share_views.shared_media,
        name="shared_media",
    ),
    path("you/", you.own_votes_page, name="you"),
    path("you/votes/<uuid:vote_id>/withdraw", you.withdraw_one, name="you_withdraw"),
    path("you/withdraw", you.withdraw_all, name="you_withdraw_all"),
    path("you/data/", you.own_data_page, name="you_data"),
    path("you/export.json", you.export, name="you_export"),
]
