// SPDX-License-Identifier: Apache-2.0

// Package testserver takes the place of Kubernetes' own package of this name, so that the tests of
// its storage run on a new Bowline each instead of an etcd within the test.
package testserver

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/server/v3/embed"
	"google.golang.org/grpc"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
)

// NewTestConfig is what the tests change to hear of progress more often; nothing else is heeded.
func NewTestConfig(testing.TB) *embed.Config { return embed.NewConfig() }

const readyLine = "ready to serve client requests on "

// Where it listens it says itself, for the system chooses the port.
func start(t testing.TB, cfg *embed.Config) string {
	program := os.Getenv("BOWLINE")
	if program == "" {
		t.Fatal("the variable BOWLINE has to name the program")
	}
	server := exec.Command(program, "serve", "--data-dir", t.TempDir()+"/data",
		"--listen-client-urls", "http://127.0.0.1:0", "--advertise-client-urls", "http://127.0.0.1:0",
		"--listen-peer-urls", "http://127.0.0.1:0",
		fmt.Sprintf("--watch-progress-notify-interval=%s", cfg.WatchProgressNotifyInterval))
	said, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.Stdout = server.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	var before strings.Builder
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if _, address, ready := strings.Cut(lines.Text(), readyLine); ready {
			go io.Copy(io.Discard, said)
			return "http://" + strings.TrimSpace(address)
		}
		before.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("it ended before it was ready:\n%s", before.String())
	return ""
}

// RunEtcd starts a server that ends with the test, and connects to it.
func RunEtcd(t testing.TB, cfg *embed.Config) *kubernetes.Client {
	t.Helper()
	if cfg == nil {
		cfg = NewTestConfig(t)
	}
	client, err := kubernetes.New(clientv3.Config{
		Endpoints:   []string{start(t, cfg)},
		DialTimeout: 10 * time.Second,
		DialOptions: []grpc.DialOption{grpc.WithBlock()},
	})
	if err != nil {
		t.Fatal(err)
	}
	client.KV = storagetesting.NewKVRecorder(client.KV)
	client.Kubernetes = storagetesting.NewKubernetesRecorder(client.Kubernetes)
	return client
}
