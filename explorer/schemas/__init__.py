"""The narrow waist: what a view may ask of the engine, and what it gets.

Requests are frozen, made of plain numbers and strings, and checked when they are made, so that one can be a cache key,
a link and a test fixture. Results hold numpy arrays; no tensor leaves the engine and no figure enters it.
"""

from explorer.schemas.branching import Branches, BranchRequest, UTurn, UTurnRequest
from explorer.schemas.noising import SIGMA_RANGE, DenoisedLevels, NoisedPicture, NoisingRequest
from explorer.schemas.sampling import OctaveMap, RunDifference, SampledStep, SamplingPlan, SamplingRequest
from explorer.schemas.transfer import TransferCurve, TransferRequest
from explorer.schemas.validation import MODELS, SIZES, whole_number

__all__ = [
    "MODELS",
    "SIGMA_RANGE",
    "SIZES",
    "BranchRequest",
    "Branches",
    "DenoisedLevels",
    "NoisedPicture",
    "NoisingRequest",
    "OctaveMap",
    "RunDifference",
    "SampledStep",
    "SamplingPlan",
    "SamplingRequest",
    "TransferCurve",
    "TransferRequest",
    "UTurn",
    "UTurnRequest",
    "whole_number",
]
