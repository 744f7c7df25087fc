from django.urls import path

from arena.votes import account, share_views, views, you

urlpatterns = [
    path("battles/<uuid:battle_id>/", views.battle_page, name="battle"),
    path("battles/<uuid:battle_id>/vote", views.vote, name="vote"),
    path("battles/<uuid:battle_id>/details", views.details, name="details"),
    path("battles/<uuid:battle_id>/stop", views.stop, name="stop"),
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
    path(
        "shared/<slug:token>/m/prompt/<uuid:image_id>.jpg",
        share_views.shared_image,
        name="shared_image",
    ),
    path("you/", you.own_votes_page, name="you"),
    path("you/votes/<uuid:vote_id>/withdraw", you.withdraw_one, name="you_withdraw"),
    path("you/withdraw", you.withdraw_all, name="you_withdraw_all"),
    path("you/data/", you.own_data_page, name="you_data"),
    path("you/join/", account.join, name="you_join"),
    path("you/close/", account.close, name="you_close"),
    path("you/export.json", you.export, name="you_export"),
]
