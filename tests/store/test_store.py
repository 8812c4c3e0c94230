"""A store keeps everything, believes only what was accepted, and never forgets where it came from."""

import math

import pytest

from qctl._version import __version__
from qctl.core.errors import ParameterError
from qctl.core.parameters import Estimate
from qctl.store import Finding, LostRaceError, ParameterStore, Status, StoreError, judged

T1 = Estimate(3e-5, 1e-6, "s", 100.0, "run 7")


def test_a_store_without_a_file_is_empty_and_makes_none(store):
    assert (store.newest, dict(store.snapshot()), store.snapshot().number) == (0, {}, 0)
    assert (store.commits(), store.verify()) == ((), 0)
    assert not store.path.exists()


def test_a_snapshot_is_what_was_committed_and_says_after_which(store, found):
    assert store.commit(found(t1=3e-5, t2=2e-5), 0, "first", author="me") == 1
    assert store.commit(found(t1=4e-5), 1, "second") == 2
    known = store.snapshot()
    assert dict(known) == {"q0.t1": 4e-5, "q0.t2": 2e-5}
    assert (known.number, known.parent, known.note) == (2, 1, "second")
    assert dict(store.snapshot(1)) == {"q0.t1": 3e-5, "q0.t2": 2e-5}
    assert [(c.number, c.note, c.author, c.n_parameters) for c in store.commits()] == [
        (1, "first", "me", 2),
        (2, "second", "", 2),
    ]


def test_what_is_stored_is_read_by_the_next_process(store, found):
    store.commit(found(t1=3e-5), 0, "")
    store.close()
    assert [path.name for path in store.path.parent.iterdir()] == ["qctl.sqlite"]
    with ParameterStore.open(store.path.parent, "transmon5") as again:
        assert again.snapshot()["q0.t1"] == 3e-5


def test_every_finding_says_from_which_data_and_code_it_is_and_who_believed_it(store):
    finding = Finding(
        "q0.drive.mixer.gain", Estimate(1.02, 0.01, "", 5.0, "run 9"), Status.ACCEPTED, "residuals 1.1", "verification",
        "ab" * 32, {"q0.drive.mixer.phase": -2e-5},
    )  # fmt: skip
    store.commit([finding], 0, "")
    (kept,) = store.history("q0.drive.mixer.gain")
    assert (kept.estimate, kept.covariance, kept.raw_data) == (finding.estimate, finding.covariance, "ab" * 32)
    assert (kept.reason, kept.judge, kept.code) == ("residuals 1.1", "verification", f"qctl {__version__}")
    assert kept.snapshot == 1
    assert store.findings() == {"q0.drive.mixer.gain": kept}


def test_a_rejected_finding_stands_in_the_history_with_its_reason_and_in_no_snapshot(store, found):
    store.commit(found(t1=3e-5), 0, "")
    bad = judged({"q0.t1": Estimate(math.nan, math.nan, "s", 2.0)}, Status.REJECTED, reason="noise only")
    store.record(bad)
    store.commit((*found(t2=1e-5), *bad), 1, "")
    assert store.snapshot()["q0.t1"] == 3e-5
    assert [(one.status, one.reason, one.snapshot) for one in store.history("q0.t1")] == [
        ("accepted", "", 1),
        ("rejected", "noise only", 0),
        ("rejected", "noise only", 0),
    ]
    assert math.isnan(store.history("q0.t1")[1].estimate.value)


def test_history_can_begin_at_a_time(store):
    for number in range(3):
        store.commit(judged({"q0.t1": Estimate(3e-5, 1e-6, "s", 100.0 * number)}), number, "")
    assert [one.estimate.time for one in store.history("q0.t1", since=100.0)] == [100.0, 200.0]


def test_going_back_is_a_new_snapshot_with_old_content_and_provenance(store, found):
    store.commit(found(t1=3e-5), 0, "")
    store.commit(found(t1=4e-5, t2=2e-5), 1, "")
    assert store.revert(1) == 3
    assert store.snapshot().estimates == store.snapshot(1).estimates
    assert store.findings() == store.findings(1)
    assert store.diff(1, 3) == ()
    assert [one.estimate.value for one in store.history("q0.t1")] == [3e-5, 4e-5]
    assert store.revert(0) == 4
    assert dict(store.snapshot()) == {}


def test_applying_an_older_snapshot_keeps_what_it_does_not_know(store, found):
    store.commit(found(t1=3e-5), 0, "")
    store.commit(found(t1=4e-5, t2=2e-5), 1, "")
    store.apply(1)
    assert dict(store.snapshot()) == {"q0.t1": 3e-5, "q0.t2": 2e-5}


