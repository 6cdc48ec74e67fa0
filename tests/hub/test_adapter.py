"""Networks of diffusers as Denoisers agree with diffusers' own schedulers; grey pictures with the closed form."""

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, EulerDiscreteScheduler
from safetensors.torch import load_file, save_file

from explorer import hub
from explorer.core.noise import white
from explorer.hub.adapter import DiscreteVPDenoiser, GreyDenoiser, noise_levels
from tests.support.hub_stub import SPEC, WEIGHTS, saved, serving

KINDS = ("epsilon", "sample", "v_prediction")
BETAS = ("linear", "scaled_linear", "squaredcos_cap_v2")
TIMES = (0, 1, 137, 500, 990)


def pictures(channels=3, height=16, width=16, count=2):
    return torch.stack([white((channels, height, width), 0, "hub test", i) for i in range(count)])


def loaded(folder, **options):
    with serving(folder / "files") as stub:
        return hub.load(SPEC, cache=folder / "cache", endpoint=stub.url, **options)


def exact(scheduler):
    """alpha_bar of each time, in float64; the scheduler is made to use the same."""
    scheduler.alphas_cumprod = torch.cumprod(1 - scheduler.betas.double(), 0)
    return scheduler.alphas_cumprod.numpy()


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_estimate_is_that_of_the_schedulers(tmp_path, kind, betas):
    noise = {"prediction_type": kind, "beta_schedule": betas, "clip_sample": False}
    net = saved(tmp_path / "files", noise)
    denoiser, _ = loaded(tmp_path)
    x_t = pictures()
    for scheduler in (DDPMScheduler(**noise), DDIMScheduler(**noise)):
        alpha_bar = exact(scheduler)
        scheduler.set_timesteps(1000)
        for t in TIMES:
            theirs = scheduler.step(net(x_t, t).sample, t, x_t).pred_original_sample
            sigma = np.sqrt((1 - alpha_bar[t]) / alpha_bar[t])
            ours = denoiser(x_t / np.sqrt(alpha_bar[t]), torch.tensor([sigma, sigma]))
            assert (ours - theirs).abs().max() < 1e-4 * np.sqrt(1 + sigma**2)  # of the spread of x


@pytest.mark.parametrize("steps", [10, 1000])
@pytest.mark.parametrize("betas", BETAS)
def test_the_levels_are_those_of_diffusers(betas, steps):
    ours = noise_levels(betas, steps, 0.0002, 0.03)
    scheduler = EulerDiscreteScheduler(steps, 0.0002, 0.03, betas)
    alpha_bar = exact(scheduler)
    np.testing.assert_allclose(ours, np.sqrt((1 - alpha_bar) / alpha_bar), rtol=1e-4)


def test_a_level_between_two_times_is_at_the_time_between():
    sigmas = noise_levels("linear", 1000, 0.0001, 0.02)
    time = DiscreteVPDenoiser(torch.nn.Identity(), sigmas, "eps").time
    grid = torch.from_numpy(sigmas).float()
    torch.testing.assert_close(time(grid), torch.arange(1000.0), atol=2e-3, rtol=0)
    torch.testing.assert_close(time((grid[1:] * grid[:-1]).sqrt()), torch.arange(999) + 0.5, atol=2e-3, rtol=0)
    assert time(torch.tensor([0.0, 1e-9, 1e9, float("inf")])).tolist() == [0.0, 0.0, 999.0, 999.0]


@pytest.mark.parametrize("bad", [("other", 1000, 0.1, 0.2), ("linear", 1000, 0.0, 0.0), ("linear", 10, 0.1, 1.0)])
def test_levels_that_make_no_sense(bad):
    with pytest.raises(ValueError), np.errstate(all="ignore"):
        noise_levels(*bad)


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction"])
def test_without_noise_it_gives_the_picture_itself(tmp_path, kind):
    saved(tmp_path / "files", {"prediction_type": kind})
    x = pictures()
    torch.testing.assert_close(loaded(tmp_path)[0](x, 0.0), x)


def test_the_other_beta_and_time_settings_are_read(tmp_path):
    noise = {"num_train_timesteps": 50, "beta_start": 0.001, "beta_end": 0.3}
    net = saved(tmp_path / "files", noise)
    denoiser, card = loaded(tmp_path)
    scheduler = DDPMScheduler(**noise, clip_sample=False)
    sigmas = np.sqrt(1 / exact(scheduler) - 1)
    np.testing.assert_allclose(card["sigma_range"], sigmas[[0, -1]], rtol=1e-5)
    x_t = pictures()
    theirs = scheduler.step(net(x_t, 30).sample, 30, x_t).pred_original_sample
    ours = denoiser(x_t * np.sqrt(1 + sigmas[30] ** 2), float(sigmas[30]))
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)


