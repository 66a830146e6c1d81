"""Settings of the whole set: generated examples are the same on every run and every machine."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")


def pytest_collection_modifyitems(items):
    """Put slow tests first, so that no worker waits for one at the end; else the order stays."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
