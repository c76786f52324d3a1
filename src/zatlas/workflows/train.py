"""Train a model into a run folder, then measure it."""

import filecmp
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from zatlas.distributed import current_processes
from zatlas.errors import InputError
from zatlas.files import atomic_write, check_output, together
from zatlas.images import ImageSet
from zatlas.latents import code_statistics, coding
from zatlas.models.model_file import ModelFile, read_model
from zatlas.models.network import Autoencoder, build
from zatlas.models.precision import pick
from zatlas.models.scaling import changed
from zatlas.recipes.critics import NoCritic
from zatlas.run import history
from zatlas.run.checks.batches import few_steps
from zatlas.run.config import (
    Computing,
    check_batches,
    own_files,
    read_config,
    run_config,
    train_config,
)
from zatlas.run.paths import RunPaths
from zatlas.run.run import Images, PathLike, Pictures, Run, open_run
from zatlas.run.split import Part, hold_out, whole_set
from zatlas.run.weights import weights_fingerprint
from zatlas.training.callbacks import Callback
from zatlas.training.folder import check_place, make_folder, take_place
from zatlas.training.loop import fit
from zatlas.workflows.progress import default_callback

MEASURED_IMAGES = 2048  # held-out images at most that the reconstruction is measured on


def train(
    model: PathLike | ModelFile, images: Images, *, out: PathLike, valid: Images | float = 0.1,
    latent: int | None = None, recipe: str | None = None, scale: float = 1.0,
    changes: Mapping[str, Any] | None = None, resume: bool = False, overwrite: bool = False,
    callback: Callback | None = None, progress: bool = True, **settings: Any,
) -> Run:  # fmt: skip
    """Train a model into a run folder, measure it, and open the run.

    Parameters
    ----------
    model : a preset's name, the path of a model file, of pasted code or of a run, or a ModelFile.
    images : an image set of uint8 (N, H, W, C), or anything that ``open_images`` opens.
    out : the run folder to make.
    valid : the held-out images, or the fraction of ``images`` to hold out, the same for all seeds.
    latent : another number of latent elements than the model has.
    recipe : the name of a recipe, which gives the model another bottleneck and objective.
    scale : a factor for all widths but those of image and code.
    changes : values of single keys of the model file, as ``{"objective.kl.weight": 4}``.
    resume : continue the run in ``out``, with bit-identical results; ``epochs`` may grow.
    overwrite : replace the run in ``out``.
    callback : what is called while it trains.
    progress : without ``callback``: show the progress on a terminal or in a notebook.
    **settings
        Those of ``TrainConfig``: epochs, batch_size, lr, schedule, ema, seed, precision,
        patience.

    Raises
    ------
    InputError
        Before anything is written, where an argument does not fit or ``out`` exists.
    """
    config, folder, group = train_config(**settings), Path(out), current_processes()
    callback = callback or (default_callback(config.epochs) if progress else Callback())
    group.on_main_process(lambda: check_place(folder, resume, overwrite))
    given = [one.path if isinstance(one, ImageSet) else one for one in (images, valid)]
    for file in own_files(folder):  # a run goes on with its own model file: it is not changed
        check_output(file, [*given, *([] if resume else [model])], overwrite=True)
    model_file = model if isinstance(model, ModelFile) else read_model(model)
    model_file = changed(model_file, recipe=recipe, changes=changes, scale=scale, latent=latent)
    architecture = model_file.architecture()
    check_batches(config, architecture)
    check_processes(group.count, model_file)
    size = architecture.image
    image_set = coding.open_fitting(images, size)
    held_out = float(valid) if isinstance(valid, int | float) else coding.open_fitting(valid, size)
    train_part, valid_part = parts(image_set, held_out)
    steps = config.epochs * len(train_part) // config.batch_size
    picked = pick(config.precision, group.device, steps)
    asked = run_config(model, image_set, held_out, config, picked)
    network = build(model_file, seed=config.seed)
    with ExitStack() as held:
        group.on_main_process(lambda: take_place(folder, resume, overwrite, held))
        kept = group.on_main_process(lambda: make_folder(folder, asked, model_file, resume))
        began = kept.computing
        computing = _changed(asked.computing, began)
        few = "" if resume else few_steps(len(train_part), config.batch_size)
        for remark in [*image_set.remarks, *group.remarks(network), *computing, few]:
            if remark:
                callback.note(remark)
        precision = began.precision  # of a run that is resumed it is not picked anew
        callback.note(f"computing in {precision}, {_threads(torch.get_num_threads())}")
        weights = fit(network, train_part, valid_part, config, folder, group, callback, precision)
        remarks = group.on_main_process(
            lambda: _finish(folder, network, weights, train_part, valid_part)
        )
        for remark in remarks:
            callback.note(remark)
    return open_run(folder)


