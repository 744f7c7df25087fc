from django.urls import path

from arena.battles import views

urlpatterns = [
    path("arenas/", views.arena_list, name="arenas"),
    path("arenas/<slug:slug>/", views.arena_page, name="arena"),
]
