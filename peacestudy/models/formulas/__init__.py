"""From a formula and a table to a design: the grammar, the columns, the
curves, and the same design on rows not seen.
"""
