"""What must hold of the generator, the features and the network, whatever is trained."""

import numpy as np
import pytest
import torch

from tiny import components as part
from tiny import fast
from tiny.features import CHANNELS, COARSE_TOKENS, CONTEXT, CONTEXT_PATCHES, HISTORY, PATCH, build, scale_of
from tiny.generator import clean_rhythm, draw_day, draw_series
from tiny.mix import mixed
from tiny.muon import orthogonal
from tiny.network import OLD_PATCHES, PAST_TOKENS, Tiny, merged, other_way, pool, upside_down, whole
from tiny.periods import find_periods
from tiny.train import weights
from tiny.windows import draw_windows


def test_the_same_seed_draws_the_same_series():
    one, other = (draw_series(np.random.default_rng(7), 3000, 288) for _ in range(2))
    assert np.array_equal(one, other)


def test_series_are_finite_and_of_many_kinds():
    rng = np.random.default_rng(1)
    series = [draw_series(rng, 3000, draw_day(rng)) for _ in range(200)]
    assert all(np.isfinite(x).all() for x in series)
    resting = sum((x == x.min()).mean() > 0.2 for x in series)
    assert 10 < resting < 150
    assert sum(x.std() > 0 for x in series) > 180


def test_a_rhythm_is_found_and_noise_has_none():
    rng = np.random.default_rng(2)
    t = np.arange(4000)
    found = find_periods(np.sin(2 * np.pi * t / 97) + 0.1 * rng.standard_normal(4000), [])
    assert found[0] % 97 == 0
    assert find_periods(rng.standard_normal(4000), [60, 1440]) == []


def test_what_says_most_far_ahead_comes_first():
    rng = np.random.default_rng(6)
    t = np.arange(8000)
    drift = fast.recursive(0.3 * rng.standard_normal(8000), np.array([0.98]))
    found = find_periods(6 * np.sin(2 * np.pi * t / 1440) + drift + np.tile([0.6, -0.6], 4000), [60, 1440])
    assert found == [1440, 2]


def test_a_template_leaves_extremes_out():
    values = np.tile(np.arange(10.0), 7)
    values[23] = 1000
    template, spread = np.empty(10), np.empty(10)
    fast.fill_template(values, 10, 70, template, spread)
    assert np.array_equal(template, np.arange(10.0))


@pytest.mark.parametrize("length", [70, CONTEXT, HISTORY])
def test_features_have_their_shape_and_tell_what_is_missing(length):
    history = np.random.default_rng(3).standard_normal(length)
    history[-10] = np.nan
    features, _, _ = build(history, [24, 7], 3)
    assert features.shape == (PAST_TOKENS + 3, CHANNELS * PATCH)
    fine = features[COARSE_TOKENS:].reshape(-1, CHANNELS, PATCH)
    observed = fine[:CONTEXT_PATCHES, 1].ravel()
    assert observed.sum() == min(length, CONTEXT) - 1
    assert observed[-10] == 0
    seen = features[:COARSE_TOKENS].reshape(-1, CHANNELS, PATCH)[:, 1].sum()
    assert seen == (COARSE_TOKENS * PATCH if length == HISTORY else 0)


def test_an_incident_does_not_stretch_the_scale():
    noise = np.random.default_rng(8).standard_normal(CONTEXT)
    incident = noise.copy()
    incident[500:530] += 500
    assert scale_of(incident)[1] < 1.2 * scale_of(noise)[1]
    resting = np.zeros(100)
    resting[:5] = 20
    assert scale_of(resting) == (0.0, 1.0)


def test_a_series_can_be_told_upside_down():
    history = np.random.default_rng(8).standard_normal(HISTORY)
    history[-500:-450] = np.nan
    features = torch.from_numpy(np.stack([build(sign * history, [24, 7], 3)[0] for sign in (1, -1)]))
    turned = upside_down(features)
    assert torch.allclose(turned[0], features[1], atol=1e-6)
    assert torch.allclose(turned[1], features[0], atol=1e-6)
    network = Tiny()
    for pooling in whole(), merged():
        answer = other_way(network, features, pooling)
        assert torch.allclose(answer[0], -network(features, pooling)[1].flip(-1), atol=1e-5)


def test_features_do_not_depend_on_the_unit():
    rng = np.random.default_rng(4)
    history = rng.standard_normal(3000).cumsum()
    one, _, _ = build(history, [60], 2)
    other, _, _ = build(history * 1000 + 5, [60], 2)
    assert np.abs(one - other).max() < 1e-6


