"""Usage A2 and B3: networks as people write them are read, and are what their own code makes."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import nn

import zatlas
from run_pasted import weights
from zatlas.cli.program import program
from zatlas.errors import InputError
from zatlas.models.model_file import read_model
from zatlas.models.network import Autoencoder, build
from zatlas.models.pixels import to_floats
from zatlas.recipes.step import Context, Step

FOLDER = Path(__file__).parent / "pasted" / "styles"
FLAT = (784,)
# each network that is read: what makes it in its own code, and the shape of an image for it
READ: dict[str, tuple[str, tuple[int, ...]]] = {
    "s01_sequential_sigmoid.py": ("AE()", FLAT),
    "s02_functional_kwargs.py": ("model", FLAT),
    "s03_conv_t_conv.py": ("model", (1, 64, 64)),
    "s04_vae_fc.py": ("model", (1, 28, 28)),
    "s05_vae_three_classes.py": ("vae", (1, 28, 28)),
    "s06_two_classes.py": ("encoder, decoder", (3, 64, 64)),
    "s07_vae_hidden_dims.py": ("model", (3, 64, 64)),
    "s08_beta_vae_view.py": ("net", (3, 64, 64)),
    "s09_adversarial_blocks.py": ("encoder, decoder", (1, 32, 32)),
    "s10_zip_dims.py": ("StackedAutoEncoder()", (3, 64, 64)),
    "s11_modulelist.py": ("DeepAutoencoder()", (1, 28, 28)),
    "s12_lightning.py": ("(net := LitAutoEncoder()).encoder, net.decoder", FLAT),
    "s13_interpolate.py": ("UpsamplingAE()", (3, 64, 64)),
    "s14_vae_chunk.py": ("GaussianVAE()", (3, 32, 32)),
    "s15_dcgan_vae.py": ("DCVAE()", (3, 64, 64)),
    "s16_flat_names_one_file.py": ("net", (3, 32, 32)),
    "s17_sparse.py": ("SparseAutoencoder()", (3, 32, 32)),
    "s18_default_from_constant.py": ("ConvAE()", (3, 64, 64)),
    "s19_sigmoid_unflatten.py": ("model", (1, 28, 28)),
    "s20_notebook_conv.ipynb": ("model", (1, 28, 28)),
    "s21_notebook_vae.ipynb": ("vae", (1, 28, 28)),
    "s22_custom_blocks.py": ("FaceAutoencoder()", (3, 64, 64)),
    "s23_add_module.py": ("NumberedAE()", (1, 28, 28)),
    "s24_script_without_class.py": ("autoencoder", (1, 28, 28)),
    "s25_inheritance.py": ("SmallConvNet(6)", (1, 28, 28)),
    "s26_unsqueeze_pool.py": ("PooledAE()", (3, 64, 64)),
}
# each network that is refused: the line, and words of the reason
REFUSED = {
    "r27_unet.py": (20, "shares layers (a skip connection)"),
    "r28_residual.py": (17, "two tensors meet here (a skip connection"),
    "r29_attention.py": (11, "'MultiheadAttention' is not known; zatlas has no layer of this name"),
    "r30_data_dependent.py": (16, "depends on the numbers of an image"),
    "r31_vq.py": (11, "'Embedding' is not known; zatlas has no layer of this name"),
}
VAES = [name for name in READ if re.search("vae|adversarial", name)]
CUT = ("s08_beta_vae_view.py", "s14_vae_chunk.py")  # one layer gives both halves of the code
IN_UNIT = [name for name in READ if not re.search("s(07|08|09|10|11|12|13|15|17|18|22|26)", name)]


def code_of(path: Path) -> str:
    """The code as Python runs it; a notebook's cells without magics and unfinished cells."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if "outputs" in cell]
    whole = [cell for cell in cells if not cell.startswith(("%%bash", "# a cell"))]
    lines = "\n".join(whole).split("\n")
    return "\n".join(line for line in lines if not re.match(r"[!%]|.*\?$", line))


@pytest.fixture(scope="module")
def own() -> Any:
    """What the networks' own code makes: every one is run in one process with limits."""
    work = [(name, code_of(FOLDER / name), *how) for name, how in READ.items()]
    done = subprocess.run(
        [sys.executable, "-I", str(Path(__file__).parent / "run_pasted.py")],
        input=json.dumps(work), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_file_is_in_one_of_the_lists() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*READ, *REFUSED}
    assert len(READ) >= 24


