"""The samplers by name, with the properties that a menu shows.

Each is a generator of Step with the contract of `Sampler` (in `loop`). The formulas are in `ode` (deterministic),
`stochastic` and `langevin` (noise through the `noise` argument only). All further keyword arguments have defaults.
"""

from dataclasses import dataclass

from explorer.core.samplers.langevin import langevin, predictor_corrector
from explorer.core.samplers.loop import Noise, Sampler, Step, keyed_noise
from explorer.core.samplers.ode import dpmpp_2m, euler, heun
from explorer.core.samplers.stochastic import ancestral, churn, ddpm

__all__ = [
    "SAMPLERS",
    "SAMPLER_INFO",
    "Noise",
    "Sampler",
    "SamplerInfo",
    "Step",
    "ancestral",
    "churn",
    "ddpm",
    "dpmpp_2m",
    "euler",
    "heun",
    "keyed_noise",
    "langevin",
    "predictor_corrector",
]


@dataclass(frozen=True)
class SamplerInfo:
    """The properties of a sampler with its default settings."""

    title: str
    aliases: tuple[str, ...]  # other names of the same trajectory
    stochastic: bool  # needs noise=
    calls: int  # denoiser calls per step; the step to 0 may need fewer


SAMPLERS: dict[str, Sampler] = {
    "euler": euler,
    "heun": heun,
    "dpmpp-2m": dpmpp_2m,
    "ancestral": ancestral,
    "ddpm": ddpm,
    "churn": churn,
    "langevin": langevin,
    "pc": predictor_corrector,
}

SAMPLER_INFO: dict[str, SamplerInfo] = {
    "euler": SamplerInfo("Euler", ("DDIM eta 0", "flow Euler"), False, 1),
    "heun": SamplerInfo("Heun", ("EDM without churn",), False, 2),
    "dpmpp-2m": SamplerInfo("DPM-Solver++(2M)", ("DPM++ 2M",), False, 1),
    "ancestral": SamplerInfo("Ancestral", ("Euler ancestral", "Euler a", "DDIM eta > 0"), True, 1),
    "ddpm": SamplerInfo("DDPM", ("ancestral eta 1", "DDIM eta 1"), True, 1),
    "churn": SamplerInfo("EDM churn", ("EDM stochastic", "Heun with churn"), True, 3),
    "langevin": SamplerInfo("Annealed Langevin", ("NCSN",), True, 11),
    "pc": SamplerInfo("Predictor-corrector", ("PC", "ancestral with Langevin correction"), True, 2),
}
