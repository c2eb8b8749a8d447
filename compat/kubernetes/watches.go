// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/features"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/utils/clock"
)

func next(ctx context.Context, watcher watch.Interface) (watch.Event, error) {
	select {
	case event, ok := <-watcher.ResultChan():
		if !ok {
			return event, errors.New("the watch ended")
		}
		if event.Type == watch.Error {
			return event, apierrors.FromObject(event.Object)
		}
		return event, nil
	case <-ctx.Done():
		return watch.Event{}, errors.New("no event came")
	}
}

func expect(ctx context.Context, watcher watch.Interface, kind watch.EventType, name string) error {
	event, err := next(ctx, watcher)
	if err != nil {
		return err
	}
	one := event.Object.(*example.Pod)
	if event.Type != kind || one.Name != name {
		return fmt.Errorf("%s %s instead of %s %s", event.Type, one.Name, kind, name)
	}
	return nil
}

func watchFrom(ctx context.Context, w *world, namespace, version string) (watch.Interface, error) {
	options := everything("", 0)
	options.ResourceVersion = version
	options.Predicate.AllowWatchBookmarks = true
	options.ProgressNotify = true
	return w.pods.Watch(ctx, "/pods/"+namespace+"/", options)
}

func aWatch(ctx context.Context, w *world) error {
	first, err := create(ctx, w, "watch", "first", 0)
	if err != nil {
		return err
	}
	watcher, err := watchFrom(ctx, w, "watch", first.ResourceVersion)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	if _, err := create(ctx, w, "watch", "second", 0); err != nil {
		return err
	}
	if err := increment(ctx, w, "watch", "second"); err != nil {
		return err
	}
	if err := remove(ctx, w, "watch", "second", nil); err != nil {
		return err
	}
	for _, kind := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
		if err := expect(ctx, watcher, kind, "second"); err != nil {
			return err
		}
	}
	return nil
}

// What is there comes first, and a bookmark says that this was all of it.
func aWatchThatBeginsWithAList(ctx context.Context, w *world) error {
	if !utilfeature.DefaultFeatureGate.Enabled(features.WatchList) {
		return errors.New("this version does not know it")
	}
	if err := createMany(ctx, w, "initial"); err != nil {
		return err
	}
	options := everything("", 0)
	options.SendInitialEvents = new(bool)
	*options.SendInitialEvents = true
	options.Predicate.AllowWatchBookmarks = true
	watcher, err := w.pods.Watch(ctx, "/pods/initial/", options)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	for i := range paged {
		if err := expect(ctx, watcher, watch.Added, fmt.Sprintf("p%03d", i)); err != nil {
			return err
		}
	}
	event, err := next(ctx, watcher)
	if err != nil {
		return err
	}
	notes := event.Object.(*example.Pod).Annotations
	return must("no bookmark after the list", event.Type == watch.Bookmark && notes[metav1.InitialEventsAnnotationKey] == "true")
}

// A watch of what nobody writes hears how far the others are, when it asks.
func progress(ctx context.Context, w *world) error {
	ctx = w.client.Ctx()
	watcher, err := watchFrom(ctx, w, "silent", "")
	if err != nil {
		return err
	}
	defer watcher.Stop()
	loud, err := create(ctx, w, "loud", "a", 0)
	if err != nil {
		return err
	}
	versioner := w.pods.Versioner()
	wanted, err := versioner.ObjectResourceVersion(loud)
	if err != nil {
		return err
	}
	for ask := time.NewTicker(100 * time.Millisecond); ; {
		select {
		case <-ask.C:
			if err := w.pods.RequestWatchProgress(ctx); err != nil {
				return err
			}
		case event := <-watcher.ResultChan():
			if event.Type != watch.Bookmark {
				return fmt.Errorf("%s instead of a bookmark", event.Type)
			}
			if version, err := versioner.ObjectResourceVersion(event.Object); err != nil || version >= wanted {
				return err
			}
		case <-time.After(30 * time.Second):
			return errors.New("no bookmark came")
		}
	}
}

func timeToLive(ctx context.Context, w *world) error {
	first, err := create(ctx, w, "ttl", "stays", 0)
	if err != nil {
		return err
	}
	watcher, err := watchFrom(ctx, w, "ttl", first.ResourceVersion)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	if _, err := create(ctx, w, "ttl", "goes", 1); err != nil {
		return err
	}
	if err := expect(ctx, watcher, watch.Added, "goes"); err != nil {
		return err
	}
	return expect(ctx, watcher, watch.Deleted, "goes")
}

// Whoever turned pages too slowly is told to begin again, and so is a watch of what is forgotten.
func compaction(ctx context.Context, w *world) error {
	if err := createMany(ctx, w, "compaction"); err != nil {
		return err
	}
	list := &example.PodList{}
	if err := w.pods.GetList(ctx, "/pods/compaction/", everything("", 10), list); err != nil {
		return err
	}
	last, err := create(ctx, w, "compaction", "z", 0)
	if err != nil {
		return err
	}
	revision, err := w.pods.Versioner().ObjectResourceVersion(last)
	if err != nil {
		return err
	}
	if _, _, _, err := etcd3.Compact(ctx, w.client.Client, 0, int64(revision)); err != nil {
		return err
	}
	err = w.pods.GetList(ctx, "/pods/compaction/", everything(list.Continue, 10), &example.PodList{})
	if !apierrors.IsResourceExpired(err) {
		return fmt.Errorf("an old page: %v", err)
	}
	watcher, err := watchFrom(ctx, w, "compaction", "2")
	if err != nil {
		return err
	}
	defer watcher.Stop()
	if _, err := next(ctx, watcher); !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
		return fmt.Errorf("an old watch: %v", err)
	}
	return nil
}

// The goroutine that every kube-apiserver runs; here it does not wait for five minutes.
func compactor(ctx context.Context, w *world) error {
	c := etcd3.NewCompactor(w.client.Client, 200*time.Millisecond, clock.RealClock{}, nil)
	defer c.Stop()
	made, err := create(ctx, w, "compactor", "a", 0)
	if err != nil {
		return err
	}
	revision, err := w.pods.Versioner().ObjectResourceVersion(made)
	if err != nil {
		return err
	}
	for c.CompactRevision() < int64(revision) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("compacted up to %d only, not %d", c.CompactRevision(), revision)
		}
	}
	options := everything("", 0)
	options.ResourceVersion, options.ResourceVersionMatch = "2", metav1.ResourceVersionMatchExact
	err = w.pods.GetList(ctx, "/pods/compactor/", options, &example.PodList{})
	return must(fmt.Sprintf("not forgotten: %v", err), apierrors.IsResourceExpired(err))
}

// Consistent: whichever member is asked has what was written through another just now.
func anyMemberLists(ctx context.Context, w *world) error {
	var each []storage.Interface
	for _, endpoint := range w.client.Endpoints() {
		client, err := connect([]string{endpoint})
		if err != nil {
			return err
		}
		defer client.Close()
		pods, err := podsOf(client)
		if err != nil {
			return err
		}
		defer pods.Close()
		each = append(each, pods)
	}
	for i := range 60 {
		name := fmt.Sprintf("p%02d", i)
		if err := each[i%3].Create(ctx, key("any", name), pod("any", name), &example.Pod{}, 0); err != nil {
			return err
		}
		list := &example.PodList{}
		if err := each[(i+1)%3].GetList(ctx, "/pods/any/", everything("", 0), list); err != nil {
			return err
		}
		if len(list.Items) != i+1 {
			return fmt.Errorf("a member lists %d of %d", len(list.Items), i+1)
		}
	}
	return nil
}
