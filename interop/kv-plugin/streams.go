package main

import (
	"errors"
	"io"

	"google.golang.org/grpc"

	"fairlead.dev/interop/internal/kvpb"
)

type streams struct {
	kvpb.UnimplementedStreamsServer
}

func (streams) Count(upTo *kvpb.Number, answers grpc.ServerStreamingServer[kvpb.Number]) error {
	for i := range upTo.Value {
		if err := answers.Send(&kvpb.Number{Value: i + 1}); err != nil {
			return err
		}
	}
	return nil
}

func (streams) Sum(numbers grpc.ClientStreamingServer[kvpb.Number, kvpb.Number]) error {
	var total int64
	for {
		number, err := numbers.Recv()
		if errors.Is(err, io.EOF) {
			return numbers.SendAndClose(&kvpb.Number{Value: total})
		}
		if err != nil {
			return err
		}
		total += number.Value
	}
}

func (streams) Totals(numbers grpc.BidiStreamingServer[kvpb.Number, kvpb.Number]) error {
	var total int64
	for {
		number, err := numbers.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		total += number.Value
		if err := numbers.Send(&kvpb.Number{Value: total}); err != nil {
			return err
		}
	}
}
