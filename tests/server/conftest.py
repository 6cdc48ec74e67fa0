"""A small real app behind the guard, for tests that do not bring one of their own."""

from tests.support.guarded_app import guarded_app, guarded_client  # noqa: F401 - fixtures