def fill(model: Autoencoder, name: str) -> None:
    """Weights drawn in the order of use; one layer that was cut in two has them in both halves."""
    trunk = [m for m in model.encoders.modules() if list(m.parameters(recurse=False))]
    heads = [getattr(model, head.modules)[0] for head in model.bottleneck.heads]
    decoder = [m for m in model.decoder.modules() if list(m.parameters(recurse=False))]
    number = 0
    for module in (*trunk, *heads, *decoder):
        if name in CUT and module in heads:
            for parameter in module.parameters(recurse=False):
                both = weights((2 * len(parameter), *parameter.shape[1:]), number)
                parameter.copy_(both.chunk(2)[heads.index(module)])
            number += module is heads[-1]
            continue
        for parameter in module.parameters(recurse=False):
            parameter.copy_(weights(parameter.shape, number))
        number += 1


@pytest.mark.parametrize("name", READ)
def test_a_network_is_what_its_own_code_makes(name: str, own: Any) -> None:
    model = build(str(FOLDER / name), seed=0)
    assert model.architecture.parameters == own[name]["parameters"]
    assert sum(parameter.numel() for parameter in model.parameters()) == own[name]["parameters"]
    shape = READ[name][1]
    x = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
    x = x.reshape(2, *model.architecture.image)
    with torch.no_grad():
        fill(model, name)
        y = model(x).output_BCHW
    assert np.prod(y.shape[1:]) == np.prod(own[name]["shape"])
    values = y.flatten()[:: max(1, y.numel() // 40)]
    torch.testing.assert_close(values, torch.tensor(own[name]["values"]), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", READ)
def test_a_training_step_changes_the_weights(name: str) -> None:
    model = build(str(FOLDER / name), seed=0).train()
    assert (model.bottleneck.name == "gaussian") == (name in VAES)
    assert model.pixel_range == ((0, 1) if name in IN_UNIT else (-1, 1))
    channels, height, width = model.architecture.image
    pictures = torch.randint(0, 256, (4, height, width, channels), dtype=torch.uint8)
    x = to_floats(pictures, model.pixel_range)
    noise = torch.randn(4, model.latent) if model.bottleneck.needs_noise else None
    step = Step(x, model(x, noise), Context(), model, x, torch.Generator())
    loss = model.model_file.objective.loss(step).total
    assert torch.isfinite(loss)
    loss.backward()
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert all(m.weight.grad is not None and m.weight.grad.isfinite().all() for m in layers)


@pytest.mark.parametrize("name", ["s04_vae_fc.py", "s19_sigmoid_unflatten.py"])
def test_a_pasted_network_is_trained_and_edited(name: str, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 28, 28, 1), np.uint8)
    run = zatlas.train(FOLDER / name, images, valid=0.25, out=tmp_path / "r", epochs=1,
                       batch_size=4)  # fmt: skip
    assert np.isfinite(run.history[-1].train_loss)
    assert run.decode(np.zeros((2, run.model.latent), np.float32)).shape == (2, 28, 28, 1)


@pytest.mark.long
@pytest.mark.parametrize("name", READ)
def test_every_style_trains_through_the_command(name: str, tmp_path: Path) -> None:
    channels, height, width = read_model(FOLDER / name).image
    shape = (12, height, width, channels)
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    run = zatlas.train(FOLDER / name, images, valid=0.25, out=tmp_path / "r", epochs=1,
                       batch_size=4)  # fmt: skip
    assert run.reconstruct(images[:2]).shape == (2, height, width, channels)


@pytest.mark.parametrize("name", REFUSED)
def test_others_are_refused_with_the_line_and_the_reason(name: str) -> None:
    line, words = REFUSED[name]
    with pytest.raises(InputError) as caught:
        read_model(FOLDER / name)
    message = str(caught.value)
    assert message.startswith(f"{FOLDER / name} line {line}: ")
    assert words in message
    assert len(message.removeprefix(str(FOLDER))) < 160


@pytest.mark.parametrize("name", ["s06_two_classes.py", "s08_beta_vae_view.py",
                                  "s21_notebook_vae.ipynb", "r28_residual.py"])  # fmt: skip
def test_models_show_reads_pasted_code(name: str) -> None:
    done = CliRunner().invoke(program, ["models", "show", str(FOLDER / name)])
    assert (done.exit_code == 0) == (name in READ), done.output
    if name in READ:
        assert "no code was run" in done.output
