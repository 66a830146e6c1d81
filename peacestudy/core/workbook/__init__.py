"""Workbooks, read with care and written so that a text stays a
text: parts, worksheets, cells, escapes.
"""
