"""Snapshots are only ever added."""

from django.db import migrations

from arena.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("boards", "0001_initial")]

    operations = [append_only("boards_snapshot")]
