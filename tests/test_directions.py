"""Directions of a small run: learned, measured, kept, used in edits, found again."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zatlas
from zatlas.cli.program import main
from zatlas.errors import InputError
from zatlas.evidence.directions.measure import Candidate, measure_directions
from zatlas.evidence.directions.nulls import measure_identity, null_effects
from zatlas.evidence.directions.targets import Scale, best_of, scale_of
from zatlas.evidence.measurements import Subject
from zatlas.evidence.properties.property_set import PropertySet
from zatlas.evidence.records import Property
from zatlas.latents import code_statistics
from zatlas.latents.directions import METHODS, cosine, pattern, unit
from zatlas.run.directions import forget_direction, keep_direction, kept_direction
from zatlas.run.paths import RunPaths
from zatlas.workflows.direction_images import learning_images
from zatlas.workflows.directions import learn_directions
from zatlas.workflows.find import find
from zatlas.workflows.stale import remove_measured

RNG = np.random.default_rng(0)
ELEMENTS, FACTORS = 6, 3
MEASURED = slice(300, None)


class World:
    """A linear decoder whose pictures show three factors; codes mix them, and correlate."""

    def __init__(self, n: int = 600) -> None:
        self.factors = RNG.standard_normal((n, FACTORS))
        self.mixing = RNG.standard_normal((FACTORS, ELEMENTS))
        noise = 0.3 * RNG.standard_normal((n, ELEMENTS))
        self.codes = (self.factors @ self.mixing + noise).astype(np.float32)
        self.reading = np.linalg.pinv(self.mixing)  # codes to factors, exactly
        self.statistics = code_statistics.gather(self.codes)

    def decode(self, z: Any) -> Any:
        """Pictures whose first row of pixels is the factors."""
        pictures = np.zeros((len(z), 4, FACTORS, 1), np.float32)
        pictures[:, 0, :, 0] = z @ self.reading
        return pictures

    def encode(self, x: Any) -> Any:
        return (x[:, 0, :, 0] @ self.mixing).astype(np.float32)

    def properties(self, rows: slice) -> PropertySet:
        columns = [
            Property(name=f"f{k}", unit="", up=f"more f{k}", down=f"less f{k}", family=f"f{k}")
            for k in range(FACTORS)
        ]
        real = tuple(np.ascontiguousarray(column) for column in self.factors[rows].T)
        return PropertySet(lambda x: x[:, 0, :, 0].astype(float), columns, real, {})

    def subject(self, rows: slice) -> Subject:
        return Subject(self.encode, self.decode, self.statistics, self.codes[rows])


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def learned(world: World, method: Callable[..., Any], k: int, factors: Any) -> Candidate:
    codes = world.codes[:300]

    def permuted(rng: np.random.Generator) -> Any:
        other = factors.copy()
        other[:, k] = rng.permutation(other[:, k])
        return method(codes, other, k)

    return Candidate(
        f"f{k}", method(codes, factors, k), f"f{k}",
        lambda rows: method(codes[rows], factors[rows], k), len(codes), permuted,
    )  # fmt: skip


def test_a_linear_decoder_gives_the_columns_back_without_spill(world: World) -> None:
    known = [learned(world, pattern, k, world.factors[:300]) for k in range(FACTORS)]
    found = measure_directions(
        world.subject(MEASURED), world.properties(MEASURED), known, world.reading
    )
    for k, one in enumerate(found):
        covariance = np.asarray(world.statistics.covariance)
        assert cosine(known[k].step, world.mixing[k], covariance) >= 0.99
        target = one.effect.target
        assert target is not None
        assert target.spill is not None
        assert target.spill <= 0.05
        assert target.size == pytest.approx(1.0, abs=0.2)  # a pattern is for 1 sd of the factor
        assert target.reach == pytest.approx(1 / target.size, abs=0.01)
        assert target.monotone == 1.0
        assert one.effect.is_real
        assert one.effect.stability is not None
        assert one.effect.stability.halves > 0.98
        assert f"Its target f{k} changes by" in one.effect.sentence
        assert "more than chance" in one.effect.sentence


def test_shuffled_labels_are_rarely_called_a_direction(world: World) -> None:
    """At most 5 % of the draws; the threshold of each null is 5 %, and both must hold."""
    rng, called = np.random.default_rng(1), 0
    subject, properties = world.subject(MEASURED), world.properties(MEASURED)
    scale = scale_of(properties, "f0")
    drawn, covariance = [], np.asarray(world.statistics.covariance)
    for _ in range(200):
        shuffled = world.factors[:300].copy()
        shuffled[:, 0] = rng.permutation(shuffled[:, 0])
        drawn.append(unit(pattern(world.codes[:300], shuffled, 0), covariance))
    moved = subject.codes[None, :16] + np.stack(drawn)[:, None].astype(np.float32)
    effects = (moved - subject.codes[None, :16]).mean(1) @ world.reading[:, 0]
    for k, own in enumerate(effects):
        called += null_effects(float(own), np.delete(effects, k)).p <= 0.05
    assert scale.names[scale.target] == "f0"
    assert called <= 10


def test_spill_is_the_mean_of_the_others_for_one_sd_of_the_target() -> None:
    scale = Scale((0, 1, 2), 0, (1, 2), ("a", "b", "c"), np.eye(3), np.array([2.0, 1.0, 1.0]))
    sizes = scale.sizes(np.array([1.0, 0.1, -0.3]))
    assert sizes.tolist() == [0.5, 0.1, -0.3]
    assert float(scale.spill(sizes)) == pytest.approx(0.4)
    assert np.isnan(scale.spill(np.array([0.0, 0.1, 0.1])))
    alone = Scale((0,), 0, (), ("a",), np.eye(1), np.ones(1))
    assert np.isnan(alone.spill(np.array([1.0])))


def test_the_slope_and_the_crosstalk_of_probes_are_taken_out() -> None:
    """Probes with S = [[.5, .2], [0, 1]] read (.5, 0) and (.2, 1) of single factors."""
    slopes = np.array([[0.5, 0.2], [0.0, 1.0]])
    scale = Scale((0, 1), 0, (1,), ("a", "b"), np.linalg.inv(slopes), np.ones(2))
    assert scale.sizes(slopes @ [1.0, 0.0]).round(9).tolist() == [1.0, 0.0]
    assert scale.sizes(slopes @ [0.0, 1.0]).round(9).tolist() == [0.0, 1.0]


def test_the_best_of_some_moves_has_the_best_ratio_of_those_that_move_it_well() -> None:
    scale = Scale((0, 1), 0, (1,), ("a", "b"), np.eye(2), np.ones(2))
    assert best_of(np.array([[1.0, 1.0], [0.6, 0.1], [0.3, 0.0]]), scale) == 1


def test_identity_is_lost_where_all_pictures_become_one() -> None:
    codes = RNG.standard_normal((50, 4)).astype(np.float32)
    step, other = np.array([1.0, 0, 0, 0]), np.array([0, 1.0, 0, 0])
    kept = measure_identity(lambda x: x, lambda z: z, codes, step, other, np.ones(4))
    assert (kept.kept, kept.unedited) == (1.0, 1.0)
    lost = measure_identity(lambda x: 0 * x, lambda z: z, codes, step, other, np.ones(4))
    assert lost.kept <= 0.1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> zatlas.Run:
    """A small network of faces with labels: dark ones, and pairs of levels."""
    folder = tmp_path_factory.mktemp("directions")
    light = RNG.uniform(40, 200, 400)
    side = RNG.uniform(-60, 60, 400)
    ramp = np.linspace(-1, 1, 16)
    images = light[:, None, None] + side[:, None, None] * ramp + RNG.normal(0, 4, (400, 16, 16))
    np.save(folder / "images.npy", np.clip(images, 0, 255).astype(np.uint8)[..., None])
    rows = [f"{i},{a:.3f},{b:.3f},{'day' if a > 120 else 'night'}"
            for i, (a, b) in enumerate(zip(light, side, strict=True))]  # fmt: skip
    (folder / "labels.csv").write_text("\n".join(["index,light,side,time", *rows]))
    (folder / "model.yaml").write_text(
        "image: [1, 16, 16]\nencoder: ['Linear(256, 6)']\ndecoder: ['Linear(6, 256)']\n"
    )
    return zatlas.train(
        folder / "model.yaml", folder / "images.npy", out=folder / "run", epochs=40, batch_size=32,
        lr=3e-3, progress=False,
    )  # fmt: skip


def table(run: zatlas.Run) -> Path:
    return run.path.parent / "labels.csv"


@pytest.mark.parametrize("method", [*METHODS, "gradient"])
def test_a_factor_gives_a_direction_by_every_method(run: zatlas.Run, method: str) -> None:
    found = learn_directions(run, factor="side", factors=table(run), method=method, name=method)
    (one,) = found
    assert (one.name, one.record.method, one.record.of) == (method, method, "side")
    assert one.effect.target is not None
    assert one.effect.target.size > 0.2
    assert (one.effect.permuted is None) == (method == "gradient")
    moved = run.edit(run.statistics.codes, f'z["{method}"] += 1*sd')
    assert (moved - run.statistics.codes)[0] == pytest.approx(one.vector, rel=1e-3, abs=1e-6)


def test_parts_of_the_images_are_disjoint(run: zatlas.Run) -> None:
    data = learning_images(run, None, table(run), 0)
    parts = [set(part.tolist()) for part in (data.learn, data.probes, data.held_out)]
    assert len(set.union(*parts)) == sum(map(len, parts)) == 400


@pytest.mark.parametrize(
    ("asked", "target"),
    [({"pixel": "luminance"}, "luminance"), ({"transform": "brighten"}, "luminance"),
     ({"pixel": "left-right light", "hold": ["luminance"]}, "left-right light")],
)  # fmt: skip
def test_no_labels_are_needed(run: zatlas.Run, asked: dict[str, Any], target: str) -> None:
    (one,) = run.directions(**asked)
    assert one.effect.target is not None
    assert one.effect.target.property == target
    assert one.effect.target.size > 0.3
    assert one.effect.is_real


def test_a_held_factor_has_no_part_in_the_direction(run: zatlas.Run) -> None:
    """The held one's own direction is at a right angle to it, in the metric of the codes."""
    options: dict[str, Any] = {"factors": table(run)}
    (side,) = run.directions(factor="side", **options, name="side")
    (held,) = run.directions(factor="light", **options, hold=["side"], name="held")
    assert held.record.held == ("side",)
    covariance = np.asarray(run.statistics.covariance)
    assert cosine(held.vector, side.vector, covariance) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("basis", ["pca", "ica", "sefa", "jacobian"])
