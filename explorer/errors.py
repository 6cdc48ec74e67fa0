"""The errors that people see: the text of each is one plain sentence, ready to be shown as it is.

Nothing else is caught in order to be shown. A mistake in a call from Python raises ValueError or TypeError instead.
"""

from __future__ import annotations


class UserError(Exception):
    """What was wanted cannot be done; the text is one plain sentence for the person."""


class RequestRefused(UserError):
    """A request holds a value that is not allowed, or cannot be answered now."""


class BodyRefused(UserError):
    """The body of an HTTP request is not let through; `status` is the HTTP status of the response."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class ImageRefused(UserError):
    """A picture file cannot be used; the text has at most 160 characters."""


class WeightsRefused(UserError):
    """A weight file or its card is missing or broken."""


class WeightsDiffer(WeightsRefused):
    """A replica reads other weights than those that the server was started with."""


class HubRefused(WeightsRefused):
    """A model of the Hugging Face Hub cannot be fetched or used here."""


class ModelUnavailable(UserError):
    """The model gives no result to any request: it was stopped, or took too long."""


class DeviceRefused(UserError):
    """A device, or a number type on it, is not available on this machine."""


class ClusterRefused(UserError):
    """The replicas cannot be started."""


class HostingRefused(UserError):
    """An option about where to serve, and for whom, is invalid."""


class TempDirRefused(UserError):
    """No folder for temporary files can be written."""


class DataRefused(UserError):
    """A data set is missing or broken."""
