// SPDX-License-Identifier: Apache-2.0

// A member of a group of hashicorp/raft. The first word may say which log: boltdb, or wal.
package main

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	raftwal "github.com/hashicorp/raft-wal"
	"go.etcd.io/bbolt"

	"bowline/bench/peers/member"
)

// Does as little as a machine can.
type counter struct{ count uint64 }

func (c *counter) Apply(*raft.Log) any {
	c.count++
	return nil
}

func (c *counter) ApplyBatch(logs []*raft.Log) []any {
	c.count += uint64(len(logs))
	return make([]any, len(logs))
}

func (c *counter) Snapshot() (raft.FSMSnapshot, error) { return &said{c.count}, nil }

func (c *counter) Restore(from io.ReadCloser) error {
	defer from.Close()
	text, err := io.ReadAll(from)
	if err == nil {
		c.count, err = strconv.ParseUint(string(text), 10, 64)
	}
	return err
}

type said struct{ count uint64 }

func (s *said) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write([]byte(strconv.FormatUint(s.count, 10))); err != nil {
		_ = sink.Cancel()
		return err
	}
	return sink.Close()
}

func (*said) Release() {}

type replica struct {
	raft *raft.Raft
	disk string
}

func (r replica) Leads() bool { return r.raft.State() == raft.Leader }
func (r replica) Propose(command []byte) bool {
	return r.raft.Apply(command, 10*time.Second).Error() == nil
}
func (r replica) HandOver() bool { return r.raft.LeadershipTransfer().Error() == nil }
func (r replica) Disk() string   { return r.disk }

type store interface {
	raft.LogStore
	raft.StableStore
}

func openStore(start member.Start) (store, string) {
	if start.Log == "wal" {
		wal, err := raftwal.Open(start.Directory, raftwal.WithLogger(hclog.NewNullLogger()))
		member.Must(err)
		return wal, "raft-wal, synced"
	}
	bolt, err := raftboltdb.New(raftboltdb.Options{
		Path:        filepath.Join(start.Directory, "raft.db"),
		BoltOptions: &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType},
	})
	member.Must(err)
	return bolt, "raft-boltdb, synced"
}

func main() {
	start := member.Read()
	member.Must(os.MkdirAll(start.Directory, 0o755))
	logs, words := openStore(start)
	snapshots, err := raft.NewFileSnapshotStore(start.Directory, 2, io.Discard)
	member.Must(err)
	transport, err := raft.NewTCPTransport(start.Address(), nil, 3, 10*time.Second, io.Discard)
	member.Must(err)

	// What its users set who want throughput: larger batches than by default. All else is default.
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(strconv.Itoa(start.ID))
	config.MaxAppendEntries = 1024
	config.BatchApplyCh = true
	config.Logger = hclog.NewNullLogger()

	var founders raft.Configuration
	for i, address := range start.Addresses {
		founders.Servers = append(founders.Servers, raft.Server{
			ID:      raft.ServerID(strconv.Itoa(i + 1)),
			Address: raft.ServerAddress(address),
		})
	}
	existing, err := raft.HasExistingState(logs, logs, snapshots)
	member.Must(err)
	if !existing {
		member.Must(raft.BootstrapCluster(config, logs, logs, snapshots, transport, founders))
	}
	node, err := raft.NewRaft(config, &counter{}, logs, logs, snapshots, transport)
	member.Must(err)
	member.Serve(replica{node, words})
}
