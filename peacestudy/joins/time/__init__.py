"""Joins on a clock: windows around a case, the nearest row in time, lags, spells, years at risk."""
