from django.urls import path

from arena.prompts import views

urlpatterns = [
    path("m/prompt/<uuid:image_id>.jpg", views.prompt_image, name="prompt_image"),
    path("you/pictures/remove", views.remove_own_images, name="you_remove_images"),
]