def test_classes_have_numbers_for_names_and_no_any(tmp_path):
    net = saved(tmp_path / "files", num_class_embeds=4)
    denoiser, card = loaded(tmp_path)
    assert card["classes"] == ("class 0", "class 1", "class 2", "class 3")
    scheduler = DDPMScheduler(clip_sample=False)
    sigma = float(np.sqrt(1 / exact(scheduler)[300] - 1))
    x_t, label = pictures(), torch.tensor([3, 1])
    theirs = scheduler.step(net(x_t, 300, class_labels=label).sample, 300, x_t).pred_original_sample
    x = x_t * np.sqrt(1 + sigma**2)
    torch.testing.assert_close(denoiser(x, sigma, label), theirs, atol=1e-3, rtol=0)
    assert torch.equal(denoiser(x, sigma), denoiser(x, sigma, torch.tensor(0)))
    assert (denoiser(x, sigma, label) - denoiser(x, sigma)).abs().max() > 1e-2


def test_without_classes_a_label_changes_nothing(tmp_path):
    saved(tmp_path / "files")
    denoiser, card = loaded(tmp_path)
    assert card["classes"] == ("any",)
    assert torch.equal(denoiser(pictures(), 0.5), denoiser(pictures(), 0.5, torch.zeros(2, dtype=torch.int64)))


def test_a_learned_variance_is_left_out(tmp_path):
    net = saved(tmp_path / "files", {"variance_type": "learned_range"}, out_channels=6)
    denoiser, _ = loaded(tmp_path)
    sigma = float(np.sqrt(1 / exact(DDPMScheduler())[200] - 1))
    x_t = pictures()
    eps = net(x_t, 200).sample[:, :3]
    x = x_t * np.sqrt(1 + sigma**2)
    torch.testing.assert_close(denoiser(x, sigma), x - sigma * eps, atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [(33, 47), (5, 1), (16, 32)])
def test_any_size(tmp_path, size):
    """At a multiple of the network's stride as it is; elsewhere the last row and column are repeated."""
    saved(tmp_path / "files")
    denoiser, _ = loaded(tmp_path)
    x = pictures(3, *size)
    rows, columns = (torch.arange(n + n % 2).clamp_max(n - 1) for n in size)
    even = denoiser(x[:, :, rows][..., columns], 0.7)[:, :, : size[0], : size[1]]
    assert denoiser(x, 0.7).shape == x.shape
    torch.testing.assert_close(denoiser(x, 0.7), even)


def test_levels_may_differ_in_a_batch(tmp_path):
    saved(tmp_path / "files")
    denoiser, _ = loaded(tmp_path)
    x, sigma = pictures(), torch.tensor([0.1, 3.0])
    both = denoiser(x, sigma)
    for i in range(2):
        torch.testing.assert_close(both[i : i + 1], denoiser(x[i : i + 1], float(sigma[i])), atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="sigma"):
        denoiser(x, torch.ones(3))


def test_names_of_layers_from_before_2023(tmp_path):
    saved(tmp_path / "files")
    expected = loaded(tmp_path)[0](pictures(), 0.5)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    path, tensors = tmp_path / "files" / WEIGHTS, {}
    for key, tensor in load_file(path).items():
        for current, before in old.items():
            key = key.replace(f".{current}.", f".{before}.")
        tensors[key] = tensor
    assert sum("proj_attn" in key for key in tensors) > 0
    save_file(tensors, path)
    (tmp_path / "other").mkdir()
    with serving(tmp_path / "files") as stub:
        denoiser, _ = hub.load(SPEC, cache=tmp_path / "other", endpoint=stub.url)
    assert torch.equal(denoiser(pictures(), 0.5), expected)


def test_half_precision_is_inside_only(tmp_path):
    saved(tmp_path / "files")
    full = loaded(tmp_path)[0](pictures(), 0.5)
    half = loaded(tmp_path, dtype=torch.bfloat16)[0](pictures(), 0.5)
    assert half.dtype == torch.float32 and not torch.equal(half, full)
    torch.testing.assert_close(half, full, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("sigma", [0.1, 1.0, 7.0])
def test_grey_pictures_in_colour_have_their_posterior_mean(sigma):
    """Pixels of variance P that are alike in all channels: x0 = S (S + sigma^2 I)^-1 x with S = P 1 1^T."""
    power, x = 0.3, pictures(3, 4, 4)
    prior = torch.full((3, 3), power, dtype=torch.float64)
    gain = prior @ torch.linalg.inv(prior + sigma**2 * torch.eye(3, dtype=torch.float64))
    expected = torch.einsum("cd,bdhw->bchw", gain, x.double()).float()
    of_one = lambda x, sigma, label=None: x * (power / (power + sigma**2))
    torch.testing.assert_close(GreyDenoiser(of_one)(x, sigma), expected)


def test_a_grey_network_answers_for_colour(tmp_path):
    net = saved(tmp_path / "files", in_channels=1, out_channels=1)
    denoiser, card = loaded(tmp_path)
    sigma = float(np.sqrt(1 / exact(DDPMScheduler())[200] - 1))
    x = pictures() * 3
    mean = x.mean(1, keepdim=True)
    expected = mean - sigma * net(mean / np.sqrt(1 + sigma**2), 200).sample
    torch.testing.assert_close(denoiser(x, sigma * np.sqrt(3)), expected.repeat(1, 3, 1, 1), atol=1e-3, rtol=0)
    assert card["colours"] == 1
