from django.urls import path

from ratings.releases import views

urlpatterns = [
    path("releases/", views.releases, name="releases"),
    path("releases/<slug:name>/", views.release, name="release"),
    path("releases/<slug:name>/files/<path:path>", views.release_file, name="release_file"),
]
