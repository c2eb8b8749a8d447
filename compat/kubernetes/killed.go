// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

const theThird = 2 // of the endpoints: the member that is killed

// Leadership moves to the member that is to be killed; only who leads can be asked for it.
func thirdLeads(ctx context.Context, w *world) error {
	third, err := w.client.Status(ctx, w.client.Endpoints()[theThird])
	if err != nil || third.Leader == third.Header.MemberId {
		return err
	}
	for _, endpoint := range w.client.Endpoints() {
		s, err := w.client.Status(ctx, endpoint)
		if err != nil {
			return err
		}
		if s.Leader != s.Header.MemberId {
			continue
		}
		leader, err := connect([]string{endpoint})
		if err != nil {
			return err
		}
		defer leader.Close()
		_, err = leader.MoveLeader(ctx, third.Header.MemberId)
		return err
	}
	return errors.New("nobody leads")
}

// What is tried again may have been done before: an object that is there is as good as one made.
func insist(ctx context.Context, w *world, name string) error {
	for {
		_, err := create(ctx, w, "killed", name, 0)
		if err == nil || storage.IsExist(err) || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

const whileKilled = 150

func writeWhileItIsKilled(ctx context.Context, w *world) error {
	for i := range whileKilled {
		if i == whileKilled/3 {
			if err := exec.CommandContext(ctx, w.member, "kill", "2").Run(); err != nil {
				return fmt.Errorf("cannot kill it: %w", err)
			}
		}
		if err := insist(ctx, w, fmt.Sprintf("p%03d", i)); err != nil {
			return err
		}
	}
	return nil
}

func itIsBack(ctx context.Context, w *world) error {
	if err := exec.CommandContext(ctx, w.member, "start", "2").Run(); err != nil {
		return fmt.Errorf("cannot start it: %w", err)
	}
	client, err := connect(w.client.Endpoints()[theThird:])
	if err != nil {
		return err
	}
	defer client.Close()
	pods, err := podsOf(client)
	if err != nil {
		return err
	}
	defer pods.Close()
	for {
		list := &example.PodList{}
		err := pods.GetList(ctx, "/pods/killed/", everything("", 0), list)
		if err == nil {
			return must(fmt.Sprintf("it lists %d", len(list.Items)), len(list.Items) == whileKilled+1)
		}
		if ctx.Err() != nil {
			return err
		}
	}
}

// Each object is made once, and a watch that began before hears of each once, in order.
func theLeaderIsKilled(ctx context.Context, w *world) error {
	if err := thirdLeads(ctx, w); err != nil {
		return err
	}
	first, err := create(ctx, w, "killed", "first", 0)
	if err != nil {
		return err
	}
	watcher, err := watchFrom(ctx, w, "killed", first.ResourceVersion)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	if err := writeWhileItIsKilled(ctx, w); err != nil {
		return err
	}
	for i := range whileKilled {
		if err := expect(ctx, watcher, watch.Added, fmt.Sprintf("p%03d", i)); err != nil {
			return err
		}
	}
	return itIsBack(ctx, w)
}
