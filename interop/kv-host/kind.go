package main

import (
	"context"
	"errors"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"fairlead.dev/interop/internal/kvpb"
)

// kind makes the clients of a plugin.
type kind struct {
	plugin.NetRPCUnsupportedPlugin
}

func (kind) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this program is no plugin")
}

func (kind) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, connection *grpc.ClientConn) (any, error) {
	return &kvClient{
		broker:     broker,
		connection: connection,
		kv:         kvpb.NewKVClient(connection),
		counter:    kvpb.NewCounterClient(connection),
		streams:    kvpb.NewStreamsClient(connection),
		control:    kvpb.NewControlClient(connection),
	}, nil
}

type kvClient struct {
	broker     *plugin.GRPCBroker
	connection *grpc.ClientConn
	kv         kvpb.KVClient
	counter    kvpb.CounterClient
	streams    kvpb.StreamsClient
	control    kvpb.ControlClient
}
