// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

const (
	theThird = 2 // of the endpoints: the member that is killed
	puts     = 300
)

// Leadership moves to the member that is to be killed; only who leads can be asked for it.
func thirdLeads(ctx context.Context, c *clientv3.Client) error {
	third, err := c.Status(ctx, c.Endpoints()[theThird])
	if err != nil || third.Leader == third.Header.MemberId {
		return err
	}
	for _, endpoint := range c.Endpoints() {
		s, err := c.Status(ctx, endpoint)
		if err != nil {
			return err
		}
		if s.Leader != s.Header.MemberId {
			continue
		}
		leader, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, DialTimeout: 5 * time.Second})
		if err != nil {
			return err
		}
		defer leader.Close()
		_, err = leader.MoveLeader(ctx, third.Header.MemberId)
		return err
	}
	return errors.New("nobody leads")
}

func insist(ctx context.Context, deed func(context.Context) error) error {
	for {
		once, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := deed(once)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func writeWhileItIsKilled(ctx context.Context, c *clientv3.Client, member string) (map[string]bool, error) {
	written := map[string]bool{}
	for i := range puts {
		if i == puts/3 {
			if err := exec.CommandContext(ctx, member, "kill", "2").Run(); err != nil {
				return nil, fmt.Errorf("cannot kill it: %w", err)
			}
		}
		key := fmt.Sprintf("killed/%03d", i)
		err := insist(ctx, func(once context.Context) error {
			_, err := c.Put(once, key, "1")
			return err
		})
		if err != nil {
			return nil, err
		}
		written[key] = true
	}
	return written, nil
}

func seeEachOnce(ctx context.Context, seen clientv3.WatchChan, written map[string]bool) error {
	last := int64(0)
	for len(written) > 0 {
		select {
		case r, ok := <-seen:
			if !ok || r.Err() != nil {
				return fmt.Errorf("the watch ended: %v", r.Err())
			}
			for _, e := range r.Events {
				if e.Kv.ModRevision <= last {
					return errors.New("an event twice")
				}
				last = e.Kv.ModRevision
				delete(written, string(e.Kv.Key))
			}
		case <-ctx.Done():
			return fmt.Errorf("%d events are missing", len(written))
		}
	}
	return nil
}

// The member itself is asked: it has what was written while it was away.
func itIsBack(ctx context.Context, c *clientv3.Client, member string) error {
	if err := exec.CommandContext(ctx, member, "start", "2").Run(); err != nil {
		return fmt.Errorf("cannot start it: %w", err)
	}
	third, err := clientv3.New(clientv3.Config{Endpoints: c.Endpoints()[theThird:], DialTimeout: 30 * time.Second})
	if err != nil {
		return err
	}
	defer third.Close()
	return insist(ctx, func(once context.Context) error {
		r, err := third.Get(once, "killed/", clientv3.WithPrefix(), clientv3.WithCountOnly())
		if err != nil {
			return err
		}
		return must("it has all", r.Count == puts)
	})
}

// Writes go on, a watch sees each of them once, and a lock stays with who has it.
func theLeaderIsKilled(member string) func(context.Context, *clientv3.Client) error {
	return func(ctx context.Context, c *clientv3.Client) error {
		if err := thirdLeads(ctx, c); err != nil {
			return err
		}
		s, err := concurrency.NewSession(c, concurrency.WithTTL(10))
		if err != nil {
			return err
		}
		defer s.Close()
		m := concurrency.NewMutex(s, "survives")
		if err := m.Lock(ctx); err != nil {
			return err
		}
		begin, err := c.Get(ctx, "x")
		if err != nil {
			return err
		}
		seen := c.Watch(clientv3.WithRequireLeader(ctx), "killed/", clientv3.WithPrefix(),
			clientv3.WithRev(begin.Header.Revision+1))
		written, err := writeWhileItIsKilled(ctx, c, member)
		if err != nil {
			return err
		}
		if err := seeEachOnce(ctx, seen, written); err != nil {
			return err
		}
		if err := itIsBack(ctx, c, member); err != nil {
			return err
		}
		select {
		case <-s.Done():
			return errors.New("the session is gone")
		default:
		}
		return m.Unlock(ctx)
	}
}
