"""Other projects' programs on the ideal laboratory: the right distribution or a clear refusal, never a wrong answer.

Bound: total-variation distance at most 0.02, plus what as many shots of the reference distribution itself differ from
it (mean of 50 drawn samples and five of their standard deviations). ``--reference-shots`` says how many;
`bench/study_programs.py` runs all programs, the large ones too, and prints the table.
"""

import pytest
from reference_programs import LARGE, MOST_QUBITS, judged, references

from qctl import Lab


def pytest_generate_tests(metafunc):
    folder = metafunc.config.getoption("--shared")
    known = {} if folder is None else references(folder.resolve())
    names = [name for name, entry in known.items() if entry["qubits"] <= MOST_QUBITS and name not in LARGE]
    metafunc.parametrize("name", names)


@pytest.fixture(scope="module")
def ideal20():
    with Lab.open("ideal20", seed=20) as lab:
        yield lab


def test_a_program_gives_its_distribution_or_is_refused_by_name(ideal20, shared, name, request):
    entry = references(shared)[name]
    text = (shared / "programs" / name).read_text()
    found = judged(ideal20, text, entry, request.config.getoption("--reference-shots"))
    assert found.word in ("right", "refused"), found.said
    if found.word == "refused":
        assert entry.get("dynamic") is not False, "programs without feedback are in scope"
        assert "feedback" in found.said
        shots = request.config.getoption("--reference-shots") // 4
        assert judged(ideal20, text, entry, shots, each_way=True).word == "right"
