"""Drawings: one module a group of figures, from stored results to
a figure that says what it shows.
"""
