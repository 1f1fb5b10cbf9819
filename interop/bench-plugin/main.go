// The plugin that bench/rpc measures: a notifier that takes every event and does nothing with it, and benchrpc's service.
package main

import (
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/sftpgo/sdk/plugin/notifier"

	"fairlead.dev/interop/internal/benchrpc"
)

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: notifier.Handshake,
		Plugins: map[string]plugin.Plugin{
			notifier.PluginName: &notifier.Plugin{Impl: silent{}},
			benchrpc.Name:       benchrpc.Plugin{},
		},
		GRPCServer: plugin.DefaultGRPCServer,
		Logger:     hclog.NewNullLogger(),
	})
}

type silent struct{}

func (silent) NotifyFsEvent(*notifier.FsEvent) error             { return nil }
func (silent) NotifyProviderEvent(*notifier.ProviderEvent) error { return nil }
func (silent) NotifyLogEvent(*notifier.LogEvent) error           { return nil }
