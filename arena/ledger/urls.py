from django.urls import path

from arena.ledger import views

urlpatterns = [
    path("ledger/", views.ledger_page, name="ledger"),
    path("ledger/checkpoints.json", views.checkpoints_file, name="ledger_checkpoints"),
    path("ledger/verify_ledger.py", views.verifier_file, name="ledger_verifier"),
    path("ledger/receipts/<uuid:vote_id>.json", views.receipt_file, name="ledger_receipt_file"),
    path("ledger/receipts/<uuid:vote_id>/", views.receipt_page, name="ledger_receipt"),
]
