"""Columns of a join: the arguments that name them, their values
for each case, and their place in the frame and its ledger.
"""
