"""The samplers: generators of Step, from noise down to a picture."""

from explorer.core.samplers.registry import SAMPLER_INFO, SAMPLERS, Sampler, Step

__all__ = ["SAMPLERS", "SAMPLER_INFO", "Sampler", "Step"]
