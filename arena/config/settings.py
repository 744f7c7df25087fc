"""Every setting of Agon, read once from the environment; nonsense is refused loudly."""

from __future__ import annotations

from pathlib import Path

from arena.config import environment, sign_in

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = environment.var_dir()

DEBUG = environment.debug()
SECRET_KEY = environment.secret_key()
ALLOWED_HOSTS = environment.allowed_hosts()
DATABASES = environment.databases()
REDIS_URL = environment.redis_url()
LEDGER_KEY = environment.ledger_key()
MAIL = sign_in.mail()
SOCIALACCOUNT_PROVIDERS = sign_in.social_login()

INSTALLED_APPS = [
    "arena.common",
    "arena.accounts",
    "models_registry",
    "arena.arenas",
    "arena.prompts",
    "arena.battles",
    "arena.generation",
    "arena.votes",
    "arena.ledger",
    "arena.integrity",
    "ratings.boards",
    "ratings.releases",
    "ratings.rewards",
    "ratings.pages",
    "channels",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    *(f"allauth.socialaccount.providers.{name}" for name in SOCIALACCOUNT_PROVIDERS),
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "arena.common.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "arena.accounts.leaving.LeavingMiddleware",
    "arena.accounts.middleware.VoterMiddleware",
    "arena.common.middleware.ErrorMiddleware",
]

ROOT_URLCONF = "arena.config.urls"
ASGI_APPLICATION = "arena.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "arena.arenas.context.open_arenas",
                "arena.accounts.context.ways_to_sign_in",
                "arena.common.languages.languages",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français"), ("zh-hans", "简体中文")]
CATALOGUES = BASE_DIR / "templates" / "locale"  # .po files, for people
LOCALE_PATHS = [VAR_DIR / "locale"]  # .mo files, made of them by `manage.py messages --compile`
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# ── files ────────────────────────────────────────────────────────────────────────────────────
NODE_MODULES = BASE_DIR / "deploy" / "frontend" / "node_modules"
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [
    BASE_DIR / "arena" / "static",
    *(
        (f"vendor/{prefix}", NODE_MODULES / folder)
        for prefix, folder in [
            ("three/build", "three/build"),
            # Only what mesh-stage.js loads: every process lists these folders when it starts.
            ("three/examples/jsm/environments", "three/examples/jsm/environments"),
            ("three/examples/jsm/loaders", "three/examples/jsm/loaders"),
            ("three/examples/jsm/utils", "three/examples/jsm/utils"),
            ("fonts/source-serif-4", "@fontsource-variable/source-serif-4"),
            ("fonts/inter", "@fontsource-variable/inter"),
            ("fonts/jetbrains-mono", "@fontsource-variable/jetbrains-mono"),
            ("lucide/icons", "lucide-static/icons"),
        ]
        if (NODE_MODULES / folder).is_dir()
    ),
]
STORAGES = {
    "default": environment.storage(),
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedStaticFilesStorage"},
}
# What `collectstatic` gathered is served compressed; before it ran, files come from their places.
SERVESTATIC_USE_FINDERS = not STATIC_ROOT.is_dir()

# ── accounts: optional, by passkey, e-mail or another site ───────────────────────────────────
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",  # staff, by name
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in [
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    ]
]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "you", "home"
SESSION_COOKIE_AGE = 60 * 24 * 3600
ACCOUNT_ADAPTER = "arena.accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "arena.accounts.adapters.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
# Where mail is sent a password is a choice: a code by mail does as well.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"] if MAIL.is_set else ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if MAIL.is_set else "none"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = MAIL.is_set
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = MAIL.is_set
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_ENABLED = MAIL.is_set
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_NOTIFICATIONS = MAIL.is_set
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Agon: "
ACCOUNT_MAX_EMAIL_ADDRESSES = 3
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if environment.is_https() else "http"
SOCIALACCOUNT_EMAIL_REQUIRED = SOCIALACCOUNT_QUERY_EMAIL = False
MFA_ADAPTER = "arena.accounts.adapters.PasskeyAdapter"
MFA_SUPPORTED_TYPES = ["webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# A passkey is a way in, not only a second step; an address that waits for its code is no reason
# to refuse one.
MFA_ALLOW_UNVERIFIED_EMAIL = True
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL.is_set else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_TIMEOUT = MAIL.host, MAIL.port, sign_in.MAIL_TIMEOUT_S
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.use_tls, MAIL.use_ssl
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL.sender
# Limits of sign-in hold across every web process.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "agon",
    }
}

# ── moderation of prompts and outputs ────────────────────────────────────────────────────────
MODERATION = environment.moderation()

# ── channels and broker ──────────────────────────────────────────────────────────────────────
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # redis-py 8 closes idle sockets after 5 s and caps its pool at 100 unless told otherwise.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None, "max_connections": 1000}],
            "prefix": "agon",
        },
    },
}

# Hard limits by queue, seconds. What voters wait for never queues behind a release or a training.
TASK_TIME_LIMIT_S = {
    "cpu": 60,
    "batch": 3600,
    "gen.image": 90,
    "gen.music": 240,
    "gen.mesh": 360,
}
BATCH_TASKS = (
    "releases.build_releases",
    "rewards.train_reward_model",
    "rewards.train_reward_models",
    "boards.recount_arena",
    "boards.examine_boards",
    "integrity.judge_voters",
)
CELERY_TASK_ROUTES = {task: {"queue": "batch"} for task in BATCH_TASKS}
LONGEST_TASK_S = max(TASK_TIME_LIMIT_S.values())
CELERY_BROKER_URL = environment.celery_broker_url(REDIS_URL)
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": int(1.1 * LONGEST_TASK_S),
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 30,
    "socket_keepalive": True,
    "health_check_interval": 10,
}

# ── the schedule: every run leaves a row (ScheduledRun) ──────────────────────────────────────
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "generation.sweep", "schedule": 5.0},
    "seal the ledger": {"task": "ledger.seal", "schedule": 10.0},
    "refresh boards": {"task": "boards.refresh_boards", "schedule": 60.0},
    # Behind a long training only the newest waits.
    "examine boards": {
        "task": "boards.examine_boards",
        "schedule": 60.0,
        "options": {"expires": 55.0},
    },
    "forget unfinished": {"task": "accounts.forget_unfinished", "schedule": 24 * 3600.0},
    "judge voters": {"task": "integrity.judge_voters", "schedule": 600.0},
    "build releases": {"task": "releases.build_releases", "schedule": 24 * 3600.0},
    "train reward models": {"task": "rewards.train_reward_models", "schedule": 7 * 24 * 3600.0},
}

# ── security ─────────────────────────────────────────────────────────────────────────────────
IS_HTTPS = environment.is_https()
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_NAME, LANGUAGE_COOKIE_AGE = "agon_language", 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = IS_HTTPS, True, "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # asked by the machine itself, behind the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "arena.common.middleware.csrf_failure"

from csp.constants import NONCE, NONE, SELF  # noqa: E402

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["arena.common.uploads.CappedUploads"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.db.backends": {"level": "WARNING"}},
}
