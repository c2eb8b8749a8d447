#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's python3-etcd3 through its public surface; one member is killed on the way."""

import os
import subprocess
import sys
import threading
import time

import etcd3


def connect(port):
    return etcd3.client(host="127.0.0.1", port=int(port), timeout=10)


def keys(client):
    client.put("py/a", "1")
    client.put("py/a", "2", prev_kv=True)
    client.put("py/b", "3")
    value, about = client.get("py/a")
    assert value == b"2" and about.version == 2, (value, about)
    assert client.get("py/none") == (None, None)
    found = list(client.get_prefix("py/", sort_order="descend", sort_target="key"))
    assert [value for value, _ in found] == [b"3", b"2"], found
    assert len(list(client.get_range("py/a", "py/b"))) == 1
    assert len(list(client.get_all())) >= 2
    assert client.get_response("py/a", serializable=True).count == 1
    assert client.put_if_not_exists("py/a", "9") is False
    assert client.replace("py/a", "2", "4") is True
    assert client.replace("py/a", "2", "5") is False
    assert client.delete("py/b") is True and client.delete("py/b") is False
    assert client.delete_prefix("py/").deleted == 1


def transactions(client):
    what = client.transactions
    done, said = client.transaction(
        compare=[what.version("py/t") == 0, what.value("py/none") != "1"],
        success=[what.put("py/t", "1")],
        failure=[what.get("py/t")],
    )
    assert not done and said[0] == [], said  # there is no value that could be compared
    done, said = client.transaction(
        compare=[what.create("py/t") == 0, what.mod("py/t") < 1],
        success=[what.put("py/t", "1"), what.get("py/t")],
        failure=[],
    )
    assert done and said[1][0][0] == b"1", said
    done, said = client.transaction(
        compare=[what.value("py/t") == "1"],
        success=[what.txn([what.version("py/t") > 0], [what.delete("py/t")], [])],
        failure=[],
    )
    assert done and client.get("py/t") == (None, None)


def leases(client):
    lease = client.lease(60)
    client.put("py/lease", "1", lease=lease)
    assert lease.granted_ttl == 60 and 50 < lease.remaining_ttl <= 60
    assert lease.keys == [b"py/lease"], lease.keys
    assert [answer.TTL for answer in lease.refresh()] == [60]
    lease.revoke()
    assert client.get("py/lease") == (None, None)


def watches(client):
    seen, full = [], threading.Event()

    def note(response):
        seen.extend(response.events)
        if len(seen) >= 51:
            full.set()

    watch = client.add_watch_prefix_callback("py/w/", note)
    for number in range(50):
        client.put(f"py/w/{number:02}", str(number))
    client.delete("py/w/00")
    assert full.wait(10), len(seen)
    assert [event.value for event in seen[:50]] == [str(number).encode() for number in range(50)]
    assert isinstance(seen[50], etcd3.events.DeleteEvent)
    client.cancel_watch(watch)
    events, cancel = client.watch("py/once")
    client.put("py/once", "1")
    assert next(events).value == b"1"
    cancel()


def compaction(client):
    client.put("py/c", "1")
    _, about = client.get("py/c")
    client.put("py/c", "2")
    client.compact(about.response_header.revision, physical=True)
    try:
        client.compact(about.response_header.revision)
    except etcd3.exceptions.Etcd3Exception:
        return
    except Exception as error:  # the library does not know this one
        assert "compacted" in str(error), error
        return
    raise AssertionError("compacted twice")


def locks(client):
    one, other = client.lock("py/lock", ttl=30), client.lock("py/lock", ttl=30)
    # One after the other: with Debian's tenacity, the library breaks where a lock is held.
    assert one.acquire() and one.is_acquired()
    assert not other.is_acquired()
    assert one.release()
    assert other.acquire() and other.release()


def cluster(client):
    members = list(client.members)
    assert len(members) == 3 and all(member.name for member in members), members
    status = client.status()
    assert status.version and status.leader is not None and status.db_size >= 0
    assert list(client.list_alarms()) == []
    client.defragment()
    assert client.hash() is not None


def insist(deed):
    for _ in range(200):
        try:
            return deed()
        except etcd3.exceptions.Etcd3Exception as error:
            failure = error
            time.sleep(0.05)
    raise failure


def a_member_is_killed(client, third, member):
    for number in range(100):
        if number == 30:
            subprocess.check_call([member, "kill", "2"])
        insist(lambda number=number: client.put(f"py/k/{number:03}", "1"))
    subprocess.check_call([member, "start", "2"])
    assert insist(lambda: len(list(third.get_prefix("py/k/")))) == 100


def main():
    ports, member = sys.argv[1].split(","), sys.argv[2]
    client, third = connect(ports[0]), connect(ports[2])
    checks = [keys, transactions, leases, watches, compaction, locks, cluster]
    checks = [(check.__name__, lambda check=check: check(client)) for check in checks]
    checks.append(("a_member_is_killed", lambda: a_member_is_killed(client, third, member)))
    failed = False
    for name, check in checks:
        try:
            check()
            print("ok", name, flush=True)
        except Exception as error:
            failed = True
            print(f"FAILED {name}: {type(error).__name__} {error}", flush=True)
    os._exit(1 if failed else 0)  # its threads of watches do not end


main()
