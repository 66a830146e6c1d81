"""States: codes of one system in another, every year of every state, pairs of states, and cases
that several states share.
"""
