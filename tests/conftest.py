"""Settings of the whole set: generated examples are the same on every run and every machine."""

from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")

# Minutes each: first, so that one worker runs them while the other does the rest, and neither waits
# at the end.
LONG = ("test_make.py", "test_notebooks.py", "test_rebuild.py", "test_vintages.py")


def pytest_collection_modifyitems(items):
    """Put the longest files first; the order within a file stays."""
    items.sort(key=lambda item: item.path.name not in LONG)
