// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

func key(namespace, name string) string { return "/pods/" + namespace + "/" + name }

func pod(namespace, name string) *example.Pod {
	return &example.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: name, UID: types.UID(namespace + "-" + name),
	}}
}

func create(ctx context.Context, w *world, namespace, name string, ttl uint64) (*example.Pod, error) {
	made := &example.Pod{}
	return made, w.pods.Create(ctx, key(namespace, name), pod(namespace, name), made, ttl)
}

func everything(continued string, limit int64) storage.ListOptions {
	predicate := storage.Everything
	predicate.Limit, predicate.Continue = limit, continued
	return storage.ListOptions{Predicate: predicate, Recursive: true}
}

func remove(ctx context.Context, w *world, namespace, name string, conditions *storage.Preconditions) error {
	return w.pods.Delete(ctx, key(namespace, name), &example.Pod{}, conditions,
		storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{})
}

func objects(ctx context.Context, w *world) error {
	made, err := create(ctx, w, "objects", "a", 0)
	if err != nil {
		return err
	}
	if _, err := create(ctx, w, "objects", "a", 0); !storage.IsExist(err) {
		return fmt.Errorf("made twice: %v", err)
	}
	got := &example.Pod{}
	if err := w.pods.Get(ctx, key("objects", "a"), storage.GetOptions{}, got); err != nil {
		return err
	}
	if got.ResourceVersion != made.ResourceVersion || got.UID != made.UID {
		return fmt.Errorf("got %v, made %v", got, made)
	}
	err = w.pods.Get(ctx, key("objects", "none"), storage.GetOptions{}, got)
	if !storage.IsNotFound(err) {
		return fmt.Errorf("what is not there: %v", err)
	}
	if err := w.pods.Get(ctx, key("objects", "none"), storage.GetOptions{IgnoreNotFound: true}, got); err != nil {
		return err
	}
	later := strconv.FormatUint(1<<40, 10)
	err = w.pods.Get(ctx, key("objects", "a"), storage.GetOptions{ResourceVersion: later}, got)
	if err == nil || !storage.IsTooLargeResourceVersion(err) {
		return fmt.Errorf("a version to come: %v", err)
	}
	if err := w.pods.ReadinessCheck(); err != nil {
		return err
	}
	return remove(ctx, w, "objects", "a", nil)
}

func preconditions(ctx context.Context, w *world) error {
	made, err := create(ctx, w, "conditions", "a", 0)
	if err != nil {
		return err
	}
	other, uid, old := types.UID("other"), made.UID, "1"
	for _, wrong := range []*storage.Preconditions{{UID: &other}, {ResourceVersion: &old}} {
		if err := remove(ctx, w, "conditions", "a", wrong); !storage.IsInvalidObj(err) {
			return fmt.Errorf("deleted against its conditions: %v", err)
		}
	}
	right := &storage.Preconditions{UID: &uid, ResourceVersion: &made.ResourceVersion}
	if err := remove(ctx, w, "conditions", "a", right); err != nil {
		return err
	}
	if err := remove(ctx, w, "conditions", "a", nil); !storage.IsNotFound(err) {
		return fmt.Errorf("deleted twice: %v", err)
	}
	return nil
}

const paged = 257

func createMany(ctx context.Context, w *world, namespace string) error {
	for i := range paged {
		if _, err := create(ctx, w, namespace, fmt.Sprintf("p%03d", i), 0); err != nil {
			return err
		}
	}
	return nil
}

// Pages are of the moment of the first: what is written meanwhile is in none of them.
func pages(ctx context.Context, w *world) error {
	if err := createMany(ctx, w, "pages"); err != nil {
		return err
	}
	names, continued, version := 0, "", ""
	for page := 0; page == 0 || continued != ""; page++ {
		list := &example.PodList{}
		if err := w.pods.GetList(ctx, "/pods/pages/", everything(continued, 50), list); err != nil {
			return err
		}
		if page == 0 {
			version = list.ResourceVersion
			if left := list.RemainingItemCount; left == nil || *left != paged-50 {
				return fmt.Errorf("how many are left: %v", left)
			}
		}
		for _, one := range list.Items {
			if one.Name != fmt.Sprintf("p%03d", names) {
				return fmt.Errorf("item %d is %s", names, one.Name)
			}
			names++
		}
		if list.ResourceVersion != version {
			return fmt.Errorf("page %d is of %s, the first of %s", page, list.ResourceVersion, version)
		}
		continued = list.Continue
		if _, err := create(ctx, w, "pages", fmt.Sprintf("p000-late-%d", page), 0); err != nil {
			return err
		}
	}
	stats, err := w.pods.Stats(ctx)
	if err != nil {
		return err
	}
	if names != paged || stats.ObjectCount < paged {
		return fmt.Errorf("%d items of %d, counted %d", names, paged, stats.ObjectCount)
	}
	return nil
}

func aListAtARevision(ctx context.Context, w *world) error {
	first, err := create(ctx, w, "exact", "a", 0)
	if err != nil {
		return err
	}
	if _, err := create(ctx, w, "exact", "b", 0); err != nil {
		return err
	}
	for match, wanted := range map[metav1.ResourceVersionMatch]int{
		metav1.ResourceVersionMatchExact: 1, metav1.ResourceVersionMatchNotOlderThan: 2,
	} {
		options := everything("", 0)
		options.ResourceVersion, options.ResourceVersionMatch = first.ResourceVersion, match
		list := &example.PodList{}
		if err := w.pods.GetList(ctx, "/pods/exact/", options, list); err != nil {
			return err
		}
		if len(list.Items) != wanted {
			return fmt.Errorf("%s: %d items", match, len(list.Items))
		}
	}
	return nil
}

func increment(ctx context.Context, w *world, namespace, name string) error {
	return w.pods.GuaranteedUpdate(ctx, key(namespace, name), &example.Pod{}, false, nil,
		storage.SimpleUpdate(func(before runtime.Object) (runtime.Object, error) {
			one := before.(*example.Pod).DeepCopy()
			count, _ := strconv.Atoi(one.Labels["count"])
			one.Labels = map[string]string{"count": strconv.Itoa(count + 1)}
			return one, nil
		}), nil)
}

func countOf(ctx context.Context, w *world, namespace, name string) (string, error) {
	got := &example.Pod{}
	err := w.pods.Get(ctx, key(namespace, name), storage.GetOptions{}, got)
	return got.Labels["count"], err
}

func updatesOfMany(ctx context.Context, w *world) error {
	if _, err := create(ctx, w, "updates", "a", 0); err != nil {
		return err
	}
	const each, updaters = 25, 4
	failures := make(chan error, updaters)
	var group sync.WaitGroup
	for range updaters {
		group.Go(func() {
			for range each {
				if err := increment(ctx, w, "updates", "a"); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	if err := <-failures; err != nil {
		return err
	}
	count, err := countOf(ctx, w, "updates", "a")
	if err != nil {
		return err
	}
	return must("an update is lost: "+count, count == strconv.Itoa(each*updaters))
}
