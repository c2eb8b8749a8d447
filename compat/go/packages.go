// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	recipe "go.etcd.io/etcd/client/v3/experimental/recipes"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/client/v3/leasing"
	"go.etcd.io/etcd/client/v3/mirror"
	"go.etcd.io/etcd/client/v3/namespace"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"go.etcd.io/etcd/client/v3/naming/resolver"
	"go.etcd.io/etcd/client/v3/ordering"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
)

// What each wrapper of a KV has to do with a key of its own.
func play(ctx context.Context, kv clientv3.KV) error {
	var f facts
	if _, err := kv.Put(ctx, "p/a", "1"); err != nil {
		return err
	}
	got, err := kv.Get(ctx, "p/", clientv3.WithPrefix())
	if err != nil {
		return err
	}
	f.hold("a range", got.Count == 1 && string(got.Kvs[0].Key) == "p/a")
	exists := clientv3.Compare(clientv3.Version("p/a"), ">", 0)
	done, err := kv.Txn(ctx).If(exists).Then(clientv3.OpGet("p/a"), clientv3.OpPut("p/b", "2")).Else(clientv3.OpGet("p/b")).Commit()
	if err != nil {
		return err
	}
	f.hold("a transaction", done.Succeeded && string(done.Responses[0].GetResponseRange().Kvs[0].Key) == "p/a")
	r, err := kv.Do(ctx, clientv3.OpGet("p/b"))
	if err != nil {
		return err
	}
	f.hold("an operation", r.Get().Count == 1)
	gone, err := kv.Delete(ctx, "p/", clientv3.WithPrefix())
	if err != nil {
		return err
	}
	f.hold("a deletion", gone.Deleted == 2)
	return f.err()
}

func namespaces(ctx context.Context, c *clientv3.Client) error {
	var f facts
	kv := namespace.NewKV(c.KV, "space/")
	if err := play(ctx, kv); err != nil {
		return err
	}
	watch := namespace.NewWatcher(clientv3.NewWatcher(c), "space/")
	lease := namespace.NewLease(c.Lease, "space/")
	g, err := lease.Grant(ctx, 60)
	if err != nil {
		return err
	}
	put, err := kv.Put(ctx, "leased", "1", clientv3.WithLease(g.ID))
	if err != nil {
		return err
	}
	left, err := lease.TimeToLive(ctx, g.ID, clientv3.WithAttachedKeys())
	if err != nil {
		return err
	}
	f.hold("its keys, without the name", len(left.Keys) == 1 && string(left.Keys[0]) == "leased")
	r := <-watch.Watch(ctx, "leased", clientv3.WithRev(put.Header.Revision))
	f.hold("an event, without the name", len(r.Events) == 1 && string(r.Events[0].Kv.Key) == "leased")
	_, err = lease.Revoke(ctx, g.ID)
	return errors.Join(f.err(), err, watch.Close())
}

func orders(ctx context.Context, c *clientv3.Client) error {
	kv := ordering.NewKV(c.KV, ordering.NewOrderViolationSwitchEndpointClosure(c))
	if err := play(ctx, kv); err != nil {
		return err
	}
	_, err := kv.Get(ctx, "p/a", clientv3.WithSerializable())
	return err
}

func leasedKeys(ctx context.Context, c *clientv3.Client) error {
	one, closeOne, err := leasing.NewKV(c, "leasing/")
	if err != nil {
		return err
	}
	defer closeOne()
	other, closeOther, err := leasing.NewKV(c, "leasing/")
	if err != nil {
		return err
	}
	defer closeOther()
	if err := play(ctx, one); err != nil {
		return err
	}
	var f facts
	for i := range 5 { // the key is owned by who reads it, and taken from them by who writes
		wanted := fmt.Sprint(i)
		if _, err := one.Put(ctx, "owned", wanted); err != nil {
			return err
		}
		for _, kv := range []clientv3.KV{one, other} {
			r, err := kv.Get(ctx, "owned")
			if err != nil {
				return err
			}
			f.hold("an old value", len(r.Kvs) == 1 && string(r.Kvs[0].Value) == wanted)
		}
	}
	revision, err := other.Get(ctx, "owned")
	if err != nil {
		return err
	}
	_, err = other.Compact(ctx, revision.Header.Revision)
	return errors.Join(f.err(), err)
}

func mirrors(ctx context.Context, c *clientv3.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if _, err := c.Put(ctx, "mirror/a", "1"); err != nil {
		return err
	}
	s := mirror.NewSyncer(c, "mirror/", 0)
	base, failed := s.SyncBase(ctx)
	copied := 0
	for part := range base {
		copied += len(part.Kvs)
	}
	if err := <-failed; err != nil {
		return err
	}
	updates := s.SyncUpdates(ctx)
	if _, err := c.Put(ctx, "mirror/b", "2"); err != nil {
		return err
	}
	r := <-updates
	return must("all of it, and what comes", copied == 1 && len(r.Events) == 1 && string(r.Events[0].Kv.Key) == "mirror/b")
}

