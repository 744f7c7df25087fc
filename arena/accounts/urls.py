from django.conf import settings
from django.urls import path, re_path
from django.views.generic import RedirectView

from arena.accounts import passkeys, views

# Before those of allauth, which config/urls.py includes behind these.
WITHOUT_MAIL = (
    []
    if settings.MAIL.is_set
    else [re_path(r"^account/(?:password/reset|login/code|confirm-email)/", views.no_mail)]
)
urlpatterns = [
    path("terms/", views.terms, name="terms"),
    path("terms/<slug:sha256>/", views.terms, name="terms_version"),
    path("account/", views.account_page, name="account"),
    path("account/signup/passkey/", passkeys.sign_up_by_passkey, name="account_signup_by_passkey"),
    path("account/2fa/", RedirectView.as_view(pattern_name="account")),
    path("account/2fa/webauthn/", RedirectView.as_view(pattern_name="account")),
    path("account/2fa/webauthn/add/", passkeys.AddPasskey.as_view()),
    path("account/2fa/webauthn/keys/<int:pk>/remove/", passkeys.RemovePasskey.as_view()),
    *WITHOUT_MAIL,
]
