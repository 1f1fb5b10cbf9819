// The host that bench/rpc measures, the twin of bench/harness/rpc-host.ts:
//
//	bench-host auto|none plugin-executable
//
// It reads tasks from standard input, one JSON line each, and prints what each took.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/sftpgo/sdk/plugin/notifier"

	"fairlead.dev/interop/internal/benchrpc"
)

type task struct {
	Kind      string `json:"kind"`
	InFlight  int    `json:"inFlight"`
	Count     int    `json:"count"`
	SizeBytes uint64 `json:"sizeBytes"`
}

type result struct {
	Seconds      float64 `json:"seconds"`
	CPUUsPerCall float64 `json:"cpuUsPerCall"`
	P50Us        float64 `json:"p50Us"`
	P99Us        float64 `json:"p99Us"`
}

func main() {
	if err := run(); err != nil {
		printLine("error", err.Error())
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: bench-host auto|none plugin-executable")
	}
	host, err := launch(os.Args[1] == "auto", os.Args[2])
	if err != nil {
		return err
	}
	defer host.client.Kill()
	printLine("started", map[string]int{"pid": host.cmd.Process.Pid})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var t task
		if err := json.Unmarshal(lines.Bytes(), &t); err != nil {
			return fmt.Errorf("task %q: %w", lines.Bytes(), err)
		}
		r, err := host.do(t)
		if err != nil {
			return err
		}
		printLine("result", r)
	}
	return lines.Err()
}

type benchHost struct {
	client   *plugin.Client
	cmd      *exec.Cmd
	notifier notifier.Notifier
	bench    *benchrpc.Client
}

func launch(autoMTLS bool, command string) (*benchHost, error) {
	cmd := exec.Command(command)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  notifier.Handshake,
		Plugins:          map[string]plugin.Plugin{notifier.PluginName: &notifier.Plugin{}, benchrpc.Name: benchrpc.Plugin{}},
		Cmd:              cmd,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         autoMTLS,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr}),
	})
	host := &benchHost{client: client, cmd: cmd}
	if err := host.dispense(); err != nil {
		client.Kill()
		return nil, err
	}
	return host, nil
}

func (h *benchHost) dispense() error {
	rpc, err := h.client.Client()
	if err != nil {
		return err
	}
	events, err := rpc.Dispense(notifier.PluginName)
	if err != nil {
		return err
	}
	bench, err := rpc.Dispense(benchrpc.Name)
	if err != nil {
		return err
	}
	h.notifier, h.bench = events.(notifier.Notifier), bench.(*benchrpc.Client)
	return nil
}

func (h *benchHost) do(t task) (result, error) {
	switch t.Kind {
	case "calls":
		return measure(t, func() error { return h.notifier.NotifyFsEvent(benchEvent()) })
	case "echo":
		message := make([]byte, t.SizeBytes)
		return measure(t, func() error {
			answer, err := h.bench.Echo(message)
			if err == nil && len(answer) != len(message) {
				return errors.New("the answer is not what was sent")
			}
			return err
		})
	case "upload":
		return measure(t, func() error { return h.bench.Upload(t.SizeBytes) })
	case "download":
		return measure(t, func() error { return h.bench.Download(t.SizeBytes) })
	case "start":
		return measureStarts(t.Count)
	}
	return result{}, fmt.Errorf("unknown task %q", t.Kind)
}

// measureStarts times a plugin's way from the spawn to its first answer, one after another; its end is not timed.
func measureStarts(count int) (result, error) {
	var tookUs []float64
	for range count {
		began := time.Now()
		host, err := launch(os.Args[1] == "auto", os.Args[2])
		if err != nil {
			return result{}, err
		}
		err = host.notifier.NotifyFsEvent(benchEvent())
		tookUs = append(tookUs, microseconds(time.Since(began)))
		host.client.Kill()
		if err != nil {
			return result{}, err
		}
	}
	return summarize(tookUs), nil
}

func measure(t task, call func() error) (result, error) {
	var wait sync.WaitGroup
	var next atomic.Int64
	failed := make(chan error, t.InFlight)
	tookUs := make([]float64, t.Count)
	cpu := cpuTime()
	start := time.Now()
	for range t.InFlight {
		wait.Go(func() {
			for i := next.Add(1); i <= int64(t.Count); i = next.Add(1) {
				began := time.Now()
				if err := call(); err != nil {
					failed <- err
					return
				}
				tookUs[i-1] = microseconds(time.Since(began))
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	cpu = cpuTime() - cpu
	select {
	case err := <-failed:
		return result{}, err
	default:
	}
	summary := summarize(tookUs)
	summary.Seconds = took.Seconds()
	summary.CPUUsPerCall = float64(cpu.Microseconds()) / float64(t.Count)
	return summary, nil
}

func summarize(tookUs []float64) result {
	slices.Sort(tookUs)
	return result{P50Us: tookUs[len(tookUs)/2], P99Us: tookUs[len(tookUs)*99/100]}
}

func microseconds(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / 1000
}

// benchEvent is what an upload over SFTP sends, 224 bytes on the wire: the same as bench/harness/upload-event.ts.
func benchEvent() *notifier.FsEvent {
	return &notifier.FsEvent{
		Timestamp:   1_790_000_000_123_456_789,
		Action:      "upload",
		Username:    "alice",
		Path:        "/srv/sftpgo/data/alice/reports/2026/summary-east.csv",
		VirtualPath: "/reports/2026/summary-east.csv",
		FileSize:    1_048_576,
		Elapsed:     12,
		Status:      1,
		Protocol:    "SFTP",
		IP:          "192.0.2.17",
		SessionID:   "SFTP_0f4c2b7a9d3e8816557a0c1e9b2d4f607182939ab4c5d6e7f8091a2b3c4d5e6f_1",
		Role:        "finance-eu",
	}
}

// cpuTime is the processor time this process has used, in user and kernel mode.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func printLine(name string, value any) {
	text, err := json.Marshal(map[string]any{name: value})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
