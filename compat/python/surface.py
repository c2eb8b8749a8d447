# SPDX-License-Identifier: Apache-2.0
"""Counts which public methods of the library were called; what was not is a failure."""

import inspect

import etcd3
import etcd3.leases
import etcd3.locks
import etcd3.members
import etcd3.transactions
import etcd3.watch

calls = {}

# Called by the library itself, in whatever a user calls: their work is seen there.
INNER = {"build_message", "build_compare", "iterator", "add_callback"}


def counted(name, function):
    calls[name] = 0

    def call(*args, **kwargs):
        calls[name] += 1
        return function(*args, **kwargs)

    return call


def watch_over():
    for cls in (
        etcd3.Etcd3Client,
        etcd3.leases.Lease,
        etcd3.locks.Lock,
        etcd3.members.Member,
        etcd3.watch.Watcher,
    ):
        for name, value in list(vars(cls).items()):
            if name.startswith("_") or name in INNER:
                continue
            full = f"{cls.__name__}.{name}"
            if inspect.isfunction(value):
                setattr(cls, name, counted(full, value))
            elif isinstance(value, property):
                setattr(cls, name, property(counted(full, value.fget)))
    for cls in vars(etcd3.transactions).values():
        if inspect.isclass(cls) and cls is not etcd3.transactions.BaseCompare:
            cls.__init__ = counted(f"transactions.{cls.__name__}", cls.__init__)


def never_called():
    return [name for name, count in calls.items() if count == 0]
