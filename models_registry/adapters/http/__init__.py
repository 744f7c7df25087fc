"""Models of any modality behind a minimal job API over HTTP: submit, follow, fetch, cancel."""
