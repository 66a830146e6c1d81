"""Settings of the whole set: generated examples are the same on every run and every machine."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")
