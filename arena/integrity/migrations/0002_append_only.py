from django.db import migrations

from arena.common.append_only import append_only
from arena.ledger.entry_sql import remove_trigger_sql, trigger_sql

TABLE = "integrity_verdict"


class Migration(migrations.Migration):
    dependencies = [("integrity", "0001_initial"), ("ledger", "0002_record")]

    operations = [
        append_only(TABLE),
        migrations.RunSQL(sql=trigger_sql(TABLE), reverse_sql=remove_trigger_sql(TABLE)),
    ]
