"""Result files never change, and never give bytes that are not theirs."""

import hashlib
import os
import stat

import pytest

from qctl.jobs.errors import DamagedError
from qctl.jobs.results import ResultFiles

DATA = b"counts of a run" * 100


@pytest.fixture
def files(tmp_path):
    return ResultFiles(tmp_path)


def test_what_is_kept_is_read(files):
    sha256 = files.keep(DATA)
    assert sha256 == hashlib.sha256(DATA).hexdigest()
    assert files.read(sha256) == DATA
    assert stat.S_IMODE(files.path(sha256).stat().st_mode) == 0o444
    assert files.path(sha256).stat().st_nlink == 1
    assert files.keep(DATA) == sha256
    assert list(files.kept()) == [sha256]


def test_a_flipped_bit_or_a_cut_gives_an_error_not_bytes(files):
    sha256 = files.keep(DATA)
    path = files.path(sha256)
    path.chmod(0o644)
    for spoiled in (b"X" + DATA[1:], DATA[:-1], b""):
        path.write_bytes(spoiled)
        with pytest.raises(DamagedError, match="holds something else"):
            files.read(sha256)


def test_a_link_in_the_place_of_a_result_is_not_followed(files, tmp_path):
    sha256 = files.keep(DATA)
    other = tmp_path / "other"
    other.write_bytes(DATA)
    files.path(sha256).unlink()
    files.path(sha256).symlink_to(other)
    with pytest.raises(DamagedError, match="cannot be read"):
        files.read(sha256)


@pytest.mark.parametrize("name", ["", "..", "../" * 3 + "etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 63 + "\n"])
def test_no_name_but_a_hash_is_looked_for(files, name):
    with pytest.raises(DamagedError, match="is no hash"):
        files.read(name)


def test_what_a_dead_process_left_is_swept(files):
    (files.folder / "new-abc").write_bytes(b"half")
    sha256 = files.keep(DATA)
    assert files.sweep() == 1
    assert files.read(sha256) == DATA


def test_a_file_is_flushed_before_it_gets_its_name_and_its_folder_after(files, monkeypatch):
    seen = []
    flushed, linked = os.fsync, type(files.folder).hardlink_to

    def fsync(handle):
        seen.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        flushed(handle)

    def link(path, target):
        seen.append("link")
        linked(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(type(files.folder), "hardlink_to", link)
    files.keep(DATA)
    assert seen == ["file", "link", "folder", "folder"]
