"""Staff see the versions of the terms; with a passkey they sign in by it."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from arena.accounts.models import Terms
from arena.common.admin import ReadOnlyAdmin


@admin.register(Terms)
class TermsAdmin(ReadOnlyAdmin):
    list_display = ("version", "sha256", "published_at")


class StaffSignIn(AdminAuthenticationForm):
    """Name and password, which alone open no account that has a passkey."""

    def confirm_login_allowed(self, user: Any) -> None:
        """Send staff with a passkey to the page that asks for it."""
        super().confirm_login_allowed(user)
        if Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists():
            raise ValidationError(
                "This account has a passkey. Sign in with it at /account/login/, then come back.",
                code="needs_passkey",
            )


admin.site.login_form = StaffSignIn
