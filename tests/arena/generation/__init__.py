"""Tests of generation: how answers look."""
