from django.urls import path

from arena.accounts import views

urlpatterns = [
    path("terms/", views.terms, name="terms"),
    path("terms/<slug:sha256>/", views.terms, name="terms_version"),
]