def test_a_basis_needs_no_target(run: zatlas.Run, basis: str) -> None:
    found = run.directions(basis=basis, count=2, name=f"my {basis}")
    assert [one.name for one in found] == [f"my {basis} 0", f"my {basis} 1"]
    assert all(one.effect.target is None and one.spill is None for one in found)
    assert all(one.effect.mahalanobis for one in found)


def test_two_groups_of_images_give_a_direction(run: zatlas.Run) -> None:
    images = np.load(run.config.images.path or "")
    light = images.mean((1, 2, 3))
    (one,) = run.directions(between=(images[light > 140], images[light < 100]), name="day")
    assert one.effect.effects["luminance"].mean_sd is not None
    assert one.effect.effects["luminance"].mean_sd > 0.3
    assert one.record.of == "two groups of images"


def test_two_lists_of_rows_give_a_direction(run: zatlas.Run) -> None:
    light = np.load(run.config.images.path or "").mean((1, 2, 3))
    day, night = np.flatnonzero(light > 140).tolist(), np.flatnonzero(light < 100).tolist()
    (one,) = run.directions(between=(day, night), name="by rows")
    assert one.effect.effects["luminance"].mean_sd > 0.3  # type: ignore[operator]
    with pytest.raises(InputError, match="400"):
        run.directions(between=([1, 2], [3, 400]))


