"""Permutation, randomisation and bootstrap: distributions by fitting many samples."""