// What the members of a service say of themselves, and a grpc client that finds one of them so.
func naming(ctx context.Context, c *clientv3.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var f facts
	m, err := endpoints.NewManager(c, "service")
	if err != nil {
		return err
	}
	changes, err := m.NewWatchChannel(ctx)
	if err != nil {
		return err
	}
	address := c.Endpoints()[0][len("http://"):]
	if err := m.AddEndpoint(ctx, "service/1", endpoints.Endpoint{Addr: address}); err != nil {
		return err
	}
	for seen := false; !seen; {
		for _, u := range <-changes {
			seen = seen || (u.Op == endpoints.Add && u.Endpoint.Addr == address)
		}
	}
	builder, err := resolver.NewBuilder(c)
	if err != nil {
		return err
	}
	connection, err := grpc.DialContext(ctx, "etcd:///service", grpc.WithResolvers(builder), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	health, err := healthpb.NewHealthClient(connection).Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return err
	}
	f.hold("found, and it serves", health.Status == healthpb.HealthCheckResponse_SERVING)
	if err := m.Update(ctx, []*endpoints.UpdateWithOpts{
		endpoints.NewAddUpdateOpts("service/2", endpoints.Endpoint{Addr: "b:1"}),
		endpoints.NewDeleteUpdateOpts("service/1"),
	}); err != nil {
		return err
	}
	list, err := m.List(ctx)
	if err != nil {
		return err
	}
	f.hold("one instead of the other", len(list) == 1 && list["service/2"].Addr == "b:1")
	return errors.Join(f.err(), m.DeleteEndpoint(ctx, "service/2"))
}

// Queues, barriers and locks that are made of keys.
func recipes(ctx context.Context, c *clientv3.Client) error {
	var f facts
	q, pq := recipe.NewQueue(c, "queue"), recipe.NewPriorityQueue(c, "priorities")
	for i, item := range []string{"a", "b", "c"} {
		if err := errors.Join(q.Enqueue(item), pq.Enqueue(item, uint16(9-i))); err != nil {
			return err
		}
	}
	got := ""
	for _, take := range []func() (string, error){q.Dequeue, q.Dequeue, q.Dequeue, pq.Dequeue, pq.Dequeue, pq.Dequeue} {
		item, err := take()
		if err != nil {
			return err
		}
		got += item
	}
	f.hold("in their order: "+got, got == "abccba")
	barrier := recipe.NewBarrier(c, "barrier")
	if err := barrier.Hold(); err != nil {
		return err
	}
	through := make(chan error, 1)
	go func() { through <- recipe.NewBarrier(c, "barrier").Wait() }()
	select {
	case <-through:
		f.hold("nobody waits at the barrier", false)
	case <-time.After(200 * time.Millisecond):
		if err := errors.Join(barrier.Release(), <-through); err != nil {
			return err
		}
	}
	one, other, err := twoSessions(c)
	if err != nil {
		return err
	}
	defer one.Close()
	defer other.Close()
	var group sync.WaitGroup
	both := make([]error, 2)
	for i, s := range []*concurrency.Session{one, other} {
		group.Add(1)
		go func() {
			defer group.Done()
			b := recipe.NewDoubleBarrier(s, "double", 2)
			both[i] = errors.Join(b.Enter(), b.Leave())
		}()
	}
	group.Wait()
	if err := errors.Join(both...); err != nil {
		return err
	}
	readers := []*recipe.RWMutex{recipe.NewRWMutex(one, "rw"), recipe.NewRWMutex(other, "rw")}
	if err := errors.Join(readers[0].RLock(), readers[1].RLock()); err != nil {
		return err
	}
	if err := errors.Join(readers[0].RUnlock(), readers[1].RUnlock()); err != nil {
		return err
	}
	writer := recipe.NewRWMutex(one, "rw")
	if err := errors.Join(writer.Lock(), writer.Unlock()); err != nil {
		return err
	}
	p, err := c.Put(ctx, "event", "1")
	if err != nil {
		return err
	}
	puts := []mvccpb.Event_EventType{mvccpb.PUT}
	e, err := recipe.WaitEvents(c, "event", p.Header.Revision, puts)
	if err != nil {
		return err
	}
	g, err := recipe.WaitPrefixEvents(c, "eve", p.Header.Revision, puts)
	if err != nil {
		return err
	}
	f.hold("an event", string(e.Kv.Value) == "1" && string(g.Kv.Value) == "1")
	return f.err()
}

