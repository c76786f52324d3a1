"""Critics and the terms that ask them: values by hand, and who trains what."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import zatlas
from conftest import TINY, discs
from test_penalties import NOISE, X, correlated, model_of, step_of
from zatlas.errors import InputError
from zatlas.models.model_file import ModelFile
from zatlas.models.network import Autoencoder, build
from zatlas.recipes import discriminators
from zatlas.recipes.critics import CRITICS
from zatlas.recipes.critics.codes import permuted
from zatlas.recipes.parts import Critic
from zatlas.run.run import Run
from zatlas.workflows.train import check_processes


def constant(module: nn.Module, logit: float) -> None:
    """Make a discriminator give this logit for everything."""
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    last = [m for m in module.modules() if isinstance(m, nn.Linear)][-1]
    nn.init.constant_(last.bias, logit)


def parts_of(text: str, critic: str) -> tuple[Autoencoder, Any, Critic]:
    model = model_of(text, critic)
    return model, model.model_file.objective.terms[1], model.model_file.critic


def test_terms_and_losses_of_discriminators_of_codes_by_hand() -> None:
    for text, critic, expected in (
        ("density_ratio()", "permuted_codes(width=4)", 2.0),
        ("code_adversarial()", "prior_codes(width=4)", math.log(1 + math.exp(-2))),
    ):
        model, term, part = parts_of(text, critic)
        constant(model.parts[part.name], 2.0)
        step = step_of(model, NOISE, X)
        assert term(step).tolist() == pytest.approx([expected] * 5)
        both = math.log(1 + math.exp(-2)) + math.log(1 + math.exp(2))
        assert part.loss(step).tolist() == pytest.approx([both] * 5)


def test_permuted_codes_keep_each_element_and_lose_what_ties_them() -> None:
    z = correlated(0.9)
    shuffled = permuted(z, torch.Generator().manual_seed(0))
    assert torch.equal(shuffled.sort(0).values, z.sort(0).values)
    assert abs(np.corrcoef(shuffled.T)[0, 1]) < 0.1


def test_the_density_ratio_learns_the_total_correlation() -> None:
    """Of normal codes with a correlation of 0.6 it is 0.2231 nats."""
    model, term, part = parts_of("density_ratio()", "permuted_codes(width=32, hidden=2)")
    model.parts[part.name] = discriminators.of_codes(2, 32, 2).double()
    optimizer = torch.optim.Adam(part.trained(model), lr=0.003)
    step = step_of(model, correlated(0.6, 2000))
    for _ in range(100):
        part.loss(step).mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert term(step).mean().item() == pytest.approx(0.2231, abs=0.05)


def test_a_vae_gan_by_hand() -> None:
    """Without convolutions the features are the pixels; the logit is 2 everywhere."""
    file = ModelFile(
        image=(1, 2, 2), encoder="mlp(3)", bottleneck="gaussian", critic="pictures",
        objective=["feature_error()", "kl()", "picture_adversarial()"],
    )  # fmt: skip
    model = build(file, seed=0)
    x = torch.rand(5, 1, 2, 2)
    output = model(x)
    step = step_of(model, output.z_BD, x, output)
    error = file.objective.terms[0](step)
    assert torch.allclose(error, 0.5 * (output.output_BCHW - x).square().flatten(1).sum(1))
    head = nn.Sequential(nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    constant(head, 2.0)
    model.parts["pictures"] = nn.Sequential(nn.Sequential(), head)
    low, high = math.log(1 + math.exp(-2)), math.log(1 + math.exp(2))
    assert file.objective.terms[2](step).tolist() == pytest.approx([low] * 5)
    assert file.critic.loss(step).tolist() == pytest.approx([low + high] * 5)


def test_a_discriminator_of_pictures_halves_to_less_than_8_pixels() -> None:
    for image, features in (((3, 64, 64), (256, 4, 4)), ((1, 28, 28), (64, 7, 7))):
        network = discriminators.of_pictures(image, 32)
        assert network[0](torch.zeros(2, *image)).shape == (2, *features)
        assert network(torch.zeros(2, *image)).shape == (2,)


def test_the_encoder_gets_no_gradient_from_the_picture_discriminator() -> None:
    model, term, _ = parts_of("picture_adversarial()", "pictures(width=2)")
    output = model(X, NOISE)
    term(step_of(model, output.z_BD, X, output)).mean().backward()
    encoder = [*model.encoders.parameters(), *model.means.parameters()]  # type: ignore[union-attr]
    assert all(p.grad is None for p in encoder)
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in model.decoder.parameters())


def test_introspection_by_hand() -> None:
    """All codes are m = 1, s = 0 and all decoded pictures 0: KL is 1.5, and P is 64."""
    model, term, critic = parts_of("introspection(kl_weight=2)", "introspective_decoder")
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    nn.init.ones_(model.means[0].bias)  # type: ignore[index,union-attr]
    output = model(X, NOISE)
    step = step_of(model, output.z_BD, X, output)
    each = 64 * math.exp(-2 / 64 * 2 * 1.5)
    assert term(step).tolist() == pytest.approx([0.25 * 2 * each] * 5)
    error = X.square().flatten(1).sum(1) + 0.5 * (1.5 + 1.5)
    assert critic.loss(step).tolist() == pytest.approx(error.tolist())


FAMILIES = ["factor-vae", "aae", "vae-gan", "soft-intro-vae"]


def trained(recipe: str, out: Path, **changes: Any) -> Run:
    return zatlas.train(
        TINY, discs(48), recipe=recipe, out=out, epochs=2, batch_size=16, progress=False, lr=1e-3,
        changes=changes,
    )  # fmt: skip


@pytest.mark.parametrize("recipe", FAMILIES)
def test_the_objective_and_the_critic_train_their_own_parameters(
    recipe: str, tmp_path: Path
) -> None:
    """With a rate of 0 the critic's parameters stay, and those of the objective move.

    The last weights are the run's, as losses of different epochs cannot be compared.
    """
    run = trained(recipe, tmp_path / "run", **{"critic.rate": 0})
    fresh = build(run.model.model_file, seed=0)
    critic = run.model.model_file.critic
    pairs = list(zip(critic.trained(run.model), critic.trained(fresh), strict=True))
    assert pairs
    assert all(torch.equal(now, before) for now, before in pairs)
    assert not torch.equal(*(next(m.encoders.parameters()) for m in (run.model, fresh)))
    assert run.best_epoch == 2
    assert f"train_{critic.name}" in run.history[0].terms
    moved = trained(recipe, tmp_path / "moved").model
    pairs = list(zip(critic.trained(moved), critic.trained(fresh), strict=True))
    assert not all(torch.equal(now, before) for now, before in pairs)


def test_an_adversarial_autoencoder_samples_the_prior(tmp_path: Path) -> None:
    codes = trained("aae", tmp_path / "run").sample(4000)
    assert codes.mean(0) == pytest.approx(0, abs=0.1)
    assert codes.std(0) == pytest.approx(1, abs=0.1)


def test_a_critic_is_refused_in_several_processes() -> None:
    model = TINY.model_copy(update={"critic": CRITICS["prior_codes"]()})
    with pytest.raises(InputError, match="prior_codes is trained in one process, and these are 2"):
        check_processes(2, model)
    check_processes(1, model)
    check_processes(2, TINY)


@pytest.mark.parametrize("term", ["density_ratio", "code_adversarial", "picture_adversarial"])
def test_a_term_names_the_critic_that_it_needs(term: str) -> None:
    with pytest.raises(InputError, match=f"objective: {term} needs a discriminator; write `critic"):
        ModelFile(encoder="mlp(4)", objective=["mse()", f"{term}()"]).architecture()
