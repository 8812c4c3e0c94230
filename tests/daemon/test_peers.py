"""Whoever opens the local socket is known by the account that the kernel names; no secret is asked for."""

import os

import pytest

from qctl.daemon.auth import Peers


@pytest.mark.parametrize("others", ["viewer", "user", "operator"])
def test_the_own_account_and_root_administrate_and_others_have_the_role_that_was_chosen(others):
    peers = Peers(others)
    assert {peers.actor(uid).role for uid in (0, os.geteuid())} == {"admin"}
    stranger = peers.actor(4_000_000)
    assert (stranger.name, stranger.role) == ("uid4000000", others)
