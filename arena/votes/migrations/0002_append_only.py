from django.db import migrations

from arena.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("votes", "0001_initial")]
    operations = [append_only("votes_vote"), append_only("votes_rationale"), append_only("votes_engagement"), append_only("votes_withdrawal")]