def _changed(now: Computing, began: Computing) -> list[str]:
    """A remark where this process computes otherwise than the one that the run began in."""
    if (now.matmul, now.threads) == (began.matmul, began.threads):
        return []
    past = f"the run began with {_threads(began.threads)} and matmul precision {began.matmul}"
    hint = f"call zatlas.configure_process(threads={began.threads}) before"
    here = f"this process has {now.threads} and {now.matmul}"
    return [f"{past}, {here}: results may differ in the last bits; {hint}"]


def _threads(count: int) -> str:
    return f"{count} thread{'s' * (count != 1)}"


def check_processes(count: int, model: ModelFile) -> None:
    """Raise InputError where several processes are to train a critic: its gradients would differ.

    Only the forward pass of the network is shared; a critic calls parts of the network itself.
    """
    if count > 1 and not isinstance(model.critic, NoCritic):
        fault = f"critic: {model.critic.name} is trained in one process, and these are {count}"
        raise InputError(f"{fault}; start it without torchrun")


def file_or_fraction(valid: str) -> str | float:
    """Held-out images as typed: a fraction where it is a number, else the name of a file."""
    try:
        return float(valid)
    except ValueError:
        return valid


def parts(images: ImageSet, held_out: float | ImageSet) -> tuple[Part, Part]:
    """What is trained on, two images at least, and what is held out."""
    if isinstance(held_out, float):
        train_part, valid_part = hold_out(images.array, held_out)
    else:
        train_part, valid_part = whole_set(images.array), whole_set(held_out.array)
    if len(train_part) < 2:
        raise InputError(f"{images.path or 'images'}: 1 image to train on; give 2 or more")
    return train_part, valid_part


def _finish(
    folder: Path, network: Autoencoder, best: dict[str, Tensor], train_part: Part, valid_part: Part
) -> list[str]:
    """Measure the best weights, and put them in place with what was measured.

    Returns what is gone, because it was measured on other weights, and what went wrong.
    """
    from zatlas.evidence.reconstruction import measure_reconstruction  # takes a second to import
    from zatlas.run.evidence import keep_learning, keep_reconstruction
    from zatlas.run.learning import check_learning
    from zatlas.workflows.stale import remove_measured

    network.load_state_dict(best)  # where they do not fit, no file is touched
    paths = RunPaths(folder)
    model = network.to("cpu").eval()
    codes = np.concatenate([coding.encode(model, x) for x in _chunks(train_part)])
    statistics, fingerprint = code_statistics.gather(codes), weights_fingerprint(model)
    images = valid_part.pictures(MEASURED_IMAGES)
    posterior = coding.posterior(model, images)
    record = measure_reconstruction(images, coding.decode(model, posterior[0]))
    rows, settings = history.read(paths.history), read_config(folder).training
    check = check_learning(
        rows, settings, model, train_part, images, record, posterior, statistics
    )  # fmt: skip
    with together():
        with atomic_write(paths.weights) as part:
            save_file(best, part)
            others = paths.weights.exists() and not filecmp.cmp(paths.weights, part, shallow=False)
        replace(statistics, weights=fingerprint).save(paths.codes)
        keep_reconstruction(paths, record.model_copy(update={"weights": fingerprint}))
        keep_learning(paths, check.model_copy(update={"weights": fingerprint}))
        gone = remove_measured(paths) if others else []
    return [*gone, *check.warnings, *check.remarks]


def _chunks(part: Part, length: int = 4096) -> Iterator[Pictures]:
    return (part.images[part.rows[start : start + length]] for start in range(0, len(part), length))
