package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"

	"fairlead.dev/interop/internal/kv"
	"fairlead.dev/interop/internal/kvpb"
)

// control does as it is told.
type control struct {
	kvpb.UnimplementedControlServer
	logger hclog.Logger
}

func (control) Echo(_ context.Context, request *kvpb.Payload) (*kvpb.Reply, error) {
	return &kvpb.Reply{
		Data:          kv.Pattern(int(request.ReplyBytes)),
		ReceivedBytes: uint32(len(request.Data)),
		Intact:        kv.IsPattern(request.Data),
	}, nil
}

// Print looks the file up now: go-plugin has put its own in place.
func (control) Print(_ context.Context, request *kvpb.Output) (*kvpb.Empty, error) {
	file := os.Stdout
	if request.Stream == "stderr" {
		file = os.Stderr
	}
	if _, err := fmt.Fprint(file, request.Text); err != nil {
		return nil, err
	}
	return &kvpb.Empty{}, nil
}

func (c *control) Log(_ context.Context, request *kvpb.LogLine) (*kvpb.Empty, error) {
	c.logger.Log(hclog.LevelFromString(request.Level), request.Message, "field", request.Field)
	return &kvpb.Empty{}, nil
}

func (control) Environment(_ context.Context, request *kvpb.Name) (*kvpb.Value, error) {
	return &kvpb.Value{Value: os.Getenv(request.Name)}, nil
}

func (control) Crash(_ context.Context, request *kvpb.Exit) (*kvpb.Empty, error) {
	os.Exit(int(request.Code))
	return nil, nil
}

func (c *control) Sleep(ctx context.Context, request *kvpb.Pause) (*kvpb.Empty, error) {
	select {
	case <-time.After(time.Duration(request.Milliseconds) * time.Millisecond):
		return &kvpb.Empty{}, nil
	case <-ctx.Done():
		c.logger.Info("sleep was cut short")
		return nil, ctx.Err()
	}
}
