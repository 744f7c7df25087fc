from django.urls import path

from ratings.boards import views

urlpatterns = [
    path("boards/", views.board_list, name="boards"),
    path("boards/<slug:slug>/", views.board, name="board"),
    path("boards/<slug:slug>/rows", views.board_rows, name="board_rows"),
    path("boards/<slug:slug>/pairs/", views.pairs, name="board_pairs"),
    path("boards/<slug:slug>/course/", views.course, name="board_course"),
    path("boards/<slug:slug>/footing/", views.footing, name="board_footing"),
    path("boards/<slug:slug>/how/", views.how, name="board_how"),
    path("boards/<slug:slug>/models/<str:label>/", views.model, name="board_model"),
    path("boards/<slug:slug>/snapshots/<int:number>/", views.snapshot, name="board_snapshot"),
    path("battles/<uuid:battle_id>/standing", views.board_standing, name="board_standing"),
]
