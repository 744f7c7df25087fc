"""Everything on one machine: what `manage.py up` sets up, starts and keeps running."""
