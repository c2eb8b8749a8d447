#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's python3-etcd3 through its public surface; one member is killed on the way."""

import io
import os
import subprocess
import sys
import threading
import time

import etcd3
import surface


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
    said = client.put("py/leased", "1", lease=client.lease(30), prev_kv=True)
    assert said.header.revision > 0 and not said.HasField("prev_kv")
    said = client.delete("py/leased", prev_kv=True, return_response=True)
    assert said.deleted == 1 and said.prev_kvs[0].value == b"1", said
    assert client.delete_prefix("py/").deleted == 1


def answers(client):
    for number in range(4):
        client.put(f"py/r/{number}", str(9 - number))
    whole = client.get_prefix_response("py/r/", sort_order="ascend", sort_target="value")
    assert [pair.value for pair in whole.kvs] == [b"6", b"7", b"8", b"9"], whole
    for target, first in (("version", None), ("create", b"9"), ("mod", b"9"), ("key", b"9")):
        got = client.get_prefix("py/r/", sort_order="ascend", sort_target=target)
        assert first is None or next(got)[0] == first, target
    bare = client.get_prefix_response("py/r/", keys_only=True)
    assert bare.count == 4 and not bare.kvs[0].value, bare
    part = client.get_range_response("py/r/1", "py/r/3", sort_order="descend")
    assert [pair.key for pair in part.kvs] == [b"py/r/2", b"py/r/1"], part
    assert client.get_all_response(keys_only=True).count >= 4
    assert client.get("py/r/0", serializable=True)[0] == b"9"
    client.delete_prefix("py/r/")


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
    named = client.lease(45, lease_id=4711)
    assert named.id == 4711 and client.get_lease_info(4711).grantedTTL == 45
    assert [answer.TTL for answer in client.refresh_lease(4711)] == [45]
    try:
        client.lease(45, lease_id=4711)
        raise AssertionError("the same lease twice")
    except etcd3.exceptions.PreconditionFailedError:
        pass
    client.revoke_lease(4711)
    assert client.get_lease_info(4711).TTL == -1
    assert [answer.TTL for answer in client.refresh_lease(4711)] == [0]


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


def later(deed):
    thread = threading.Timer(0.2, deed)
    thread.start()
    return thread


def kinds_of_watches(client):
    client.put("py/v/0", "old")
    since = client.get("py/v/0")[1].mod_revision
    called = []
    watch = client.add_watch_callback("py/v/0", called.append, start_revision=since)
    other = client.add_watch_callback("py/v/", called.append, range_end="py/v0")
    client.cancel_watch(other)
    for begun, key in (
        (client.watch_response("py/v/0", start_revision=since), b"py/v/0"),
        (client.watch_prefix_response("py/v/", start_revision=since), b"py/v/0"),
    ):
        answers, cancel = begun
        answer = next(answers)
        assert answer.events[0].key == key and answer.header.revision >= since, answer
        cancel()
    events, cancel = client.watch_prefix("py/v/", start_revision=since, prev_kv=True)
    client.put("py/v/0", "new")
    assert [next(events).value, next(events).value] == [b"old", b"new"]
    cancel()
    # The library cannot say filters: it assigns what protobuf wants to be extended.
    # A put that comes when it watches, since these four begin with what is to come.
    for number, once in enumerate((client.watch_once, client.watch_once_response)):
        writer = later(lambda number=number: client.put("py/v/1", str(number)))
        got = once("py/v/1", timeout=10)
        assert getattr(got, "events", [got])[0].value == str(number).encode(), got
        writer.join()
    for number, once in enumerate((client.watch_prefix_once, client.watch_prefix_once_response)):
        writer = later(lambda number=number: client.put(f"py/v/2{number}", "1"))
        got = once("py/v/2", timeout=10)
        assert getattr(got, "events", [got])[0].key == f"py/v/2{number}".encode(), got
        writer.join()
    try:
        client.watch_once("py/v/never", timeout=0.3)
        raise AssertionError("an event of nothing")
    except etcd3.exceptions.WatchTimedOut:
        pass
    client.cancel_watch(watch)
    assert called and called[0].events[0].value == b"old", called


def compaction(client):
    client.put("py/c", "1")
    _, about = client.get("py/c")
    client.put("py/c", "2")
    client.compact(about.response_header.revision, physical=True)
    try:
        next(client.watch("py/c", start_revision=1)[0])
        raise AssertionError("a watch of what is compacted")
    except etcd3.exceptions.RevisionCompactedError as error:
        assert error.compacted_revision == about.response_header.revision, error
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
    assert [answer.TTL for answer in one.refresh()] == [30]
    assert one.release()
    assert other.acquire() and other.release()
    with client.lock("py/lock", ttl=30) as held:
        assert held.is_acquired()
    assert client.get(one.key) == (None, None)


def cluster(client):
    members = list(client.members)
    assert len(members) == 3 and all(member.name for member in members), members
    status = client.status()
    assert status.version and status.leader is not None and status.db_size >= 0
    assert list(client.list_alarms()) == []
    client.defragment()
    assert client.hash() is not None
    whole = io.BytesIO()
    client.snapshot(whole)
    assert len(whole.getvalue()) > 1000 and len(whole.getvalue()) % 512 == 32, "no sum at its end"


def alarms(client):
    number = next(iter(client.members)).id
    made = client.create_alarm(number)
    assert [alarm.member_id for alarm in made] == [number], made
    assert [alarm.member_id for alarm in client.list_alarms(alarm_type="no space")] == [number]
    alarmed = [list(member.active_alarms) for member in client.members]
    assert any(alarmed), alarmed
    try:
        client.put("py/alarm", "1")
        raise AssertionError("a put without space")
    except AssertionError:
        raise
    except Exception as error:
        assert "database space exceeded" in str(error), error
    assert [alarm.member_id for alarm in client.disarm_alarm(number)] == [number]
    assert list(client.list_alarms()) == []
    insist(lambda: client.put("py/alarm", "1"))


def membership(client):
    added = client.add_member(["http://127.0.0.1:23799"])
    assert added.id and list(added.peer_urls) == ["http://127.0.0.1:23799"], added
    assert len(list(client.members)) == 4
    added.remove()
    others = [member for member in client.members if member.name != "n0"]
    others[0].update(list(others[0].peer_urls))  # what it has already
    client.update_member(others[1].id, list(others[1].peer_urls))
    again = insist(lambda: client.add_member(["http://127.0.0.1:23799"]))
    client.remove_member(again.id)
    assert len(list(client.members)) == 3
    try:
        client.remove_member(again.id)
        raise AssertionError("removed twice")
    except AssertionError:
        raise
    except Exception as error:
        assert "member not found" in str(error), error


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


def all_was_called():
    client = connect(sys.argv[1].split(",")[0])
    with client:
        client.status()
    try:
        client.status()
        raise AssertionError("it answers when it is closed")
    except ValueError:
        pass
    unknown = surface.never_called()
    assert not unknown, unknown
    print(f"{len(surface.calls)} methods were called")


def main():
    surface.watch_over()
    ports, member = sys.argv[1].split(","), sys.argv[2]
    client, third = connect(ports[0]), connect(ports[2])
    checks = [keys, answers, transactions, leases, watches, kinds_of_watches, compaction, locks]
    checks += [cluster, alarms, membership]
    checks = [(check.__name__, lambda check=check: check(client)) for check in checks]
    checks.append(("a_member_is_killed", lambda: a_member_is_killed(client, third, member)))
    checks.append(("all_was_called", all_was_called))
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
