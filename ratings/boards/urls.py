from django.urls import path

from ratings.boards import views

urlpatterns = [
    path("boards/", views.board_list, name="boards"),
    path("boards/<slug:slug>/", views.board, name="board"),
    path("boards/<slug:slug>/rows", views.board_rows, name="board_rows"),
    path("battles/<uuid:battle_id>/standing", views.board_standing, name="board_standing"),
]
