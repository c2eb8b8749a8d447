// SPDX-License-Identifier: Apache-2.0

// Kubernetes' storage of objects (k8s.io/apiserver) on three members, of which the leader is killed
// on the way. What one server has to do is asked by Kubernetes' own tests: see _suite.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/etcd3"
	"k8s.io/apiserver/pkg/storage/value/encrypt/identity"
	"k8s.io/utils/clock"
)

type world struct {
	client *kubernetes.Client
	pods   storage.Interface
	member string // the program that kills and starts members
}

func must(what string, ok bool) error {
	if ok {
		return nil
	}
	return errors.New(what)
}

func codec() runtime.Codec {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	return serializer.NewCodecFactory(scheme).LegacyCodec(examplev1.SchemeGroupVersion)
}

// A store has goroutines, which end with Close.
type store interface {
	storage.Interface
	Close()
}

func podsOf(client *kubernetes.Client) (store, error) {
	versioner := storage.APIObjectVersioner{}
	c := codec()
	return etcd3.New(client, etcd3.NewCompactor(client.Client, 0, clock.RealClock{}, nil), c,
		func() runtime.Object { return &example.Pod{} }, func() runtime.Object { return &example.PodList{} },
		"/registry", "/pods/", schema.GroupResource{Resource: "pods"}, identity.NewEncryptCheckTransformer(),
		etcd3.NewDefaultLeaseManagerConfig(), etcd3.NewDefaultDecoder(c, versioner), versioner)
}

func connect(endpoints []string) (*kubernetes.Client, error) {
	return kubernetes.New(clientv3.Config{
		Endpoints: endpoints, DialTimeout: 20 * time.Second,
		DialKeepAliveTime: 30 * time.Second, DialKeepAliveTimeout: 10 * time.Second,
	})
}

func begin(endpoints []string, member string) (*world, error) {
	client, err := connect(endpoints)
	if err != nil {
		return nil, err
	}
	pods, err := podsOf(client)
	return &world{client: client, pods: pods, member: member}, err
}

func main() {
	endpoints := flag.String("endpoints", "", "of the three members, with commas")
	member := flag.String("member", "", "the program that kills and starts members")
	flag.Parse()
	w, err := begin(strings.Split(*endpoints, ","), *member)
	if err != nil {
		fmt.Println("FAILED connect:", err)
		os.Exit(1)
	}
	failed := false
	for _, one := range []struct {
		name string
		run  func(context.Context, *world) error
	}{
		{"objects", objects}, {"preconditions", preconditions}, {"pages", pages},
		{"a list at a revision", aListAtARevision}, {"updates of many", updatesOfMany},
		{"watch", aWatch}, {"watch that begins with a list", aWatchThatBeginsWithAList},
		{"progress", progress}, {"time to live", timeToLive}, {"compaction", compaction},
		{"compactor", compactor}, {"any member lists what any wrote", anyMemberLists},
		{"the leader is killed", theLeaderIsKilled},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
		if err := one.run(ctx, w); err != nil {
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
