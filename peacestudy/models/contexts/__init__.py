"""One effect in several contexts."""