def test_kept_directions_are_found_by_words(run: zatlas.Run) -> None:
    run.directions(pixel="luminance", name="bright")
    assert run.direction("bright").name == "bright"
    assert "bright" in run.names
    found = find(run, "lighter")
    assert found.answers
    assert any(one.edit == 'z["bright"] += 1*sd' for one in found.answers)
    darker = find(run, "darker")
    assert any(one.edit == 'z["bright"] -= 1*sd' for one in darker.answers)
    with pytest.raises(InputError, match="stands for"):
        find(run, "wears a hat")


def test_forgetting_a_direction(run: zatlas.Run) -> None:
    run.directions(pixel="contrast", name="gone")
    forget_direction(run, "gone")
    assert "gone" not in run.names
    with pytest.raises(InputError, match="direction 'gone': is not known"):
        kept_direction(run, "gone")


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        ({}, "nothing to learn from"),
        ({"pixel": "luminance", "basis": "pca"}, "pixel and basis: are given together"),
        ({"factor": "side"}, "is no factor of the table; give factors=FILE.csv"),
        ({"pixel": "luminanse"}, "did you mean 'luminance'"),
        ({"transform": "bright"}, "did you mean 'brighten'"),
        ({"basis": "pcs"}, "did you mean 'pca'"),
        ({"pixel": "luminance", "hold": ["hat"]}, "hold='hat': is not measured"),
        ({"fcator": "side"}, "fcator: is no argument"),
    ],
)
def test_what_does_not_fit_is_told(run: zatlas.Run, asked: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError, match=fault.replace("(", r"\(")):
        learn_directions(run, **asked)


