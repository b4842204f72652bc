"""Who is who behind proxies, and that no address can be read from what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.http.clients import NOBODY, Clients
from tests.bot.http.serving import CLIENT, OTHER, PROXY, serving

KEY = b"k" * 32


def clients(*trusted: str) -> Clients:
    return Clients(KEY, [ip_network(network) for network in trusted])


def test_an_address_goes_by_a_keyed_hash() -> None:
    known = clients()
    assert known.of("203.0.113.7") == known.of("203.0.113.7")
    assert known.of("203.0.113.7") != known.of("203.0.113.8")
    assert known.of("203.0.113.7") != Clients(b"x" * 32, []).of("203.0.113.7")
    assert "203" not in known.of("203.0.113.7")


def test_a_line_with_ipv6_is_one_client_however_many_addresses_it_uses() -> None:
    known = clients()
    assert known.of("2001:db8:1:2::5") == known.of("2001:db8:1:2:ffff::9") != known.of("2001:db8:1:3::5")
    assert known.of("fe80::1%eth0") == known.of("fe80::2")


def test_ipv4_is_the_same_client_on_a_socket_of_both_kinds() -> None:
    known = clients("10.0.0.0/8")
    assert known.of("::ffff:203.0.113.7") == known.of("203.0.113.7")
    assert known.of("::ffff:10.1.2.3") == NOBODY


@pytest.mark.parametrize("host", [None, "", "unknown", "203.0.113.7:80", "/run/liuke.sock", "10.0.0.9"])
def test_who_cannot_be_told_from_others_is_nobody(host: str | None) -> None:
    assert clients("10.0.0.0/24").of(host) == NOBODY


@given(st.ip_addresses(v=4))
def test_no_two_ipv4_addresses_share_a_limit(address: object) -> None:
    assert clients().of(str(address)) != clients().of("192.0.2.1") or str(address) == "192.0.2.1"


async def who(known: Clients, peer: str, forwarded: Sequence[str] = ()) -> str:
    """The client that the site sees."""
    headers = [("X-Forwarded-For", value) for value in forwarded]
    transport = httpx.AsyncHTTPTransport(local_address=peer)
    async with serving(known) as port, httpx.AsyncClient(transport=transport) as browser:
        return (await browser.get(f"http://127.0.0.1:{port}/who", headers=headers)).text


async def test_a_trusted_proxy_is_believed_about_the_last_hop_alone() -> None:
    known = clients(PROXY, "172.18.0.0/16")
    visitor = known.of("203.0.113.7")
    assert await who(known, PROXY, ["203.0.113.7"]) == visitor
    # What a client claims to be stands before what the proxy saw.
    assert await who(known, PROXY, ["198.51.100.1, 203.0.113.7"]) == visitor
    assert await who(known, PROXY, ["198.51.100.1", "203.0.113.7"]) == visitor
    assert await who(known, PROXY, ["198.51.100.1, 203.0.113.7, 172.18.0.5"]) == visitor


async def test_nobody_else_is_believed() -> None:
    known = clients(PROXY)
    assert await who(known, CLIENT, ["203.0.113.7"]) == known.of(CLIENT)
    assert await who(known, CLIENT) == known.of(CLIENT) != known.of(OTHER)


async def test_a_proxy_that_names_nobody_locks_nobody_out() -> None:
    assert await who(clients(PROXY), PROXY) == NOBODY
