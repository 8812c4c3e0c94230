"""Laws of committing, going back and comparing, against a list of dictionaries."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from qctl.core.parameters import Estimate, Parameters
from qctl.store import LostRaceError, ParameterStore, Status, judged

NAMES = st.sampled_from(["q0.x", "q0.y", "q1.x", "q0-q1.z", "awg.1.drive.w"])
ESTIMATES = st.builds(
    Estimate,
    value=st.floats(allow_nan=False, allow_infinity=False),
    error=st.floats(min_value=0, allow_nan=False),
    unit=st.text(max_size=3),
    time=st.floats(allow_nan=False, allow_infinity=False),
    run=st.text(max_size=5),
)
SOME = st.dictionaries(NAMES, ESTIMATES, max_size=4)


class Committing(RuleBasedStateMachine):
    """``model`` holds what each snapshot must be, ``found`` what was ever stored of each name."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = ParameterStore.open(Path(self.folder.name), "transmon5")
        self.model, self.found = [{}], {}

    def expect(self, number, content):
        self.model.append(content)
        assert number == len(self.model) - 1

    def keep(self, changes):
        for name, estimate in changes.items():
            self.found.setdefault(name, []).append(estimate)

    @rule(changes=st.dictionaries(NAMES, ESTIMATES, min_size=1, max_size=4))
    def commit(self, changes):
        number = self.store.commit(judged(changes), len(self.model) - 1, "note")
        self.keep(changes)
        self.expect(number, {**self.model[-1], **changes})

    @rule(changes=st.dictionaries(NAMES, ESTIMATES, min_size=1, max_size=2))
    def reject(self, changes):
        self.store.record(judged(changes, Status.REJECTED, reason="a reason"))
        self.keep(changes)

    @rule(data=st.data(), changes=st.dictionaries(NAMES, ESTIMATES, min_size=1, max_size=2))
    def lose_a_race(self, data, changes):
        parent = data.draw(st.integers(-1, len(self.model) + 2).filter(lambda n: n != len(self.model) - 1))
        with pytest.raises(LostRaceError):
            self.store.commit(judged(changes), parent, "note")

    @rule(data=st.data())
    def revert(self, data):
        number = data.draw(st.integers(0, len(self.model) - 1))
        self.expect(self.store.revert(number), self.model[number])
        assert self.store.diff(number) == ()

    @rule(data=st.data())
    def apply(self, data):
        number = data.draw(st.integers(0, len(self.model) - 1))
        self.expect(self.store.apply(number), {**self.model[-1], **self.model[number]})

    @rule(content=SOME)
    def replace(self, content):
        before = self.model[-1]
        self.expect(self.store.replace(Parameters(content), reason="a file"), content)
        self.keep({name: known for name, known in content.items() if before.get(name) != known})

    @rule(data=st.data())
    def compare(self, data):
        a, b = (data.draw(st.integers(0, len(self.model) - 1)) for _ in range(2))
        changes = self.store.diff(a, b)
        patched = {**self.model[a], **{change.name: change.after for change in changes}}
        assert {name: known for name, known in patched.items() if known is not None} == self.model[b]
        assert [(c.name, c.after, c.before) for c in self.store.diff(b, a)] == [
            (c.name, c.before, c.after) for c in changes
        ]

    @rule()
    def open_again(self):
        self.store.close()

    @invariant()
    def every_snapshot_is_what_it_was(self):
        for number, content in enumerate(self.model):
            assert self.store.snapshot(number).estimates == content
        assert self.store.newest == len(self.model) - 1

    @invariant()
    def the_history_is_complete_and_in_order(self):
        for name, found in self.found.items():
            assert [one.estimate for one in self.store.history(name)] == found
        assert self.store.verify() == sum(map(len, self.found.values())) + len(self.model) - 1

    def teardown(self):
        self.store.close()
        self.folder.cleanup()


Committing.TestCase.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
TestLaws = Committing.TestCase
