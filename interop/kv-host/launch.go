package main

import (
	"os"
	"os/exec"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"

	"fairlead.dev/interop/internal/kv"
)

type options struct {
	command      []string
	autoMTLS     bool
	multiplex    bool
	versions     string
	tlsFolder    string
	socketGroup  string
	socketFolder string
	reattach     string
	minPort      uint
	maxPort      uint
	startTimeout time.Duration
}

type host struct {
	client *plugin.Client
	proto  plugin.ClientProtocol
	cmd    *exec.Cmd
	*kvClient
}

func launch(o options) (*host, error) {
	config, err := configure(o)
	if err != nil {
		return nil, err
	}
	cmd, err := o.choosePlugin(config)
	if err != nil {
		return nil, err
	}
	client := plugin.NewClient(config)
	h, err := dispense(client, cmd)
	if err != nil {
		client.Kill()
		return nil, err
	}
	return h, nil
}

func dispense(client *plugin.Client, cmd *exec.Cmd) (*host, error) {
	proto, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := proto.Dispense(kv.PluginName)
	if err != nil {
		return nil, err
	}
	return &host{client: client, proto: proto, cmd: cmd, kvClient: raw.(*kvClient)}, nil
}

func configure(o options) (*plugin.ClientConfig, error) {
	versions, err := kv.ParseVersions(o.versions)
	if err != nil {
		return nil, err
	}
	config := &plugin.ClientConfig{
		HandshakeConfig:     kv.Handshake,
		VersionedPlugins:    map[int]plugin.PluginSet{},
		AllowedProtocols:    []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:            o.autoMTLS,
		GRPCBrokerMultiplex: o.multiplex,
		MinPort:             o.minPort,
		MaxPort:             o.maxPort,
		StartTimeout:        o.startTimeout,
		SyncStdout:          prints("stdout"),
		SyncStderr:          prints("stderr"),
		Logger: hclog.New(&hclog.LoggerOptions{
			Name:       "host",
			Level:      hclog.Trace,
			Output:     os.Stderr,
			JSONFormat: true,
		}),
	}
	for _, version := range versions {
		config.VersionedPlugins[version] = plugin.PluginSet{kv.PluginName: &kind{}}
	}
	if o.tlsFolder != "" {
		if config.TLSConfig, err = kv.LoadTLS(o.tlsFolder); err != nil {
			return nil, err
		}
	}
	if o.socketGroup != "" || o.socketFolder != "" {
		config.UnixSocketConfig = &plugin.UnixSocketConfig{Group: o.socketGroup, TempDir: o.socketFolder}
	}
	return config, nil
}

// choosePlugin decides by which of go-plugin's three ways there will be one.
func (o options) choosePlugin(config *plugin.ClientConfig) (*exec.Cmd, error) {
	if o.reattach != "" {
		var err error
		config.Reattach, err = kv.ParseReattach(o.reattach)
		// Go takes the set to dispense from here, whatever the version.
		for _, set := range config.VersionedPlugins {
			config.Plugins = set
		}
		config.VersionedPlugins = nil
		return nil, err
	}
	cmd := exec.Command(o.command[0], o.command[1:]...)
	if o.socketFolder == "" {
		config.Cmd = cmd
		return cmd, nil
	}
	config.RunnerFunc = func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
		cmd.Env = spec.Env
		return newProcessRunner(cmd)
	}
	return cmd, nil
}

func (h *host) pid() int {
	if h.cmd == nil {
		return 0
	}
	return h.cmd.Process.Pid
}

// reattach says how another host can attach to the plugin.
func (h *host) reattach() (string, error) {
	return kv.FormatReattach(h.client.ReattachConfig(), h.client.NegotiatedVersion())
}

// stop ends the plugin and tells how it went.
func (h *host) stop() map[string]any {
	start := time.Now()
	h.client.Kill()
	facts := map[string]any{"ms": time.Since(start).Milliseconds(), "exited": h.client.Exited()}
	if h.cmd != nil && h.cmd.ProcessState != nil {
		facts["status"] = h.cmd.ProcessState.String()
		facts["code"] = h.cmd.ProcessState.ExitCode()
	}
	return facts
}

// prints passes on what the plugin prints to one of its streams.
type prints string

func (p prints) Write(text []byte) (int, error) {
	printLine(map[string]any{string(p): text})
	return len(text), nil
}
