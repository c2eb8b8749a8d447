// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/clientv3util"
)

// facts gathers what does not hold, in sentences.
type facts []error

func (f *facts) hold(what string, ok bool) {
	if !ok {
		*f = append(*f, errors.New(what))
	}
}

func (f *facts) err() error { return errors.Join(*f...) }

// names of the keys of an answer, one after the other.
func names(r *clientv3.GetResponse) string {
	all := ""
	for _, kv := range r.Kvs {
		all += string(kv.Key[len("opt/"):])
	}
	return all
}

// Each option of a range, by what comes back.
func rangeOptions(ctx context.Context, c *clientv3.Client) error {
	var f facts
	revisions := map[string]int64{}
	for _, key := range []string{"c", "a", "b", "a"} {
		p, err := c.Put(ctx, "opt/"+key, key)
		if err != nil {
			return err
		}
		revisions[key] = p.Header.Revision
	}
	all := clientv3.WithPrefix()
	for _, one := range []struct {
		name, wanted string
		key          string
		options      []clientv3.OpOption
	}{
		{"from a key", "bc", "opt/b", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithLimit(2)}},
		{"a range", "ab", "opt/a", []clientv3.OpOption{clientv3.WithRange("opt/c")}},
		{"least modified", "ab", "opt/", []clientv3.OpOption{all, clientv3.WithMinModRev(revisions["b"])}},
		{"most modified", "bc", "opt/", []clientv3.OpOption{all, clientv3.WithMaxModRev(revisions["b"])}},
		{"least created", "b", "opt/", []clientv3.OpOption{all, clientv3.WithMinCreateRev(revisions["b"])}},
		{"most created", "c", "opt/", []clientv3.OpOption{all, clientv3.WithMaxCreateRev(revisions["c"])}},
		{"by value", "abc", "opt/", []clientv3.OpOption{all, clientv3.WithSort(clientv3.SortByValue, clientv3.SortAscend)}},
		{"by version", "bca", "opt/", []clientv3.OpOption{all, clientv3.WithSort(clientv3.SortByVersion, clientv3.SortAscend)}},
		{"by its creation", "cab", "opt/", []clientv3.OpOption{all, clientv3.WithSort(clientv3.SortByCreateRevision, clientv3.SortAscend)}},
		{"the first key", "a", "opt/", clientv3.WithFirstKey()},
		{"the last key", "c", "opt/", clientv3.WithLastKey()},
		{"the first revision", "c", "opt/", clientv3.WithFirstRev()},
		{"the last revision", "a", "opt/", clientv3.WithLastRev()},
		{"the first creation", "c", "opt/", clientv3.WithFirstCreate()},
		{"the last creation", "b", "opt/", clientv3.WithLastCreate()},
	} {
		r, err := c.Get(ctx, one.key, one.options...)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		f.hold(fmt.Sprintf("%s: %q instead of %q", one.name, names(r), one.wanted), names(r) == one.wanted)
	}
	bare, err := c.Get(ctx, "opt/", all, clientv3.WithKeysOnly())
	if err != nil {
		return err
	}
	f.hold("keys only", len(bare.Kvs) == 3 && len(bare.Kvs[0].Value) == 0)
	return f.err()
}

// Each option of a put and of a watch, each comparison, and operations as values.
func otherOptions(ctx context.Context, c *clientv3.Client) error {
	var f facts
	lease, err := c.Grant(ctx, 60)
	if err != nil {
		return err
	}
	if _, err := c.Put(ctx, "put/a", "1", clientv3.WithLease(lease.ID)); err != nil {
		return err
	}
	begin, err := c.Put(ctx, "put/a", "2", clientv3.WithIgnoreLease())
	if err != nil {
		return err
	}
	if _, err := c.Put(ctx, "put/a", "", clientv3.WithIgnoreValue(), clientv3.WithIgnoreLease()); err != nil {
		return err
	}
	_, nothing := c.Put(ctx, "put/none", "", clientv3.WithIgnoreValue())
	f.hold("there is no value to keep", errors.Is(nothing, rpctypes.ErrKeyNotFound))
	version := clientv3.Compare(clientv3.Version("put/a"), "=", 3)
	kept := clientv3.Compare(clientv3.LeaseValue("put/a"), "=", lease.ID)
	value := clientv3.Compare(clientv3.Value("put/a"), "!=", "1")
	done, err := c.Txn(ctx).If(version, kept, value, clientv3util.KeyExists("put/a"), clientv3util.KeyMissing("put/b"),
		clientv3.Compare(clientv3.ModRevision("put/"), ">", 0).WithPrefix(),
		clientv3.Compare(clientv3.CreateRevision("put/"), "<", begin.Header.Revision).WithRange("put0")).
		Then(clientv3.OpGet("put/a")).Commit()
	if err != nil {
		return err
	}
	f.hold("all comparisons", done.Succeeded)
	for _, op := range []clientv3.Op{
		clientv3.OpPut("put/b", "1"), clientv3.OpGet("put/", clientv3.WithPrefix()),
		clientv3.OpDelete("put/b", clientv3.WithPrevKV()), clientv3.OpTxn(nil, []clientv3.Op{clientv3.OpGet("put/a")}, nil),
	} {
		r, err := c.Do(ctx, op)
		if err != nil {
			return err
		}
		switch {
		case op.IsTxn():
			f.hold("a transaction", r.Txn().Succeeded && len(r.Txn().Responses) == 1)
		case op.IsGet():
			f.hold("a range", r.Get().Count == 2)
		case op.IsDelete():
			f.hold("a deletion", r.Del().Deleted == 1 && string(r.Del().PrevKvs[0].Value) == "1")
		default:
			f.hold("a put", op.IsPut() && r.Put().Header.Revision > begin.Header.Revision)
		}
	}
	watch := c.Watch(ctx, "put/", clientv3.WithPrefix(), clientv3.WithRev(begin.Header.Revision),
		clientv3.WithFilterDelete(), clientv3.WithProgressNotify())
	if _, err := c.Revoke(ctx, lease.ID); err != nil {
		return err
	}
	last, err := c.Put(ctx, "put/a", "new")
	if err != nil {
		return err
	}
	created := 0
	for through := int64(0); through < last.Header.Revision; {
		r, ok := <-watch
		if !ok || r.Err() != nil {
			return fmt.Errorf("the watch ended: %v", r.Err())
		}
		for _, e := range r.Events {
			f.hold("a filter lets deletions through", e.Type == clientv3.EventTypePut && e.IsCreate() != e.IsModify())
			if e.IsCreate() {
				created++
			}
			through = e.Kv.ModRevision
		}
	}
	f.hold("two were created", created == 2)
	return f.err()
}
