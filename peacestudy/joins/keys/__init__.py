"""Keys of a join: checked, matched, and the reason why a case found no row."""
