"""Events with days: into the windows of cases, or into the years of their units."""
