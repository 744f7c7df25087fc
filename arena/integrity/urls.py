from django.urls import path

from arena.integrity import views

urlpatterns = [path("integrity/", views.integrity_page, name="integrity")]
