"""Covariances, reference distributions, resampling, several tests at once."""
