from django.urls import path

from arena.generation import views

urlpatterns = [path("m/<uuid:output_id>.<slug:extension>", views.media, name="media")]
