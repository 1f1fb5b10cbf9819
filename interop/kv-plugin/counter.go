package main

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"fairlead.dev/interop/internal/kvpb"
)

// counter has the host do its sums.
type counter struct {
	kvpb.UnimplementedCounterServer
	store  *store
	broker *plugin.GRPCBroker
}

func (c *counter) Add(ctx context.Context, request *kvpb.AddRequest) (*kvpb.Number, error) {
	connection, err := c.broker.Dial(request.AdderId)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	c.store.mutex.Lock()
	defer c.store.mutex.Unlock()
	summands := &kvpb.Summands{A: c.store.totals[request.Key], B: request.Amount}
	sum, err := kvpb.NewAdderClient(connection).Sum(ctx, summands)
	if err != nil {
		return nil, err
	}
	c.store.totals[request.Key] = sum.Value
	return sum, nil
}

func (c *counter) Open(_ context.Context, request *kvpb.Brokered) (*kvpb.Brokered, error) {
	id := request.Id
	if id == 0 {
		id = c.broker.NextId()
	}
	go c.broker.AcceptAndServe(id, func(options []grpc.ServerOption) *grpc.Server {
		server := grpc.NewServer(options...)
		kvpb.RegisterKVServer(server, c.store)
		return server
	})
	return &kvpb.Brokered{Id: id}, nil
}
