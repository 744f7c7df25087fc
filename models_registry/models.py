"""Organisations, models and immutable revisions."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from models_registry.abilities import parsed_abilities
from models_registry.adapters.contract import MODALITIES

MODALITY_CHOICES = [
    (modality, label)
    for modality, label in zip(MODALITIES, ("Text", "Image", "Music", "3D"), strict=True)
]
IMPORTED = "imported"  # the adapter name of models that are known only from imported votes


class Organisation(models.Model):
    """Who made a model."""

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    homepage = models.URLField(blank=True)

    def __str__(self) -> str:
        return self.name


class Model(models.Model):
    """One competitor under one name."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLIC = "public"
        RETIRED = "retired"

    slug = models.SlugField(max_length=120)
    name = models.CharField(max_length=200)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="models")
    modality = models.CharField(max_length=8, choices=MODALITY_CHOICES)
    description = models.TextField(blank=True)
    licence = models.CharField(max_length=80, blank=True)
    has_open_weights = models.BooleanField(default=False)
    may_release_outputs = models.BooleanField(
        default=False, help_text="Outputs may be part of public dataset releases."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    abilities = models.JSONField(
        default=dict,
        blank=True,
        help_text="What its owner knows better than the adapter, as a JSON object: languages, "
        "vocals, max_duration_s, image_input, min_triangles, max_triangles, max_prompt_chars. "
        "null takes a limit away.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["modality", "slug"], name="one_slug_per_modality")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse abilities that cannot be meant; the admin shows the reason at their field."""
        try:
            parsed_abilities(self.abilities, modality=self.modality)
        except ValueError as error:
            raise ValidationError({"abilities": str(error)}) from error


class RevisionQuerySet(models.QuerySet["Revision"]):
    def competing(self, modality: str) -> RevisionQuerySet:
        """The newest revision of each public model that can be run, in a stable order."""
        return (
            self.filter(model__modality=modality, model__status=Model.Status.PUBLIC)
            .exclude(adapter=IMPORTED)
            .order_by("model_id", "-number")
            .distinct("model_id")
        )


class Revision(models.Model):
    """How a model is run. Anything that alters outputs is a new revision. Append-only."""

    model = models.ForeignKey(Model, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    adapter = models.CharField(max_length=40)
    config = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    config_sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_revision_number"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_number_from_1"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in releases: `slug@number`."""
        return f"{self.model.slug}@{self.number}"


class Health(models.Model):
    """Whether a revision answers: a cache of how its last jobs ended, for the draw."""

    revision = models.OneToOneField(
        Revision, on_delete=models.CASCADE, primary_key=True, related_name="health"
    )
    failures_in_a_row = models.PositiveIntegerField(default=0)
    benched_until = models.DateTimeField(
        null=True, blank=True, help_text="Until then it is not drawn (`models_registry.breaker`)."
    )
    code = models.CharField(max_length=40, blank=True)
    message = models.CharField(max_length=400, blank=True, help_text="Of the last failure.")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "health of models"
        constraints = [
            models.CheckConstraint(
                condition=Q(benched_until__isnull=True) | Q(failures_in_a_row__gte=1),
                name="benched_after_a_failure",
            )
        ]

    def __str__(self) -> str:
        return f"{self.revision}: {self.code or 'answers'}"
