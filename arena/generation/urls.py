from django.urls import path

from arena.generation import views

urlpatterns = [
    path("m/<uuid:output_id>.<slug:extension>", views.media, name="media"),
    path("status/", views.status, name="status"),
    path("status.json", views.status_json, name="status_json"),
]