@pytest.mark.parametrize("pooling", [whole(), merged()])
def test_what_is_masked_is_not_looked_at(pooling):
    torch.manual_seed(1)
    network = Tiny(width=32, layers=2, head_hidden=16).eval()
    features = torch.randn(1, PAST_TOKENS + 2, CHANNELS * PATCH)
    features[:, :, PATCH : 2 * PATCH] = 1
    features[:, :5, PATCH : 2 * PATCH] = 0
    changed = features.clone()
    changed[:, :5, :PATCH] += 10
    with torch.no_grad():
        assert torch.allclose(network(features, pooling), network(changed, pooling), atol=1e-5)
        changed[:, 5:9, :PATCH] += 10
        assert not torch.allclose(network(features, pooling), network(changed, pooling), atol=1e-3)


def test_windows_can_be_learnt_from():
    features, targets, longest = draw_windows(np.random.default_rng(5), 3, 2)
    assert features.shape[1:] == (PAST_TOKENS + 2, CHANNELS * PATCH)
    assert targets.shape == (len(features), 2 * PATCH)
    assert np.isfinite(features).all() and np.abs(targets).max() <= 12
    has_template = features[:, COARSE_TOKENS:].reshape(len(features), -1, CHANNELS, PATCH)[:, :, 3].any((1, 2))
    assert has_template[longest > 0].any() and not has_template[longest == 0].any()


def test_noise_on_a_clean_rhythm_is_white():
    rng = np.random.default_rng(9)
    week = 7 * 60
    for _ in range(10):
        noise = np.diff(clean_rhythm(rng, 14 * week, 60).reshape(-1, week), axis=0).ravel()
        assert noise.std() > 0
        assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.1


def test_a_window_counts_for_more_the_better_its_rhythm_says_it():
    t = np.arange(3000)
    noise = np.random.default_rng(10).standard_normal(3000)
    rhythm = 20 * np.sin(2 * np.pi * t / 60)
    clean, noisy, free = (build(rhythm + size * noise, periods, 2)[0] for size, periods in ((0.5, [60]), (20, [60]), (20, [])))
    clean, noisy, free = weights(torch.from_numpy(np.stack([clean, noisy, free]))).tolist()
    assert clean > 3 * noisy > 3 * free
    assert free == pytest.approx(0.5)


def test_steps_of_muon_are_nearly_orthogonal_whatever_the_shape():
    # A square one has directions so weak that five rounds do not lift them.
    for shape in [(384, 128), (128, 256), (512, 128)]:
        matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 1e-3
        step = orthogonal(matrix)
        assert step.shape == shape
        sizes = torch.linalg.svdvals(step)
        assert 0.5 < sizes.min() and sizes.max() < 1.4


def test_old_patches_go_on_as_the_mean_of_those_that_were_seen():
    x = torch.arange(PAST_TOKENS + 1.0)[None, :, None].repeat(1, 1, 2)
    seen = torch.ones(1, PAST_TOKENS + 1)
    seen[:, COARSE_TOKENS : COARSE_TOKENS + 9] = 0
    same, all_seen = pool(x, seen, whole())
    assert torch.equal(all_seen, seen)
    assert torch.equal(same[:, 9 + COARSE_TOKENS :], x[:, 9 + COARSE_TOKENS :])
    fewer, counts = pool(x, seen, merged())
    assert fewer.shape[1] == PAST_TOKENS + 1 - OLD_PATCHES + 3
    assert counts[0, COARSE_TOKENS : COARSE_TOKENS + 3].tolist() == [0, 7, 8]
    assert fewer[0, COARSE_TOKENS + 1, 0] == COARSE_TOKENS + (9 + 15) / 2
    assert fewer[0, COARSE_TOKENS + 2, 0] == COARSE_TOKENS + (16 + 23) / 2
    assert torch.equal(fewer[:, -9:], x[:, -9:])


def test_a_mixture_lies_between_its_two():
    one, other = ({"layer": torch.full((2, 3), value)} for value in (1.0, 5.0))
    assert torch.equal(mixed(one, other, 0.25)["layer"], torch.full((2, 3), 4.0))
    assert torch.equal(mixed(one, other, 1.0)["layer"], one["layer"])
