"""Detectors: plain Python, one module each, from what is known of votes to a finding or nothing.

Each names itself (`METHOD`), says which version of it judged (`VERSION`, raised with every change
of what it finds) and has its operating point as a constant.
"""