// What package concurrency has beside what is tried above.
func sessions(ctx context.Context, c *clientv3.Client) error {
	var f facts
	g, err := c.Grant(ctx, 60)
	if err != nil {
		return err
	}
	s, err := concurrency.NewSession(c, concurrency.WithLease(g.ID), concurrency.WithContext(ctx))
	if err != nil {
		return err
	}
	f.hold("its lease", s.Lease() == g.ID && s.Client() == c)
	m := concurrency.NewMutex(s, "owner")
	if err := m.Lock(ctx); err != nil {
		return err
	}
	held, err := c.Txn(ctx).If(m.IsOwner()).Then(clientv3.OpGet(m.Key())).Commit()
	if err != nil {
		return err
	}
	f.hold("it is the owner", held.Succeeded && m.Header().Revision > 0)
	if err := m.Unlock(ctx); err != nil {
		return err
	}
	locker := concurrency.NewLocker(s, "locker")
	locker.Lock()
	locker.Unlock()
	e := concurrency.NewElection(s, "resumed")
	if err := e.Campaign(ctx, "1"); err != nil {
		return err
	}
	f.hold("where it stands", e.Header().Revision >= e.Rev())
	again := concurrency.ResumeElection(s, "resumed", e.Key(), e.Rev())
	if err := errors.Join(again.Proclaim(ctx, "2"), again.Resign(ctx)); err != nil {
		return err
	}
	_, nobody := again.Leader(ctx)
	f.hold("nobody leads", errors.Is(nobody, concurrency.ErrElectionNoLeader))
	for _, stm := range []func(context.Context, *clientv3.Client, func(concurrency.STM) error) (*clientv3.TxnResponse, error){
		concurrency.NewSTMRepeatable, concurrency.NewSTMSerializable, concurrency.NewSTMReadCommitted,
	} {
		_, err := stm(ctx, c, func(t concurrency.STM) error {
			t.Get("memory/a")
			t.Put("memory/a", "1")
			t.Del("memory/b")
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, level := range []concurrency.Isolation{concurrency.SerializableSnapshot, concurrency.RepeatableReads} {
		_, err := concurrency.NewSTM(c, func(t concurrency.STM) error {
			f.hold("what it read", t.Get("memory/a") == "1" && t.Rev("memory/a") > 0)
			return nil
		}, concurrency.WithPrefetch("memory/a"), concurrency.WithIsolation(level))
		if err != nil {
			return err
		}
	}
	s.Orphan()
	<-s.Done()
	left, err := c.TimeToLive(ctx, g.ID)
	if err != nil {
		return err
	}
	f.hold("the lease outlives the session", left.TTL > 0)
	return f.err()
}

// The few calls that Kubernetes wants.
func asKubernetes(ctx context.Context, c *clientv3.Client) error {
	var f facts
	k, err := kubernetes.New(clientv3.Config{Endpoints: c.Endpoints()})
	if err != nil {
		return err
	}
	defer k.Close()
	made, err := k.Kubernetes.OptimisticPut(ctx, "pods/a", []byte("1"), 0, kubernetes.PutOptions{})
	if err != nil {
		return err
	}
	lost, err := k.Kubernetes.OptimisticPut(ctx, "pods/a", []byte("2"), made.Revision-1, kubernetes.PutOptions{GetOnFailure: true})
	if err != nil {
		return err
	}
	f.hold("only one", made.Succeeded && !lost.Succeeded && string(lost.KV.Value) == "1")
	one, err := k.Kubernetes.Get(ctx, "pods/a", kubernetes.GetOptions{Revision: made.Revision})
	if err != nil {
		return err
	}
	if _, err := k.Put(ctx, "pods/b", "2"); err != nil {
		return err
	}
	page, err := k.Kubernetes.List(ctx, "pods/", kubernetes.ListOptions{Limit: 1})
	if err != nil {
		return err
	}
	next, err := k.Kubernetes.List(ctx, "pods/", kubernetes.ListOptions{Revision: page.Revision, Limit: 1, Continue: string(page.Kvs[0].Key) + "\x00"})
	if err != nil {
		return err
	}
	count, err := k.Kubernetes.Count(ctx, "pods/", kubernetes.CountOptions{})
	if err != nil {
		return err
	}
	f.hold("pages", string(one.KV.Value) == "1" && page.Count == 2 && len(next.Kvs) == 1 && string(next.Kvs[0].Key) == "pods/b" && count == 2)
	gone, err := k.Kubernetes.OptimisticDelete(ctx, "pods/a", made.Revision, kubernetes.DeleteOptions{GetOnFailure: true})
	if err != nil {
		return err
	}
	f.hold("deleted", gone.Succeeded)
	return f.err()
}
