// A notifier plugin written with SFTPGo's sdk, as any plugin author would: our host must run it unchanged.
//
//	NOTIFIER_PLUGIN_OUT    file that gets one JSON line an event (appended); no file when unset
//	NOTIFIER_PLUGIN_FAIL   answer every event with this error, after writing it
//	NOTIFIER_PLUGIN_SLEEP  take this long for every event, e.g. 250ms
//	NOTIFIER_PLUGIN_CRASH  leave with exit code 7 on the event of this number, counted from 1, before writing it
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/sftpgo/sdk/plugin/notifier"

	"fairlead.dev/interop/internal/eventjson"
)

func main() {
	logger := hclog.New(&hclog.LoggerOptions{
		DisableTime: true,
		Level:       hclog.Trace,
		JSONFormat:  true,
	})
	recorder, err := newRecorder(logger)
	if err != nil {
		logger.Error("unusable environment", "error", err)
		os.Exit(1)
	}
	logger.Info("notifier started", "pid", os.Getpid(), "out", os.Getenv("NOTIFIER_PLUGIN_OUT"))
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: notifier.Handshake,
		Plugins: map[string]plugin.Plugin{
			notifier.PluginName: &notifier.Plugin{Impl: recorder},
		},
		GRPCServer: plugin.DefaultGRPCServer,
		Logger:     logger,
	})
}

type recorder struct {
	logger  hclog.Logger
	failure error
	sleep   time.Duration
	crashAt int64
	calls   atomic.Int64
	mutex   sync.Mutex
	out     *os.File
}

func newRecorder(logger hclog.Logger) (*recorder, error) {
	r := &recorder{logger: logger}
	if text := os.Getenv("NOTIFIER_PLUGIN_FAIL"); text != "" {
		r.failure = errors.New(text)
	}
	var err error
	if text := os.Getenv("NOTIFIER_PLUGIN_SLEEP"); text != "" {
		if r.sleep, err = time.ParseDuration(text); err != nil {
			return nil, fmt.Errorf("NOTIFIER_PLUGIN_SLEEP: %w", err)
		}
	}
	if text := os.Getenv("NOTIFIER_PLUGIN_CRASH"); text != "" {
		if r.crashAt, err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, fmt.Errorf("NOTIFIER_PLUGIN_CRASH: %w", err)
		}
	}
	if path := os.Getenv("NOTIFIER_PLUGIN_OUT"); path != "" {
		if r.out, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
			return nil, fmt.Errorf("NOTIFIER_PLUGIN_OUT: %w", err)
		}
	}
	return r, nil
}

func (r *recorder) NotifyFsEvent(event *notifier.FsEvent) error {
	return r.record(eventjson.Line{Fs: (*eventjson.FsEvent)(event)})
}

func (r *recorder) NotifyProviderEvent(event *notifier.ProviderEvent) error {
	return r.record(eventjson.Line{Provider: (*eventjson.ProviderEvent)(event)})
}

func (r *recorder) NotifyLogEvent(event *notifier.LogEvent) error {
	return r.record(eventjson.Line{Log: (*eventjson.LogEvent)(event)})
}

func (r *recorder) record(line eventjson.Line) error {
	if call := r.calls.Add(1); call == r.crashAt {
		r.logger.Error("leaving as told", "call", call)
		os.Exit(7)
	}
	if r.sleep > 0 {
		time.Sleep(r.sleep)
	}
	if r.out != nil {
		if err := r.write(line); err != nil {
			return err
		}
	}
	return r.failure
}

func (r *recorder) write(line eventjson.Line) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	r.logger.Debug("event", "kind", line.Kind(), "size", len(text))
	r.mutex.Lock()
	defer r.mutex.Unlock()
	_, err = r.out.Write(append(text, '\n'))
	return err
}