def test_a_name_of_an_element_is_refused(run: zatlas.Run) -> None:
    with run.naming([(0, "mine")]), pytest.raises(InputError, match="is that of an element"):
        run.directions(pixel="luminance", name="mine")


def test_a_damaged_direction_is_told(run: zatlas.Run, tmp_path: Path) -> None:
    (one,) = run.directions(pixel="luminance", name="hurt")
    file = run.paths.directions / "hurt.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    with pytest.raises(InputError, match=r"hurt\.npz: holds no direction"):
        run.names  # noqa: B018
    file.unlink()
    (run.paths.directions / "hurt.json").unlink()
    keep_direction(run, one)
    assert kept_direction(run, "hurt").vector.tolist() == one.vector.tolist()


def test_the_command_line_learns_lists_finds_and_forgets(
    run: zatlas.Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def zatlas_line(*words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            main(words)
        written = capsys.readouterr()
        assert ended.value.code in (0, None), written.err
        return written.out

    folder = str(run.path)
    told = zatlas_line("directions", folder, "--pixel", "luminance", "--name", "light up")
    assert "Its target luminance changes by" in told
    assert f"wrote {run.paths.directions_page}" in told
    page = run.paths.directions_page.read_text()
    assert "light up" in page
    assert "light up" in zatlas_line("directions", folder)
    assert 'z["light up"] += 1*sd' in zatlas_line("find", folder, "lighter")
    answer = tmp_path / "found.json"
    zatlas_line("find", folder, "lighter", "--json", str(answer))
    assert "light up" in answer.read_text()
    zatlas_line("directions", folder, "--forget", "light up")
    assert "light up" not in zatlas_line("directions", folder)


def test_a_report_shows_the_directions(run: zatlas.Run, tmp_path: Path) -> None:
    run.directions(pixel="luminance", name="<b>light</b>")
    page = run.report(tmp_path / "report.html")[0].read_text()
    assert "&lt;b&gt;light" in page
    assert "<b>light</b>" not in page
    forget_direction(run, "<b>light</b>")


def test_other_weights_remove_directions(run: zatlas.Run, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run.path, copy)
    learn_directions(zatlas.open_run(copy), pixel="luminance", name="old", command="zatlas again")
    said = remove_measured(RunPaths(copy))
    assert "zatlas again" in said
    assert not list((copy / "directions").glob("*"))