def test_what_a_person_sets_is_marked_as_set_by_hand_and_the_rest_keeps_its_provenance(store, found):
    store.commit(found(t1=3e-5, t2=2e-5), 0, "")
    store.replace(store.snapshot().replaced({"q0.t2": Estimate(1e-5, unit="s")}), reason="from a file", author="me")
    assert {name: (one.status, one.snapshot) for name, one in store.findings().items()} == {
        "q0.t1": ("accepted", 1),
        "q0.t2": ("manual", 2),
    }


def test_a_difference_names_what_came_went_and_changed(store, found):
    store.commit(found(t1=3e-5, t2=2e-5), 0, "")
    store.commit(found(t1=4e-5), 1, "")
    store.replace(store.snapshot().replaced({"q0.x": Estimate(0.0)}), reason="test")
    changes = {change.name: (change.before, change.after) for change in store.diff(1)}
    assert changes["q0.x"] == (None, Estimate(0.0))
    assert [known.value for known in changes["q0.t1"]] == [3e-5, 4e-5]
    assert set(changes) == {"q0.t1", "q0.x"}


def test_laboratories_share_a_file_and_nothing_else(store, found):
    store.commit(found(t1=3e-5), 0, "")
    with ParameterStore.open(store.path, "ideal20") as other:
        assert other.commit(found(t1=7e-5), 0, "") == 1
        assert len(other.history("q0.t1")) == 1
    assert store.snapshot()["q0.t1"] == 3e-5
    assert store.verify() == 4


def test_a_commit_on_an_old_parent_writes_nothing(store, found):
    store.commit(found(t1=3e-5), 0, "")
    with pytest.raises(LostRaceError, match="a snapshot that follows 0; allowed: one that follows 1"):
        store.commit(found(t1=4e-5), 0, "")
    assert (store.newest, len(store.history("q0.t1"))) == (1, 1)


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (Finding("t1", T1), "a parameter named 't1'; allowed: TARGET.QUANTITY"),
        (Finding("q0.t1\n", T1), "a parameter named"),
        (Finding("q0.t1", Estimate(math.nan, 1.0, "s")), "nan with error 1.0; allowed: a finite value"),
        (Finding("q0.t1", Estimate(math.inf, 1.0, "s")), "inf with error 1.0"),
        (Finding("q0.t1", Estimate(3e-5, -1.0, "s")), "error -1.0"),
        (Finding("q0.t1", Estimate(3e-5, math.nan, "s")), "error nan"),
        (Finding("q0.t1", Estimate(3e-5, 1e-6, "us")), "unit 'us'; allowed: the unit 's'"),
        (Finding("q0.t1", Estimate(3e-5, 1e-6, "s", math.nan)), "time nan"),
        (Finding("q0.t1", T1, Status.MANUAL), "manual without a word; allowed: a reason"),
        (Finding("q0.t1", T1, raw_data="abc"), "raw data 'abc'; allowed: 64 hex"),
        (Finding("q0.t1", T1, covariance={"q0.t2": math.inf}), "allowed: finite covariances"),
        (Finding("q0.t1", T1, judge="\ud800"), "lone surrogates"),
    ],
)
def test_what_cannot_be_believed_is_refused_whole(store, found, finding, said):
    with pytest.raises(ParameterError, match=said):
        store.commit((*found(t2=1e-5), finding), 0, "")
    assert store.newest == 0


def test_a_commit_needs_something_to_believe_and_each_parameter_once(store, found):
    bad = found(Status.REJECTED, "noise", t1=1.0)
    with pytest.raises(ParameterError, match="no change to commit"):
        store.commit(bad, 0, "")
    with pytest.raises(ParameterError, match="two values for one parameter"):
        store.commit((*found(t1=1.0), *found(t1=2.0)), 0, "")
    with pytest.raises(ParameterError, match="accepted; allowed: rejected"):
        store.record(found(t1=1.0))
    with pytest.raises(ParameterError, match="surrogates"):
        store.commit(found(t1=1.0), 0, "\ud800")


def test_questions_without_an_answer_are_told_what_there_is(store, found):
    with pytest.raises(ParameterError, match=r"found of 'q0\.t3': the store is empty; run qctl calibrate"):
        store.history("q0.t3")
    store.commit(found(t1=3e-5), 0, "")
    with pytest.raises(ParameterError, match=r"ever found of 'q0\.t3'; allowed: one of 1 parameters, such as q0\.t1"):
        store.history("q0.t3")
    with pytest.raises(ParameterError, match="transmon5: snapshot 2; allowed: 0 to 1"):
        store.snapshot(2)


def test_a_file_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "qctl.sqlite").write_bytes(b"something else" * 1000)
    with pytest.raises(StoreError, match="is no database"):
        ParameterStore.open(tmp_path, "transmon5")
