from django.db import migrations

from arena.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("models_registry", "0001_initial")]
    operations = [append_only("models_registry_revision")]
