// SPDX-License-Identifier: Apache-2.0

// A member of a group of dragonboat. The first word may say which log: pebble, which is its default,
// or tan.
package main

import (
	"encoding/binary"
	"io"
	"path/filepath"
	"time"

	"github.com/lni/dragonboat/v4"
	"github.com/lni/dragonboat/v4/client"
	"github.com/lni/dragonboat/v4/config"
	"github.com/lni/dragonboat/v4/logger"
	"github.com/lni/dragonboat/v4/plugin/tan"
	"github.com/lni/dragonboat/v4/statemachine"

	"bowline/bench/peers/member"
)

const (
	shard   = 1
	timeout = 10 * time.Second
)

// Does as little as a machine can.
type counter struct{ count uint64 }

func (c *counter) Update(entries []statemachine.Entry) ([]statemachine.Entry, error) {
	c.count += uint64(len(entries))
	return entries, nil
}
func (c *counter) Lookup(any) (any, error)       { return c.count, nil }
func (c *counter) PrepareSnapshot() (any, error) { return c.count, nil }
func (c *counter) SaveSnapshot(state any, to io.Writer, _ statemachine.ISnapshotFileCollection,
	_ <-chan struct{}) error {
	return binary.Write(to, binary.LittleEndian, state.(uint64))
}
func (c *counter) RecoverFromSnapshot(from io.Reader, _ []statemachine.SnapshotFile,
	_ <-chan struct{}) error {
	return binary.Read(from, binary.LittleEndian, &c.count)
}
func (c *counter) Close() error { return nil }

type replica struct {
	host    *dragonboat.NodeHost
	session *client.Session
	id      uint64
	disk    string
}

func (r replica) Leads() bool {
	leader, _, known, err := r.host.GetLeaderID(shard)
	return err == nil && known && leader == r.id
}

func (r replica) Propose(command []byte) bool {
	request, err := r.host.Propose(r.session, command, timeout)
	if err != nil {
		return false
	}
	defer request.Release()
	result := <-request.ResultC()
	return result.Completed()
}

// To the next one in the order of their ids; returns when the other leads.
func (r replica) HandOver() bool {
	to := r.id%3 + 1
	if r.host.RequestLeaderTransfer(shard, to) != nil {
		return false
	}
	for until := time.Now().Add(timeout); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if leader, _, known, err := r.host.GetLeaderID(shard); err == nil && known && leader == to {
			return true
		}
	}
	return false
}

func (r replica) Disk() string { return r.disk }

func main() {
	start := member.Read()
	for _, name := range []string{"raft", "rsm", "transport", "grpc", "logdb", "dragonboat", "tan",
		"config", "settings", "utils", "order", "pebblekv", "raftpb", "server", "registry"} {
		logger.GetLogger(name).SetLevel(logger.CRITICAL)
	}
	host := config.NodeHostConfig{
		NodeHostDir:    start.Directory,
		WALDir:         filepath.Join(start.Directory, "wal"),
		RTTMillisecond: 100, // the election timeout is ten of them, a second, as with the others
		RaftAddress:    start.Address(),
	}
	words := "its log in pebble, synced"
	if start.Log == "tan" {
		host.Expert.LogDBFactory = tan.Factory
		words = "its log in tan, synced"
	}
	node, err := dragonboat.NewNodeHost(host)
	member.Must(err)

	founders := map[uint64]dragonboat.Target{}
	for i, address := range start.Addresses {
		founders[uint64(i+1)] = address
	}
	options := config.Config{
		ReplicaID:          uint64(start.ID),
		ShardID:            shard,
		ElectionRTT:        10,
		HeartbeatRTT:       1,
		CheckQuorum:        true,
		PreVote:            true,
		SnapshotEntries:    100_000, // and it keeps as many behind it, as ours does
		CompactionOverhead: 10_000,
	}
	create := func(uint64, uint64) statemachine.IConcurrentStateMachine { return &counter{} }
	member.Must(node.StartConcurrentReplica(founders, false, create, options))
	member.Serve(replica{node, node.GetNoOPSession(shard), uint64(start.ID), words})
}
