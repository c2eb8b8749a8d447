// SPDX-License-Identifier: Apache-2.0

// Package member makes a peer's replica do what bowline-bench-raft tells it, over its standard
// input and output: the same words that it has for its own replicas.
package member

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Replica is what each peer's library is reduced to.
type Replica interface {
	Leads() bool
	// Propose returns when the command was committed and applied here; false: it was not.
	Propose(command []byte) bool
	HandOver() bool
	// Disk says in words what the log lies in.
	Disk() string
}

// Start is what the command line says: [LOG] ID ADDRESS,ADDRESS,ADDRESS DIRECTORY.
type Start struct {
	Log       string
	ID        int
	Addresses []string
	Directory string
}

// Read ends the process if the command line is not as it should be.
func Read() Start {
	words := os.Args[1:]
	start := Start{}
	if len(words) == 4 {
		start.Log, words = words[0], words[1:]
	}
	if len(words) != 3 {
		Fail("usage: [LOG] ID ADDRESS,ADDRESS,ADDRESS DIRECTORY; bowline-bench-raft starts this")
	}
	id, err := strconv.Atoi(words[0])
	Must(err)
	start.ID, start.Addresses, start.Directory = id, strings.Split(words[1], ","), words[2]
	return start
}

func (s Start) Address() string { return s.Addresses[s.ID-1] }

func Fail(what string) {
	fmt.Fprintln(os.Stderr, os.Args[0]+": "+what)
	os.Exit(1)
}

func Must(err error) {
	if err != nil {
		Fail(err.Error())
	}
}

// Serve does what the lines say, until there are no more.
func Serve(replica Replica) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		said := "?"
		if len(words) > 0 {
			said = answer(replica, words)
		}
		fmt.Println(said)
	}
}

func answer(replica Replica, words []string) string {
	switch words[0] {
	case "leads":
		return digit(replica.Leads())
	case "cpu":
		return fmt.Sprintf("%.6f", cpuSeconds())
	case "disk":
		return replica.Disk()
	case "write":
		// One that does not lead might forward it to a leader that is gone.
		return digit(replica.Leads() && replica.Propose([]byte("x")))
	case "hand":
		return digit(replica.HandOver())
	case "press":
		return press(replica, words[1:])
	}
	return "?"
}

func digit(yes bool) string {
	if yes {
		return "1"
	}
	return "0"
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	Must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func number(word string) float64 {
	value, err := strconv.ParseFloat(word, 64)
	Must(err)
	return value
}

// PAYLOAD IN_FLIGHT WARM_SECONDS SECONDS. Each answer is followed by the next proposal.
func press(replica Replica, words []string) string {
	payload := []byte(strings.Repeat("x", int(number(words[0]))))
	inFlight := int(number(words[1]))
	from := time.Now().Add(time.Duration(number(words[2]) * float64(time.Second)))
	span := time.Duration(number(words[3]) * float64(time.Second))
	until := from.Add(span)

	latencies := make([][]uint32, inFlight)
	var wait sync.WaitGroup
	var refused atomic.Bool
	for i := range latencies {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for begun := time.Now(); begun.Before(until) && !refused.Load(); begun = time.Now() {
				if !replica.Propose(payload) {
					refused.Store(true)
					break
				}
				ended := time.Now()
				if ended.After(from) && ended.Before(until) {
					latencies[i] = append(latencies[i], uint32(ended.Sub(begun).Microseconds()))
				}
			}
		}()
	}
	wait.Wait()
	all := slices.Concat(latencies...)
	if refused.Load() {
		all = nil // it does not lead any more: a figure would mean nothing
	}
	slices.Sort(all)
	at := func(share float64) uint32 {
		if len(all) == 0 {
			return 0
		}
		return all[int(share*float64(len(all)-1))]
	}
	return fmt.Sprintf("%d %.1f %d %d %d", len(all), float64(len(all))/span.Seconds(),
		at(0.5), at(0.99), at(0.999))
}
