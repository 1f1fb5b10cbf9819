// A plugin that speaks net/rpc only, as those of before 2017 do: hosts that want gRPC refuse it.
package main

import (
	"net/rpc"

	"github.com/hashicorp/go-plugin"

	"fairlead.dev/interop/internal/kv"
)

type old struct{}

func (old) Server(*plugin.MuxBroker) (any, error) { return &struct{}{}, nil }

func (old) Client(*plugin.MuxBroker, *rpc.Client) (any, error) { return nil, nil }

func main() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  kv.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{1: {kv.PluginName: old{}}},
	})
}
