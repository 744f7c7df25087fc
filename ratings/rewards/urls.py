from django.urls import path

from ratings.rewards import views

urlpatterns = [
    path("reward-models/", views.reward_models, name="reward_models"),
    path("reward-models/<slug:name>/", views.reward_model, name="reward_model"),
    path(
        "reward-models/<slug:name>/files/<path:path>",
        views.reward_model_file,
        name="reward_model_file",
    ),
]
