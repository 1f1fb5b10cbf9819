package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"fairlead.dev/interop/internal/kv"
	"fairlead.dev/interop/internal/kvpb"
)

// request is one line of the input: what to do, and whatever that needs.
type request struct {
	ID           int     `json:"id"`
	Do           string  `json:"do"`
	TimeoutMs    int     `json:"timeoutMs"`
	Key          string  `json:"key"`
	Value        string  `json:"value"`
	Amount       int64   `json:"amount"`
	Numbers      []int64 `json:"numbers"`
	SizeBytes    int     `json:"sizeBytes"`
	ReplyBytes   int     `json:"replyBytes"`
	Code         int     `json:"code"`
	Milliseconds int     `json:"milliseconds"`
	DialFirst    bool    `json:"dialFirst"`
}

// headStart is how much earlier a dial is than the accept, where it is to come first.
const headStart = 200 * time.Millisecond

// earlyID is none that the plugin would choose by itself.
const earlyID = 4_000_000_000

func (h *host) do(r request) (any, error) {
	ctx, cancel := context.WithCancel(context.Background())
	if r.TimeoutMs > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(r.TimeoutMs)*time.Millisecond)
	}
	defer cancel()
	switch r.Do {
	case "put":
		return nil, errorOf(h.kv.Put(ctx, &kvpb.Entry{Key: r.Key, Value: r.Value}))
	case "get":
		value, err := h.kv.Get(ctx, &kvpb.Key{Key: r.Key})
		return value.GetValue(), err
	case "add":
		return h.add(ctx, r)
	case "brokered-get":
		return h.brokeredGet(ctx, r)
	case "dial":
		return nil, h.dialNobody(uint32(r.Amount))
	case "count":
		return h.count(ctx, r.Amount)
	case "sum":
		return h.sum(ctx, r.Numbers)
	case "totals":
		return h.totals(ctx, r.Numbers)
	case "echo":
		return h.echo(ctx, r)
	case "print":
		return nil, errorOf(h.control.Print(ctx, &kvpb.Output{Stream: r.Key, Text: r.Value}))
	case "log":
		return nil, errorOf(h.control.Log(ctx, &kvpb.LogLine{Level: r.Key, Message: r.Value, Field: "of the line"}))
	case "environment":
		value, err := h.control.Environment(ctx, &kvpb.Name{Name: r.Key})
		return value.GetValue(), err
	case "crash":
		return nil, errorOf(h.control.Crash(ctx, &kvpb.Exit{Code: int32(r.Code)}))
	case "sleep":
		return nil, errorOf(h.control.Sleep(ctx, &kvpb.Pause{Milliseconds: uint32(r.Milliseconds)}))
	case "ping":
		return nil, h.proto.Ping()
	case "services":
		return h.services(ctx)
	case "methods":
		return h.methods(ctx, r.Key)
	}
	return nil, fmt.Errorf("unknown request %q", r.Do)
}

func errorOf(_ *kvpb.Empty, err error) error {
	return err
}

// add serves the plugin while it is called by it; with DialFirst only when the plugin was told to dial.
func (c *kvClient) add(ctx context.Context, r request) (any, error) {
	id := c.broker.NextId()
	ready := make(chan *grpc.Server, 1)
	accept := func() {
		c.broker.AcceptAndServe(id, func(options []grpc.ServerOption) *grpc.Server {
			server := grpc.NewServer(options...)
			kvpb.RegisterAdderServer(server, adder{})
			ready <- server
			return server
		})
	}
	if r.DialFirst {
		time.AfterFunc(headStart, accept)
	} else {
		go accept()
	}
	total, err := c.counter.Add(ctx, &kvpb.AddRequest{AdderId: id, Key: r.Key, Amount: r.Amount})
	select {
	case server := <-ready:
		server.Stop()
	default: // It could not listen, and go-plugin's log says so.
	}
	return total.GetValue(), err
}

type adder struct {
	kvpb.UnimplementedAdderServer
}

func (adder) Sum(_ context.Context, summands *kvpb.Summands) (*kvpb.Number, error) {
	return &kvpb.Number{Value: summands.A + summands.B}, nil
}

// brokeredGet dials what the plugin accepts; with DialFirst the plugin is told to accept only then.
func (c *kvClient) brokeredGet(ctx context.Context, r request) (any, error) {
	id, err := c.open(ctx, r.DialFirst)
	if err != nil {
		return nil, err
	}
	connection, err := c.broker.Dial(id)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	value, err := kvpb.NewKVClient(connection).Get(ctx, &kvpb.Key{Key: r.Key})
	return value.GetValue(), err
}

