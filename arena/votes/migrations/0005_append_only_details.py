from django.db import migrations

from arena.common.append_only import append_only


class Migration(migrations.Migration):
    dependencies = [("votes", "0004_details_and_engagement")]
    operations = [
        append_only("votes_strength"),
        append_only("votes_dimensionoutcome"),
        append_only("votes_rating"),
        append_only("votes_seatrationale"),
        append_only("votes_mark"),
        append_only("votes_skip"),
        append_only("votes_report"),
    ]
