"""What the packer promises holds through random events; `soak.py` is the same for a million of them."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from queued import candidate, request, state

from qctl.jobs.packer import pack
from qctl.jobs.request import Isolation, Window
from qctl.jobs.usage import charged


def load():
    spec = importlib.util.spec_from_file_location("soak", Path(__file__).with_name("soak.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["soak"] = module
    spec.loader.exec_module(module)
    return module


soak = load()


@pytest.mark.parametrize("seed", [1, 2])
def test_no_claim_overlaps_nobody_starves_and_nothing_stands_still(seed):
    one = soak.Soak(seed)
    one.run(3000)
    assert min(one.counts[kind] for kind in soak.KINDS) > 10
    assert not one.jobs


def test_users_with_unequal_demands_get_equal_shares():
    assert soak.fairness(3, 500) >= 0.95


def test_the_checks_see_what_is_wrong():
    jobs = {"0": request(0, candidate(0, 2)), "1": request(1, candidate(1, 2)), "2": request(2, candidate(2))}
    good = pack(list(jobs.values()), state())
    soak.check(good, jobs, state())
    both = replace(good, grants=(good.grants[0], replace(good.grants[0], job="1", placement=(1, 2))))
    with pytest.raises(soak.ViolationError, match="exclusive"):
        soak.check(both, jobs, state())
    near = replace(good, grants=(good.grants[0], replace(good.grants[0], job="2", placement=(2,))))
    with pytest.raises(soak.ViolationError, match="halo"):
        soak.check(near, jobs, state())
    with pytest.raises(soak.ViolationError, match="deadlock"):
        soak.check(Window(start=0.0, duration_s=0.0, grants=(), waits={}), jobs, state())
    late = jobs | {"1": replace(jobs["1"], submitted=-100.0)}
    with pytest.raises(soak.ViolationError, match="starves"):
        soak.check(good, late, state())
    alone = {"0": replace(jobs["0"], isolation=Isolation.SOLO), "9": request(9, candidate(9))}
    pair = replace(good, grants=(good.grants[0], replace(good.grants[0], job="9", placement=(9,))))
    with pytest.raises(soak.ViolationError, match="alone"):
        soak.check(pair, alone, state())


def test_usage_is_forgotten_with_its_half_life():
    job = request(0, candidate(0), user="ann", shots=400)
    window = pack([job], state())
    first = charged({}, window, [job], 0.0)
    assert first == {"ann": pytest.approx(0.025)}
    later = charged({"ann": 8.0, "bob": 4.0}, window, [job], 600.0)
    assert later == {"ann": pytest.approx(4.025), "bob": pytest.approx(2.0)}
