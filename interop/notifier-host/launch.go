package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/sftpgo/sdk/plugin/notifier"
)

type launchOptions struct {
	command   []string
	autoMTLS  bool
	sha256    string
	envPrefix string
	envVars   string
	logLevel  string
}

type runningPlugin struct {
	client    *plugin.Client
	cmd       *exec.Cmd
	notifier  notifier.Notifier
	startTook time.Duration
}

// launch starts the plugin with the settings SFTPGo uses: an environment built from nothing, gRPC only, not managed,
// 60 s to start, an optional checksum.
func launch(o launchOptions) (*runningPlugin, error) {
	var secure *plugin.SecureConfig
	if o.sha256 != "" {
		sum, err := hex.DecodeString(o.sha256)
		if err != nil {
			return nil, fmt.Errorf("checksum: %w", err)
		}
		secure = &plugin.SecureConfig{Checksum: sum, Hash: sha256.New()}
	}
	cmd := exec.Command(o.command[0], o.command[1:]...)
	cmd.Env = environment(o)
	start := time.Now()
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  notifier.Handshake,
		Plugins:          notifier.PluginMap,
		Cmd:              cmd,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         o.autoMTLS,
		SecureConfig:     secure,
		Managed:          false,
		StartTimeout:     60 * time.Second,
		Logger: hclog.New(&hclog.LoggerOptions{
			Name:       "host",
			Level:      hclog.LevelFromString(o.logLevel),
			Output:     os.Stderr,
			JSONFormat: true,
		}),
	})
	impl, err := dispense(client)
	if err != nil {
		client.Kill()
		return nil, err
	}
	return &runningPlugin{client: client, cmd: cmd, notifier: impl, startTook: time.Since(start)}, nil
}

func dispense(client *plugin.Client) (notifier.Notifier, error) {
	rpc, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := rpc.Dispense(notifier.PluginName)
	if err != nil {
		return nil, err
	}
	impl, ok := raw.(notifier.Notifier)
	if !ok {
		return nil, fmt.Errorf("dispensed %T, which is no notifier", raw)
	}
	return impl, nil
}

// environment has the host's variables whose names start with the prefix, and those asked for by name, empty when the
// host has none. The default prefix comes from the executable's name: "my-plugin.js" gives "MY_PLUGIN_".
func environment(o launchOptions) []string {
	prefix := o.envPrefix
	if prefix == "" {
		base := filepath.Base(o.command[0])
		base = strings.TrimSuffix(base, filepath.Ext(base))
		prefix = strings.ToUpper(strings.ReplaceAll(base, "-", "_")) + "_"
	}
	var env []string
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, prefix) {
			env = append(env, variable)
		}
	}
	for name := range strings.SplitSeq(o.envVars, ",") {
		if name = strings.TrimSpace(name); name != "" {
			env = append(env, name+"="+os.Getenv(name))
		}
	}
	return env
}

func (p *runningPlugin) pid() int {
	return p.cmd.Process.Pid
}

// stop ends the plugin as SFTPGo does and tells how it went.
func (p *runningPlugin) stop() map[string]any {
	start := time.Now()
	p.client.Kill()
	facts := map[string]any{"ms": milliseconds(time.Since(start)), "exited": p.client.Exited()}
	if state := p.cmd.ProcessState; state != nil {
		facts["status"] = state.String()
		facts["code"] = state.ExitCode()
	}
	return facts
}
