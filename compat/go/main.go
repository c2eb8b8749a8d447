// SPDX-License-Identifier: Apache-2.0

// The official Go client and its concurrency package, through their public surface, against a
// cluster of which one member is killed on the way.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

type check struct {
	name string
	run  func(context.Context, *clientv3.Client) error
}

// must(what, ok): a sentence for what does not hold.
func must(what string, ok bool) error {
	if ok {
		return nil
	}
	return errors.New(what)
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func keys(ctx context.Context, c *clientv3.Client) error {
	p, err := c.Put(ctx, "kv/a", "1")
	if err != nil {
		return err
	}
	p2, err := c.Put(ctx, "kv/a", "2", clientv3.WithPrevKV())
	if err != nil {
		return err
	}
	for _, k := range []string{"b", "c", "d"} {
		if _, err := c.Put(ctx, "kv/"+k, k); err != nil {
			return err
		}
	}
	old, err := c.Get(ctx, "kv/a", clientv3.WithRev(p.Header.Revision))
	if err != nil {
		return err
	}
	some, err := c.Get(ctx, "kv/", clientv3.WithPrefix(), clientv3.WithLimit(2),
		clientv3.WithSort(clientv3.SortByModRevision, clientv3.SortDescend))
	if err != nil {
		return err
	}
	count, err := c.Get(ctx, "kv/", clientv3.WithPrefix(), clientv3.WithCountOnly(), clientv3.WithSerializable())
	if err != nil {
		return err
	}
	last, err := c.Get(ctx, "kv/", clientv3.WithLastKey()...)
	if err != nil {
		return err
	}
	_, future := c.Get(ctx, "kv/a", clientv3.WithRev(p2.Header.Revision+1000))
	_, empty := c.Put(ctx, "", "x")
	d, err := c.Delete(ctx, "kv/", clientv3.WithPrefix(), clientv3.WithPrevKV())
	if err != nil {
		return err
	}
	return first(
		must("the value before", string(p2.PrevKv.Value) == "1"),
		must("an old value", string(old.Kvs[0].Value) == "1" && old.Header.Revision > p.Header.Revision),
		must("two of four, the newest first", len(some.Kvs) == 2 && some.More && some.Count == 4 && string(some.Kvs[0].Key) == "kv/d"),
		must("a count", count.Count == 4 && len(count.Kvs) == 0),
		must("the last key", string(last.Kvs[0].Key) == "kv/d"),
		must("a revision to come is an error of its own", errors.Is(future, rpctypes.ErrFutureRev)),
		must("an empty key is an error of its own", errors.Is(empty, rpctypes.ErrEmptyKey)),
		must("what was deleted", d.Deleted == 4 && len(d.PrevKvs) == 4))
}

func transactions(ctx context.Context, c *clientv3.Client) error {
	absent := clientv3.Compare(clientv3.CreateRevision("txn/a"), "=", 0)
	made, err := c.Txn(ctx).If(absent).Then(clientv3.OpPut("txn/a", "1")).Else(clientv3.OpGet("txn/a")).Commit()
	if err != nil {
		return err
	}
	again, err := c.Txn(ctx).If(absent).Then(clientv3.OpPut("txn/a", "2")).
		Else(clientv3.OpGet("txn/a"), clientv3.OpTxn(
			[]clientv3.Cmp{clientv3.Compare(clientv3.Value("txn/a"), "=", "1")},
			[]clientv3.Op{clientv3.OpPut("txn/b", "nested")}, nil)).Commit()
	if err != nil {
		return err
	}
	_, twice := c.Txn(ctx).Then(clientv3.OpPut("x", "1"), clientv3.OpPut("x", "2")).Commit()
	many := make([]clientv3.Op, 129)
	for i := range many {
		many[i] = clientv3.OpGet("x")
	}
	_, too := c.Txn(ctx).Then(many...).Commit()
	return first(
		must("made", made.Succeeded),
		must("not made again", !again.Succeeded && string(again.Responses[0].GetResponseRange().Kvs[0].Value) == "1"),
		must("nested", again.Responses[1].GetResponseTxn().Succeeded),
		must("a key twice", errors.Is(twice, rpctypes.ErrDuplicateKey)),
		must("too many operations", errors.Is(too, rpctypes.ErrTooManyOps)))
}

func compaction(ctx context.Context, c *clientv3.Client) error {
	var revision int64
	for i := range 3 {
		p, err := c.Put(ctx, "compact", fmt.Sprint(i))
		if err != nil {
			return err
		}
		revision = p.Header.Revision
	}
	if _, err := c.Compact(ctx, revision, clientv3.WithCompactPhysical()); err != nil {
		return err
	}
	_, gone := c.Get(ctx, "compact", clientv3.WithRev(revision-1))
	_, twice := c.Compact(ctx, revision)
	w := <-c.Watch(ctx, "compact", clientv3.WithRev(revision-1))
	return first(
		must("an old revision is gone", errors.Is(gone, rpctypes.ErrCompacted)),
		must("so it is for who compacts", errors.Is(twice, rpctypes.ErrCompacted)),
		must("a watch of the past is told so", w.CompactRevision == revision && errors.Is(w.Err(), rpctypes.ErrCompacted)))
}

func watches(ctx context.Context, c *clientv3.Client) error {
	begin, err := c.Put(ctx, "w/a", "0")
	if err != nil {
		return err
	}
	all := c.Watch(ctx, "w/", clientv3.WithPrefix(), clientv3.WithRev(begin.Header.Revision), clientv3.WithPrevKV(), clientv3.WithCreatedNotify())
	deletes := c.Watch(ctx, "w/", clientv3.WithPrefix(), clientv3.WithFilterPut(), clientv3.WithFragment())
	if r := <-all; !r.Created {
		return errors.New("no notice that the watch is there")
	}
	const writes = 500
	go func() {
		for i := range writes {
			c.Put(ctx, "w/a", fmt.Sprint(i+1))
		}
		c.Delete(ctx, "w/a")
	}()
	seen := 0
	for seen < writes+2 {
		r, ok := <-all
		if !ok || r.Err() != nil {
			return fmt.Errorf("the watch ended: %v", r.Err())
		}
		for _, e := range r.Events {
			if e.Type == clientv3.EventTypePut && string(e.Kv.Value) != fmt.Sprint(seen) {
				return fmt.Errorf("event %d is %q", seen, e.Kv.Value)
			}
			if seen > 0 && (e.PrevKv == nil || string(e.PrevKv.Value) != fmt.Sprint(seen-1)) {
				return fmt.Errorf("event %d has not the value before", seen)
			}
			seen++
		}
	}
	if r := <-deletes; len(r.Events) != 1 || r.Events[0].Type != clientv3.EventTypeDelete {
		return errors.New("a filter lets puts through")
	}
	for {
		if err := c.RequestProgress(ctx); err != nil {
			return err
		}
		select {
		case r := <-all:
			return must("progress", r.IsProgressNotify())
		case <-time.After(time.Second):
		case <-ctx.Done():
			return errors.New("no progress")
		}
	}
}

func leases(ctx context.Context, c *clientv3.Client) error {
	g, err := c.Grant(ctx, 60)
	if err != nil {
		return err
	}
	if _, err := c.Put(ctx, "lease/a", "1", clientv3.WithLease(g.ID)); err != nil {
		return err
	}
	alive, err := c.KeepAlive(ctx, g.ID)
	if err != nil {
		return err
	}
	kept := <-alive
	once, err := c.KeepAliveOnce(ctx, g.ID)
	if err != nil {
		return err
	}
	left, err := c.TimeToLive(ctx, g.ID, clientv3.WithAttachedKeys())
	if err != nil {
		return err
	}
	list, err := c.Leases(ctx)
	if err != nil {
		return err
	}
	if _, err := c.Revoke(ctx, g.ID); err != nil {
		return err
	}
	got, err := c.Get(ctx, "lease/a")
	if err != nil {
		return err
	}
	_, unknown := c.KeepAliveOnce(ctx, g.ID)
	_, gone := c.Put(ctx, "lease/a", "1", clientv3.WithLease(g.ID))
	short, err := c.Grant(ctx, 1)
	if err != nil {
		return err
	}
	if _, err := c.Put(ctx, "lease/short", "1", clientv3.WithLease(short.ID)); err != nil {
		return err
	}
	r := <-c.Watch(ctx, "lease/short", clientv3.WithFilterPut())
	return first(
		must("kept alive", kept != nil && kept.TTL == 60 && once.TTL == 60),
		must("what is left", left.TTL > 50 && left.GrantedTTL == 60 && len(left.Keys) == 1),
		must("listed", len(list.Leases) > 0),
		must("its key is gone", got.Count == 0),
		must("an unknown lease is an error of its own", errors.Is(unknown, rpctypes.ErrLeaseNotFound) && errors.Is(gone, rpctypes.ErrLeaseNotFound)),
		must("a short lease ends by itself", len(r.Events) == 1))
}

func twoSessions(c *clientv3.Client) (*concurrency.Session, *concurrency.Session, error) {
	one, err := concurrency.NewSession(c)
	if err != nil {
		return nil, nil, err
	}
	other, err := concurrency.NewSession(c)
	if err != nil {
		one.Close()
		return nil, nil, err
	}
	return one, other, nil
}

func mutexes(ctx context.Context, c *clientv3.Client) error {
	var inside, sum int
	var group sync.WaitGroup
	failed := make(chan error, 8)
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			s, err := concurrency.NewSession(c, concurrency.WithTTL(30))
			if err != nil {
				failed <- err
				return
			}
			defer s.Close()
			m := concurrency.NewMutex(s, "mutex")
			for range 5 {
				if err := m.Lock(ctx); err != nil {
					failed <- err
					return
				}
				inside++
				if inside != 1 {
					failed <- errors.New("two have the lock")
				}
				sum++
				inside--
				if err := m.Unlock(ctx); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	group.Wait()
	close(failed)
	for err := range failed {
		return err
	}
	one, other, err := twoSessions(c)
	if err != nil {
		return err
	}
	defer one.Close()
	defer other.Close()
	held := concurrency.NewMutex(one, "try")
	if err := held.TryLock(ctx); err != nil {
		return err
	}
	return first(
		must("forty times", sum == 40),
		must("locked", errors.Is(concurrency.NewMutex(other, "try").TryLock(ctx), concurrency.ErrLocked)))
}

func elections(ctx context.Context, c *clientv3.Client) error {
	one, other, err := twoSessions(c)
	if err != nil {
		return err
	}
	defer one.Close()
	defer other.Close()
	a, b := concurrency.NewElection(one, "election"), concurrency.NewElection(other, "election")
	if err := a.Campaign(ctx, "a"); err != nil {
		return err
	}
	won := make(chan error, 1)
	go func() { won <- b.Campaign(ctx, "b") }()
	observed := concurrency.NewElection(other, "election").Observe(ctx)
	led := <-observed
	if err := a.Proclaim(ctx, "a again"); err != nil {
		return err
	}
	if err := a.Resign(ctx); err != nil {
		return err
	}
	if err := <-won; err != nil {
		return err
	}
	leader, err := b.Leader(ctx)
	if err != nil {
		return err
	}
	return first(must("observed", strings.HasPrefix(string(led.Kvs[0].Value), "a")), must("the next one leads", string(leader.Kvs[0].Value) == "b"))
}

// A level reads the rest from whichever member, at the revision of the first read; one that has not
// heard of it yet says so, as that of an etcd does.
func transfer(ctx context.Context, c *clientv3.Client, level concurrency.Isolation) error {
	for {
		_, err := concurrency.NewSTM(c, func(s concurrency.STM) error {
			var a, b int
			fmt.Sscan(s.Get("stm/a"), &a)
			fmt.Sscan(s.Get("stm/b"), &b)
			s.Put("stm/a", fmt.Sprint(a-1))
			s.Put("stm/b", fmt.Sprint(b+1))
			return nil
		}, concurrency.WithIsolation(level), concurrency.WithAbortContext(ctx))
		if !errors.Is(err, rpctypes.ErrFutureRev) {
			return err
		}
	}
}

func sumOf(ctx context.Context, c *clientv3.Client) (int, error) {
	r, err := c.Get(ctx, "stm/", clientv3.WithPrefix())
	if err != nil {
		return 0, err
	}
	var a, b int
	fmt.Sscan(string(r.Kvs[0].Value), &a)
	fmt.Sscan(string(r.Kvs[1].Value), &b)
	return a + b, nil
}

func stm(ctx context.Context, c *clientv3.Client) error {
	c.Put(ctx, "stm/a", "100")
	c.Put(ctx, "stm/b", "0")
	for _, level := range []concurrency.Isolation{concurrency.SerializableSnapshot, concurrency.Serializable, concurrency.RepeatableReads, concurrency.ReadCommitted} {
		var group sync.WaitGroup
		failed := make(chan error, 10)
		for range 5 {
			group.Add(1)
			go func() {
				defer group.Done()
				err := transfer(ctx, c, level)
				if err != nil {
					failed <- err
				}
			}()
		}
		group.Wait()
		close(failed)
		for err := range failed {
			return err
		}
		sum, err := sumOf(ctx, c)
		if err != nil {
			return err
		}
		// The last level reads each key at a moment of its own.
		if sum != 100 && level != concurrency.ReadCommitted {
			return fmt.Errorf("level %v: %d is not a hundred", level, sum)
		}
	}
	return nil
}

func cluster(ctx context.Context, c *clientv3.Client) error {
	list, err := c.MemberList(ctx)
	if err != nil {
		return err
	}
	leaders := 0
	for _, e := range c.Endpoints() {
		s, err := c.Status(ctx, e)
		if err != nil {
			return err
		}
		if s.Leader == s.Header.MemberId {
			leaders++
		}
		if _, err := c.HashKV(ctx, e, 0); err != nil {
			return err
		}
		if _, err := c.Defragment(ctx, e); err != nil {
			return err
		}
	}
	alarms, err := c.AlarmList(ctx)
	if err != nil {
		return err
	}
	_, unknown := c.MemberRemove(ctx, 77)
	return first(
		must("three members", len(list.Members) == 3),
		must("one leader", leaders == 1),
		must("no alarm", len(alarms.Alarms) == 0),
		must("an unknown member is an error of its own", errors.Is(unknown, rpctypes.ErrMemberNotFound)),
		c.Sync(ctx))
}

func main() {
	endpoints := flag.String("endpoints", "", "of the three members, with commas")
	member := flag.String("member", "", "the program that kills and starts members")
	flag.Parse()
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(*endpoints, ","), DialTimeout: 5 * time.Second})
	if err != nil {
		fmt.Println("FAILED connect:", err)
		os.Exit(1)
	}
	defer client.Close()
	failed := false
	for _, one := range []check{
		{"keys", keys}, {"transactions", transactions}, {"compaction", compaction}, {"watches", watches},
		{"leases", leases}, {"mutexes", mutexes}, {"elections", elections}, {"stm", stm},
		{"sessions", sessions}, {"range options", rangeOptions}, {"other options", otherOptions},
		{"namespaces", namespaces}, {"orders", orders}, {"leased keys", leasedKeys}, {"mirrors", mirrors},
		{"naming", naming}, {"recipes", recipes}, {"as Kubernetes", asKubernetes}, {"clients", clients},
		{"cluster", cluster}, {"membership", membership}, {"maintenance", maintenance}, {"auth", auth},
		{"the leader is killed", theLeaderIsKilled(*member)},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
		if err := one.run(ctx, client); err != nil {
			fmt.Printf("FAILED %s: %v\n", one.name, err)
			failed = true
		} else {
			fmt.Printf("ok %s\n", one.name)
		}
		cancel()
	}
	if failed {
		os.Exit(1)
	}
}
