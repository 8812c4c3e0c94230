"""``qctl fit`` reads what laboratories write, and says whether to believe the fit."""

import json

import numpy as np
import pytest

from qctl.calibrate.fits.traces import KINDS
from qctl.cli import fit as command

T = np.linspace(0, 40e-6, 41)
Z = (0.3 + 0.2j) * np.exp(-T / 12e-6) + 1 - 0.5j + 0.01 * np.random.default_rng(1).normal(size=(2, 41)).T @ [1, 1j]


def test_the_kinds_are_those_of_the_fits():
    assert set(command.KINDS) == set(KINDS)


def tables():
    """Return the same points in the forms in which people keep them."""
    rows = list(zip(T.tolist(), Z.real.tolist(), Z.imag.tolist(), strict=True))
    polar = list(zip(T.tolist(), np.abs(Z).tolist(), np.rad2deg(np.angle(Z)).tolist(), strict=True))
    return {
        "a.csv": "time,I,Q\n" + "".join(f"{x!r},{i!r},{q!r}\n" for x, i, q in rows),
        "b.csv": "# a comment\nt (s); I (V); Q (V)\n" + "".join(f"{x!r};{i!r};{q!r}\n" for x, i, q in rows),
        "c.txt": "".join(f"  {x!r}   {i!r}  {q!r}\n" for x, i, q in rows),
        "d.dat": "x\tmagnitude_V\tphase_deg\n" + "".join(f"{x!r}\t{m!r}\t{p!r}\n" for x, m, p in polar),
        "e.csv": "".join(f"{x!r},{m!r},{p!r}\n" for x, m, p in polar),
    }


@pytest.mark.parametrize("name", tables())
def test_any_usual_table_is_read(qctl, tmp_path, name):
    (tmp_path / name).write_text(tables()[name])
    answer = qctl("fit", "t1", tmp_path / name, "--json")
    assert answer.code == 0, answer.err
    document = json.loads(answer.out)
    assert document["ok"]
    assert document["points"] == 41
    tau = document["parameters"]["tau"]
    assert abs(tau["value"] - 12e-6) < 4 * tau["error"]


@pytest.mark.parametrize("form", ["rows", "columns", "complex", "one array each", "several", "npy"])
def test_arrays_are_read(qctl, tmp_path, form):
    file = tmp_path / ("a.npy" if form == "npy" else "a.npz")
    rows = np.stack([T, Z.real, Z.imag])
    if form == "npy":
        np.save(file, rows)
    else:
        arrays = {
            "rows": {"a": rows}, "columns": {"a": rows.T}, "complex": {"a": np.stack([T, Z])},
            "one array each": {"t": T, "z": Z},
            "several": {"a": rows, "b": rows[:, :3]},
        }[form]  # fmt: skip
        np.savez(file, **arrays)
    answer = qctl("fit", "t1", file, "--json", *(["--array", "a"] if form == "several" else []))
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["parameters"]["tau"]["value"] == pytest.approx(12e-6, rel=0.1)


def test_people_see_a_table_and_a_picture(qctl, tmp_path):
    pytest.importorskip("matplotlib")
    (tmp_path / "a.csv").write_text(tables()["a.csv"])
    answer = qctl("fit", "t1", tmp_path / "a.csv", "--plot", tmp_path / "a.png")
    assert answer.code == 0
    assert "exponential decay" in answer.out
    assert "tau" in answer.out
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_a_fit_that_is_not_believed_says_why_and_exits_with_1(qctl, tmp_path):
    noise = np.random.default_rng(2).normal(size=41)
    (tmp_path / "a.csv").write_text("".join(f"{x!r},{y!r}\n" for x, y in zip(T.tolist(), noise.tolist(), strict=True)))
    answer = qctl("fit", "t1", tmp_path / "a.csv", "--json")
    assert answer.code == 1
    assert "nothing but noise" in answer.err
    assert json.loads(answer.out)["ok"] is False


BAD = {
    "empty.csv": ("", "no numbers"),
    "words.csv": ("x,y\n1,two\n", "'two' is no number"),
    "one.csv": ("1\n2\n3\n", "1 column"),
    "broken.npz": ("PK nonsense", "not arrays of numbers"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_cannot_be_read_are_one_line(qctl, tmp_path, name):
    (tmp_path / name).write_text(BAD[name][0])
    answer = qctl("fit", "t1", tmp_path / name)
    assert answer.code == 2
    assert BAD[name][1] in answer.err
    assert len(answer.err.splitlines()) == 1


def test_objects_in_array_files_are_refused(qctl, tmp_path):
    np.savez(tmp_path / "a.npz", a=np.array([{}, {}], dtype=object))
    assert qctl("fit", "t1", tmp_path / "a.npz").code == 2
