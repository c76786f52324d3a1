"""Rendered faces: the same factors make the same picture, and each factor does its own work."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zatlas.errors import InputError
from zatlas.images import faces
from zatlas.images.faces import FACTORS, FRAMINGS, draw_factors, render, render_faces
from zatlas.images.faces.geometry import Ball, Pose, View, union
from zatlas.images.faces.head import gaze
from zatlas.images.faces.vectors import rotation

NAMES = [
    "yaw",
    "pitch",
    "light_azimuth",
    "light_elevation",
    "skin_tone",
    "hair_length",
    "hair_tone",
    "smile",
    "eye_opening",
    "glasses",
    "background_hue",
    "background_lightness",
    "scale",
]


def grey(pictures: Any) -> Any:
    return np.asarray(pictures, float).mean(-1)


def sweep(name: Any, steps: Any = 7, **fixed: Any) -> Any:
    factor = next(f for f in FACTORS if f.name == name)
    return render({name: np.linspace(factor.low, factor.high, steps), **fixed})


def changed(one: Any, other: Any) -> Any:
    """Where two pictures differ, (rows, columns, weights)."""
    weight = np.abs(grey(one) - grey(other))
    rows, columns = np.nonzero(weight > 2)
    return rows, columns, weight[rows, columns]


def middle_of_change(one: Any, other: Any) -> Any:
    rows, columns, weight = changed(one, other)
    return np.average(rows, weights=weight), np.average(columns, weights=weight)


# --- the factors


def test_the_thirteen_factors_are_drawn_over_their_ranges() -> None:
    drawn = draw_factors(5000, seed=1)
    assert [f.name for f in FACTORS] == NAMES == list(drawn)
    for f in FACTORS:
        values = drawn[f.name]
        assert values.shape == (5000,)
        assert values.dtype == np.float64
        assert f.low <= values.min() < values.max() <= f.high
        assert abs(values.mean() - (f.low + f.high) / 2) < 0.03 * (f.high - f.low)
    assert set(drawn["glasses"]) == {0.0, 1.0}
    assert (FACTORS[0].low, FACTORS[0].high, FACTORS[1].low, FACTORS[1].high) == (-40, 40, -15, 15)


def test_factors_are_drawn_independently() -> None:
    table = np.stack(list(draw_factors(5000, seed=2).values()))
    among = np.corrcoef(table) - np.eye(len(FACTORS))
    assert np.abs(among).max() < 0.06  # four standard errors


def test_a_face_does_not_depend_on_how_many_are_drawn() -> None:
    few, many = draw_factors(7, seed=3), draw_factors(40, seed=3)
    for name in NAMES:
        np.testing.assert_array_equal(few[name], many[name][:7])
    assert not np.array_equal(draw_factors(7, seed=4)["yaw"], few["yaw"])
    pictures = render({name: column[:3] for name, column in many.items()})
    alone = render({name: column[2:3] for name, column in few.items()})
    np.testing.assert_array_equal(pictures[2], alone[0])


# --- the files


def test_files_are_the_same_for_one_worker_and_for_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "CHUNK", 5)
    heard: list[int] = []
    render_faces(tmp_path / "one.npy", 12, seed=5, workers=1)
    render_faces(tmp_path / "two.npy", 12, seed=5, workers=2, progress=heard.append)
    assert heard == [5, 10, 12]
    for suffix in (".npy", ".csv"):
        one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "one.csv",
        "one.npy",
        "two.csv",
        "two.npy",
    ]

    pictures = np.load(tmp_path / "one.npy", allow_pickle=False)
    assert pictures.shape == (12, 64, 64, 3)
    assert pictures.dtype == np.uint8
    with (tmp_path / "one.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == ["index", *NAMES]
    assert [row["index"] for row in rows] == [str(i) for i in range(12)]
    drawn = draw_factors(12, seed=5)
    read = {name: np.array([float(row[name]) for row in rows]) for name in NAMES}
    for name in NAMES:
        np.testing.assert_array_equal(read[name], drawn[name])  # to the last bit
    np.testing.assert_array_equal(render(read), pictures)


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.npy", {"count": 0}, "count 0"),
        ("a.npy", {"seed": -1}, "seed -1"),
        ("a.npy", {"workers": 0}, "workers 0"),
        ("a.npy", {"framing": "closer"}, "framing=closer: did you mean 'close'"),
        ("a.png", {}, "ends in .npy"),
    ],
)
def test_wrong_requests_leave_nothing_behind(
    tmp_path: Path, name: Any, options: Any, says: Any
) -> None:
    with pytest.raises(InputError, match=says):
        render_faces(tmp_path / name, **{"count": 2, "seed": 0, **options})
    assert not list(tmp_path.iterdir())


def test_an_interrupted_rendering_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faces, "CHUNK", 1)

    def stop(done: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_faces(tmp_path / "a.npy", 3, seed=0, workers=2, progress=stop)
    assert not list(tmp_path.iterdir())


# --- what may be asked of the renderer


@pytest.mark.parametrize(
    ("factors", "size", "says"),
    [
        ({"yaww": 1.0}, 64, "did you mean 'yaw'"),
        ({"yaw": [0.0, np.nan]}, 64, "yaw: holds NaN"),
        ({"scale": np.inf}, 64, "scale: holds NaN or infinity"),
        ({"yaw": [0.0, 1.0], "smile": [0.0]}, 64, "differ in length"),
        ({"yaw": [[0.0]]}, 64, "one number a face"),
        ({}, 7, "size 7"),
    ],
)
def test_what_cannot_be_rendered_is_refused(factors: Any, size: Any, says: Any) -> None:
    with pytest.raises(InputError, match=says):
        render(factors, size)


def test_missing_factors_are_neutral_and_single_numbers_stand_for_all() -> None:
    neutral = {f.name: f.neutral for f in FACTORS}
    pictures = render({"yaw": np.array([0.0, 20.0]), "smile": 0.5})
    assert pictures.shape == (2, 64, 64, 3)
    np.testing.assert_array_equal(pictures[0], render({})[0])
    np.testing.assert_array_equal(pictures[1], render({**neutral, "yaw": 20})[0])
    assert render({"yaw": []}).shape == (0, 64, 64, 3)
    assert render({}, size=32).shape == (1, 32, 32, 3)


@pytest.mark.parametrize("factor", FACTORS, ids=lambda f: f.name)
def test_values_outside_the_range_are_drawn_up_to_one_range_beyond(factor: Any) -> None:
    span = factor.high - factor.low
    ends = np.array([factor.low - span, factor.high + span])
    with np.errstate(all="raise", under="ignore"):  # and no NaN arises on the way
        pictures = render({factor.name: ends})
    beyond = render({factor.name: ends + [-1e9, 1e9]})
    np.testing.assert_array_equal(pictures, beyond)


@pytest.mark.parametrize("factor", FACTORS, ids=lambda f: f.name)
def test_every_factor_moves_the_picture_smoothly(factor: Any) -> None:
    """A hundredth of the range is seen, but moves the picture little: there are no jumps."""
    at = np.linspace(0.3, 0.4, 11) * (factor.high - factor.low) + factor.low
    pictures = render({"glasses": 1.0} | {factor.name: at}).astype(float)
    steps = np.abs(np.diff(pictures, axis=0)).mean((1, 2, 3))
    assert steps.max() < 1.5  # grey levels
    assert np.abs(pictures[-1] - pictures[0]).max() >= 4


# --- what each factor does


def test_a_yaw_turns_eyes_and_mouth_to_the_side_and_a_pitch_lifts_them() -> None:
    for part in ("eye_opening", "smile"):
        turned = [
            middle_of_change(*sweep(part, steps=2, yaw=yaw, hair_length=0.0))[1]
            for yaw in (-40, -20, 0, 20, 40)
        ]
        assert (np.diff(turned) > 2).all()  # pixels to the right
        assert abs(turned[2] - 31.5) < 1
        lifted = [middle_of_change(*sweep(part, steps=2, pitch=pitch))[0] for pitch in (-15, 0, 15)]
        assert (np.diff(lifted) < -1).all()  # pixels up


def test_a_yaw_is_a_turn_in_three_dimensions() -> None:
    """The eyes draw together, and leave little face before them and much behind them."""

    def eyes_and_skin(yaw: Any) -> Any:
        _, eyes, weight = changed(*sweep("eye_opening", steps=2, yaw=yaw))
        rows, skin, _ = changed(*sweep("skin_tone", steps=2, yaw=yaw, hair_length=0.1))
        skin = skin[(rows > 28) & (rows < 34)]
        middle = np.average(eyes, weights=weight)
        apart = np.sqrt(np.average((eyes - middle) ** 2, weights=weight))
        return apart, middle - skin.min(), skin.max() - middle

    straight, left, right = eyes_and_skin(0)
    assert abs(left - right) < 1.5
    for yaw in (-40, 40):
        apart, left, right = eyes_and_skin(yaw)
        assert 0.65 < apart / straight < 0.9  # the cosine of 40 degrees is 0.77
        near, far = (right, left) if yaw < 0 else (left, right)
        assert near > 2 * far


def test_the_eyes_look_at_the_camera_as_far_as_they_turn() -> None:
    np.testing.assert_allclose(gaze(Pose(rotation(20, 5))), [0, 0, 1], atol=1e-12)
    for yaw in (-40, 40):
        turned = Pose(rotation(yaw, 0))
        aside = np.degrees(np.arccos(gaze(turned) @ turned.turn[:, 2]))
        assert 24 < aside < 30
        assert 0 < np.sign(yaw) * gaze(turned)[0] < np.sin(np.radians(20))  # short of the camera


def test_a_light_from_the_side_brightens_that_side() -> None:
    lit = grey(sweep("light_azimuth", hair_length=0.0))[:, 12:48]
    difference = lit[:, :, 36:48].mean((1, 2)) - lit[:, :, 16:28].mean((1, 2))
    assert (np.diff(difference) > 1).all()
    assert difference[0] < -10 < 10 < difference[-1]


def test_a_light_from_above_brightens_forehead_over_chin() -> None:
    lit = grey(sweep("light_elevation", hair_length=0.0, light_azimuth=0.0))[:, :, 28:36]
    difference = lit[:, 16:22].mean((1, 2)) - lit[:, 46:49].mean((1, 2))
    assert (np.diff(difference) > 0).all()


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("smile", (24, 50), (19, 45)),
        ("eye_opening", (26, 34), (19, 45)),
        ("glasses", (23, 39), (15, 49)),
    ],
)
def test_a_local_factor_changes_its_own_neighbourhood(name: Any, rows: Any, columns: Any) -> None:
    first, last = sweep(name, steps=2)
    at_rows, at_columns, _ = changed(first, last)
    assert len(at_rows) > 10
    assert rows[0] <= at_rows.min() <= at_rows.max() <= rows[1]
    assert columns[0] <= at_columns.min() <= at_columns.max() <= columns[1]


def test_the_background_leaves_the_figure_alone_and_scale_enlarges_the_figure() -> None:
    for name in ("background_hue", "background_lightness"):
        first, *_, last = sweep(name, steps=3)
        np.testing.assert_array_equal(first[20:50, 26:38], last[20:50, 26:38])
        assert np.abs(first[:8, :8].astype(float) - last[:8, :8]).max() > 40 or name.endswith("hue")
    figure = [
        64 * 64 - len(changed(*sweep("background_lightness", steps=2, scale=scale))[0])
        for scale in (0.85, 0.95, 1.05, 1.15)
    ]
    assert (np.diff(figure) > 100).all()


def test_tones_brighten_skin_and_hair_alone() -> None:
    skin = grey(sweep("skin_tone", hair_length=0.5))
    assert (np.diff(skin[:, 34:44, 28:36].mean((1, 2))) > 3).all()
    hair = grey(sweep("hair_tone", hair_length=0.5))
    assert (np.diff(hair[:, 8:14, 28:34].mean((1, 2))) > 3).all()
    assert np.ptp(skin[:, 8:11, 28:34].mean((1, 2))) < 1


def test_longer_hair_covers_more_and_reaches_lower() -> None:
    reach, area = [], []
    for length in (0.2, 0.4, 0.6, 0.8, 1.0):
        rows, _, _ = changed(*sweep("hair_tone", steps=2, hair_length=length))
        reach.append(np.quantile(rows, 0.99))
        area.append(len(rows))
    assert (np.diff(reach) > 1).all()
    assert (np.diff(area) > 20).all()


def test_eyes_open_and_smiles_show_teeth() -> None:
    eyes = sweep("eye_opening", steps=5, skin_tone=0.1, light_azimuth=0.0)[:, 26:34, 18:46]
    white = (eyes.min(-1) > 110).sum((1, 2))
    assert (np.diff(white) >= 0).all()
    assert white[0] < white[-1]
    mouth = sweep("smile", steps=2, skin_tone=0.1)[:, 40:46, 26:38]
    assert mouth[1].min(-1).max() > mouth[0].min(-1).max() + 60


# --- the geometry, by hand


def test_a_ray_meets_a_ball_where_it_should() -> None:
    ball = Pose(np.eye(3)).place(Ball((1.0, 0.0, 3.0), (2.0, 2.0, 2.0)))
    x, y = np.array([1.0, 1.0 + 3**0.5, 4.0], np.float32), np.array([[0.0]], np.float32)
    middle, chord = ball.cast(x, y)
    np.testing.assert_allclose(middle, [[3, 3, 3]], atol=1e-6)
    np.testing.assert_allclose(chord, [[2, 1, 0]], atol=1e-6)
    normal = ball.normal(x[:2], y, (middle + chord)[:, :2])
    np.testing.assert_allclose(normal[:, 0].T, [[0, 0, 1], [0.75**0.5, 0, 0.5]], atol=1e-6)


def test_a_tilted_ellipsoid_keeps_its_equation_and_its_box() -> None:
    pose = Pose(rotation(30, -12), (0.1, -0.4, 0.2))
    ball = Ball((0.3, 0.2, -0.1), (0.9, 0.4, 0.6), yaw=20, pitch=35)
    solid, view = pose.place(ball), View(200, 1.5, 0.0)
    middle, chord = solid.cast(view.x, view.y)
    hit = chord > 0
    point = np.stack(np.broadcast_arrays(view.x, view.y, middle + chord))
    own = rotation(20, 35).T @ (pose.own(point)[:, hit] - np.array(ball.centre)[:, None])
    np.testing.assert_allclose(((own.T / ball.radii) ** 2).sum(1), 1, atol=1e-4)
    rows, columns = view.box(solid)
    inside = np.zeros_like(hit)
    inside[rows, columns] = True
    assert not (hit & ~inside).any()
    assert hit[rows.start].any()
    assert hit[:, columns.stop - 1].any()


def test_a_ball_shades_what_lies_behind_it() -> None:
    ball = Pose(np.eye(3)).place(Ball((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)))
    points = np.array([[-3, 3, -3, -3, -3], [0, 0, 2, 1, 0.5], [0, 0, 0, 0, 0.0]])[:, None]
    share = ball.shade(points, np.array([1.0, 0.0, 0.0]), soft=0.3)[0]
    np.testing.assert_allclose(share, [1, 0, 0, 0.5, 1], atol=1e-5)


def test_a_union_is_its_nearest_part_far_from_the_crease() -> None:
    solids = [
        Pose(np.eye(3)).place(Ball((x, 0.0, z), (0.5, 0.5, 0.5)))
        for x, z in ((-0.3, 0.0), (0.3, 1.0))
    ]
    surface = union(solids, View(64, 1.0, 0.0), fillet=0.05)
    x, y, z = surface.point
    near = surface.hit & (x > 0)
    sphere = 1.0 + np.sqrt(0.25 - (x - 0.3) ** 2 - y**2, where=near, out=np.zeros_like(x))
    np.testing.assert_allclose(z[near], sphere[near], atol=2e-3)
    np.testing.assert_allclose((surface.normal[:, surface.hit] ** 2).sum(0), 1, atol=1e-4)


def test_a_close_framing_fills_the_picture_with_the_same_head(tmp_path: Path) -> None:
    """Usage A15. The head is the same one, larger; the default is as it was."""
    neutral: dict[str, Any] = {"scale": 1.0, "glasses": 1.0}
    usual, close = render(neutral)[0], render(neutral, framing="close")[0]
    np.testing.assert_array_equal(usual, render(neutral, framing="shoulders")[0])
    assert FRAMINGS["shoulders"] == (1.55, -0.10)
    ratio = FRAMINGS["shoulders"].half / FRAMINGS["close"].half
    larger = render({**neutral, "scale": ratio})[0]
    lower = round((FRAMINGS["close"].middle - FRAMINGS["shoulders"].middle) / 2.4 * 64)
    apart = np.abs(close[lower:].astype(int) - larger[:-lower].astype(int)).mean()
    assert apart < 2  # grey levels: the same picture, shifted down

    render_faces(tmp_path / "usual.npy", 3, seed=1, workers=1)
    render_faces(tmp_path / "close.npy", 3, seed=1, workers=1, framing="close")
    tables = [(tmp_path / f"{name}.csv").read_bytes() for name in ("usual", "close")]
    assert tables[0] == tables[1]
    assert not np.array_equal(np.load(tmp_path / "usual.npy"), np.load(tmp_path / "close.npy"))


def test_the_renderer_needs_no_torch() -> None:
    code = "import sys, zatlas.images.faces; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
