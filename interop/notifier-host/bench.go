package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sftpgo/sdk/plugin/notifier"
)

// round is a number of calls, so many of them in flight.
type round struct {
	InFlight int `json:"inFlight"`
	Count    int `json:"count"`
}

func runRounds(to notifier.Notifier, rounds io.Reader) error {
	lines := bufio.NewScanner(rounds)
	for lines.Scan() {
		var r round
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("round %q: %w", lines.Bytes(), err)
		}
		if err := runRound(to, r); err != nil {
			return err
		}
	}
	return lines.Err()
}

func runRound(to notifier.Notifier, r round) error {
	var wait sync.WaitGroup
	var next atomic.Int64
	failed := make(chan error, r.InFlight)
	cpu := cpuTime()
	start := time.Now()
	for range r.InFlight {
		wait.Go(func() {
			for next.Add(1) <= int64(r.Count) {
				if err := to.NotifyFsEvent(benchEvent()); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	cpu = cpuTime() - cpu
	select {
	case err := <-failed:
		return err
	default:
	}
	printLine(map[string]any{"round": map[string]any{
		"inFlight":       r.InFlight,
		"count":          r.Count,
		"seconds":        took.Seconds(),
		"callsPerSecond": float64(r.Count) / took.Seconds(),
		"cpuUsPerCall":   float64(cpu.Microseconds()) / float64(r.Count),
	}})
	return nil
}

// cpuTime is the processor time this process has used, in user and kernel mode.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
