"""A small real app behind the guard."""

from tests.support.guarded_app import guarded_app  # noqa: F401 - a fixture
