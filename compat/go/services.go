// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/snapshot"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

var nowhere = []string{"http://127.0.0.1:23799"}

func membership(ctx context.Context, c *clientv3.Client) error {
	var f facts
	learner, err := c.MemberAddAsLearner(ctx, nowhere)
	if err != nil {
		return err
	}
	id := learner.Member.ID
	f.hold("a learner", learner.Member.IsLearner && len(learner.Members) == 4)
	_, early := c.MemberPromote(ctx, id)
	f.hold(fmt.Sprint("it is not ready: ", early), errors.Is(early, rpctypes.ErrMemberLearnerNotReady))
	_, twice := c.MemberAddAsLearner(ctx, nowhere)
	f.hold(fmt.Sprint("its address is taken: ", twice), errors.Is(twice, rpctypes.ErrPeerURLExist))
	moved, err := c.MemberUpdate(ctx, id, []string{"http://127.0.0.1:23798"})
	if err != nil {
		return err
	}
	for _, m := range moved.Members {
		f.hold("it has moved", m.ID != id || m.PeerURLs[0] == "http://127.0.0.1:23798")
	}
	if _, err := c.MemberRemove(ctx, id); err != nil {
		return err
	}
	voter, err := c.MemberAdd(ctx, nowhere)
	if err != nil {
		return err
	}
	f.hold("a voter", !voter.Member.IsLearner)
	_, promoted := c.MemberPromote(ctx, voter.Member.ID)
	f.hold(fmt.Sprint("it is no learner: ", promoted), errors.Is(promoted, rpctypes.ErrMemberNotLearner))
	left, err := c.MemberRemove(ctx, voter.Member.ID) // it never started
	if err != nil {
		return err
	}
	f.hold("three are left", len(left.Members) == 3)
	return f.err()
}

func maintenance(ctx context.Context, c *clientv3.Client) error {
	var f facts
	none, err := c.AlarmDisarm(ctx, &clientv3.AlarmMember{}) // all that there are
	if err != nil {
		return err
	}
	f.hold("there was no alarm", len(none.Alarms) == 0)
	stream, err := c.Snapshot(ctx)
	if err != nil {
		return err
	}
	bytes, err := io.ReadAll(stream)
	if err != nil {
		return err
	}
	body := len(bytes) - sha256.Size
	f.hold("a database and its sum", body > 0 && body%512 == 0 && string(bytes[body:]) == sum(bytes[:body]))
	place, err := os.MkdirTemp("", "compat")
	if err != nil {
		return err
	}
	defer os.RemoveAll(place)
	one := clientv3.Config{Endpoints: c.Endpoints()[:1]}
	if err := snapshot.Save(ctx, zap.NewNop(), one, filepath.Join(place, "db")); err != nil {
		return err
	}
	file, err := os.Stat(filepath.Join(place, "db"))
	if err != nil {
		return err
	}
	f.hold("saved", file.Size() >= 512)
	return f.err()
}

func sum(bytes []byte) string {
	s := sha256.Sum256(bytes)
	return string(s[:])
}

// Users and roles are a later matter: each call is told so.
func auth(ctx context.Context, c *clientv3.Client) error {
	var f facts
	kind := clientv3.PermissionType(clientv3.PermRead)
	calls := map[string]func() error{
		"Authenticate": func() error { _, err := c.Authenticate(ctx, "u", "p"); return err },
		"AuthEnable":   func() error { _, err := c.AuthEnable(ctx); return err },
		"AuthDisable":  func() error { _, err := c.AuthDisable(ctx); return err },
		"AuthStatus":   func() error { _, err := c.AuthStatus(ctx); return err },
		"UserAdd":      func() error { _, err := c.UserAdd(ctx, "u", "p"); return err },
		"UserAddWithOptions": func() error {
			_, err := c.UserAddWithOptions(ctx, "u", "", &clientv3.UserAddOptions{NoPassword: true})
			return err
		},
		"UserDelete":           func() error { _, err := c.UserDelete(ctx, "u"); return err },
		"UserChangePassword":   func() error { _, err := c.UserChangePassword(ctx, "u", "q"); return err },
		"UserGrantRole":        func() error { _, err := c.UserGrantRole(ctx, "u", "r"); return err },
		"UserGet":              func() error { _, err := c.UserGet(ctx, "u"); return err },
		"UserList":             func() error { _, err := c.UserList(ctx); return err },
		"UserRevokeRole":       func() error { _, err := c.UserRevokeRole(ctx, "u", "r"); return err },
		"RoleAdd":              func() error { _, err := c.RoleAdd(ctx, "r"); return err },
		"RoleGrantPermission":  func() error { _, err := c.RoleGrantPermission(ctx, "r", "a", "b", kind); return err },
		"RoleGet":              func() error { _, err := c.RoleGet(ctx, "r"); return err },
		"RoleList":             func() error { _, err := c.RoleList(ctx); return err },
		"RoleRevokePermission": func() error { _, err := c.RoleRevokePermission(ctx, "r", "a", "b"); return err },
		"RoleDelete":           func() error { _, err := c.RoleDelete(ctx, "r"); return err },
	}
	for name, call := range calls {
		err := call()
		f.hold(fmt.Sprint(name, ": ", err), status.Code(err) == codes.Unimplemented)
	}
	return f.err()
}

// Clients that are made in other ways, and what they say of themselves.
func clients(ctx context.Context, c *clientv3.Client) error {
	var f facts
	one, err := clientv3.NewFromURL(c.Endpoints()[1])
	if err != nil {
		return err
	}
	defer one.Close()
	all, err := clientv3.NewFromURLs(c.Endpoints())
	if err != nil {
		return err
	}
	defer all.Close()
	for _, client := range []*clientv3.Client{one, all} {
		if _, err := client.Put(ctx, "client", "1"); err != nil {
			return err
		}
		f.hold("it is connected", client.ActiveConnection() != nil && client.Ctx().Err() == nil)
	}
	one.SetEndpoints(c.Endpoints()[2])
	if _, err := one.Get(ctx, "client"); err != nil {
		return err
	}
	connection, err := one.Dial(c.Endpoints()[0])
	if err != nil {
		return err
	}
	defer connection.Close()
	r, err := clientv3.NewKVFromKVClient(clientv3.RetryKVClient(one), one).Get(ctx, "client")
	if err != nil {
		return err
	}
	f.hold("an answer", r.Count == 1)
	lost, cancel := context.WithCancel(ctx)
	cancel()
	_, err = one.Get(lost, "client")
	f.hold("a call that was given up", err != nil)
	return f.err()
}
