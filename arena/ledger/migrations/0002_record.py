from django.db import migrations

from arena.common.append_only import append_only
from arena.ledger.commitments import TABLES
from arena.ledger.entry_sql import backfill_sql, remove_trigger_sql, trigger_sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("votes", "0006_share")]

    operations = [
        append_only("ledger_entry"),
        append_only("ledger_checkpoint"),
        append_only("ledger_erasure"),
        *(
            migrations.RunSQL(sql=trigger_sql(table), reverse_sql=remove_trigger_sql(table))
            for table in TABLES
        ),
        *(
            migrations.RunSQL(sql=backfill_sql(table), reverse_sql=migrations.RunSQL.noop)
            for table in TABLES
        ),
    ]