func (c *kvClient) open(ctx context.Context, dialFirst bool) (uint32, error) {
	if !dialFirst {
		opened, err := c.counter.Open(ctx, &kvpb.Brokered{})
		return opened.GetId(), err
	}
	time.AfterFunc(headStart, func() {
		// Without it the dial fails.
		_, _ = c.counter.Open(ctx, &kvpb.Brokered{Id: earlyID})
	})
	return earlyID, nil
}

func (c *kvClient) dialNobody(id uint32) error {
	connection, err := c.broker.Dial(id)
	if err != nil {
		return err
	}
	return connection.Close()
}

func (c *kvClient) count(ctx context.Context, upTo int64) (any, error) {
	answers, err := c.streams.Count(ctx, &kvpb.Number{Value: upTo})
	if err != nil {
		return nil, err
	}
	return readAll(answers.Recv)
}

func (c *kvClient) sum(ctx context.Context, numbers []int64) (any, error) {
	call, err := c.streams.Sum(ctx)
	if err != nil {
		return nil, err
	}
	for _, number := range numbers {
		if err := call.Send(&kvpb.Number{Value: number}); err != nil {
			return nil, err
		}
	}
	total, err := call.CloseAndRecv()
	return total.GetValue(), err
}

// totals sends the next number only when the answer to the last one is there.
func (c *kvClient) totals(ctx context.Context, numbers []int64) (any, error) {
	call, err := c.streams.Totals(ctx)
	if err != nil {
		return nil, err
	}
	totals := []int64{}
	for _, number := range numbers {
		if err := call.Send(&kvpb.Number{Value: number}); err != nil {
			return nil, err
		}
		total, err := call.Recv()
		if err != nil {
			return nil, err
		}
		totals = append(totals, total.Value)
	}
	if err := call.CloseSend(); err != nil {
		return nil, err
	}
	rest, err := readAll(call.Recv)
	return append(totals, rest...), err
}

func readAll(receive func() (*kvpb.Number, error)) ([]int64, error) {
	numbers := []int64{}
	for {
		number, err := receive()
		if errors.Is(err, io.EOF) {
			return numbers, nil
		}
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number.Value)
	}
}

func (c *kvClient) echo(ctx context.Context, r request) (any, error) {
	reply, err := c.control.Echo(ctx, &kvpb.Payload{Data: kv.Pattern(r.SizeBytes), ReplyBytes: uint32(r.ReplyBytes)})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"receivedBytes": reply.ReceivedBytes,
		"replyBytes":    len(reply.Data),
		"intact":        reply.Intact && kv.IsPattern(reply.Data),
	}, nil
}

// services asks the plugin's reflection service, as grpcurl does.
func (c *kvClient) services(ctx context.Context) ([]string, error) {
	answer, err := c.reflect(ctx, &grpc_reflection_v1.ServerReflectionRequest{
		MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{},
	})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, service := range answer.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	slices.Sort(names)
	return names, nil
}

// methods describes a service: its methods with the types of their messages.
func (c *kvClient) methods(ctx context.Context, service string) ([]string, error) {
	answer, err := c.reflect(ctx, &grpc_reflection_v1.ServerReflectionRequest{
		MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service},
	})
	if err != nil {
		return nil, err
	}
	if refused := answer.GetErrorResponse(); refused != nil {
		return nil, errors.New(refused.ErrorMessage)
	}
	var methods []string
	for _, file := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
		var described descriptorpb.FileDescriptorProto
		if err := proto.Unmarshal(file, &described); err != nil {
			return nil, err
		}
		for _, s := range described.Service {
			if described.GetPackage()+"."+s.GetName() != service {
				continue
			}
			for _, m := range s.Method {
				methods = append(methods, m.GetName()+m.GetInputType()+m.GetOutputType())
			}
		}
	}
	return methods, nil
}

func (c *kvClient) reflect(
	ctx context.Context, question *grpc_reflection_v1.ServerReflectionRequest,
) (*grpc_reflection_v1.ServerReflectionResponse, error) {
	call, err := grpc_reflection_v1.NewServerReflectionClient(c.connection).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, err
	}
	if err := call.Send(question); err != nil {
		return nil, err
	}
	return call.Recv()
}
