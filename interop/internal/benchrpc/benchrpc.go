// Package benchrpc is a service of large messages and streams, to be measured: bytes there, bytes back, bytes in a
// stream either way. Its messages are google.protobuf.BytesValue and UInt64Value, so that no code has to be generated.
package benchrpc

import (
	"context"
	"errors"
	"io"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Name is what hosts dispense the service by.
const Name = "bench"

const (
	serviceName    = "fairlead.bench.Bench"
	echoMethod     = "/" + serviceName + "/Echo"
	uploadMethod   = "/" + serviceName + "/Upload"
	downloadMethod = "/" + serviceName + "/Download"
)

// ChunkBytes is the size of a message in a stream.
const ChunkBytes = 64 << 10

// Plugin serves and dispenses the service.
type Plugin struct {
	plugin.NetRPCUnsupportedPlugin
}

// GRPCServer registers the service.
func (Plugin) GRPCServer(_ *plugin.GRPCBroker, server *grpc.Server) error {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: serviceName,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Echo", Handler: echo}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Upload", Handler: upload, ClientStreams: true},
			{StreamName: "Download", Handler: download, ServerStreams: true},
		},
	}, struct{}{})
	return nil
}

// GRPCClient makes a client.
func (Plugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &Client{conn}, nil
}

func echo(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	message := new(wrapperspb.BytesValue)
	return message, decode(message)
}

func upload(_ any, stream grpc.ServerStream) error {
	var sum uint64
	for {
		chunk := new(wrapperspb.BytesValue)
		err := stream.RecvMsg(chunk)
		if errors.Is(err, io.EOF) {
			return stream.SendMsg(wrapperspb.UInt64(sum))
		}
		if err != nil {
			return err
		}
		sum += uint64(len(chunk.Value))
	}
}

func download(_ any, stream grpc.ServerStream) error {
	wanted := new(wrapperspb.UInt64Value)
	if err := stream.RecvMsg(wanted); err != nil {
		return err
	}
	chunk := wrapperspb.Bytes(make([]byte, ChunkBytes))
	for sent := uint64(0); sent < wanted.Value; sent += ChunkBytes {
		if err := stream.SendMsg(chunk); err != nil {
			return err
		}
	}
	return nil
}

// Client calls the service.
type Client struct {
	conn *grpc.ClientConn
}

// Echo sends bytes there and back.
func (c *Client) Echo(message []byte) ([]byte, error) {
	answer := new(wrapperspb.BytesValue)
	err := c.conn.Invoke(context.Background(), echoMethod, wrapperspb.Bytes(message), answer)
	return answer.Value, err
}

// Upload streams so many bytes to the plugin.
func (c *Client) Upload(size uint64) error {
	stream, err := c.conn.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true}, uploadMethod)
	if err != nil {
		return err
	}
	chunk := wrapperspb.Bytes(make([]byte, ChunkBytes))
	for sent := uint64(0); sent < size; sent += ChunkBytes {
		if err := stream.SendMsg(chunk); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	answer := new(wrapperspb.UInt64Value)
	if err := stream.RecvMsg(answer); err != nil {
		return err
	}
	return expectSize(answer.Value, size)
}

// Download streams so many bytes from the plugin.
func (c *Client) Download(size uint64) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, downloadMethod)
	if err != nil {
		return err
	}
	if err := stream.SendMsg(wrapperspb.UInt64(size)); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	var sum uint64
	for {
		chunk := new(wrapperspb.BytesValue)
		err := stream.RecvMsg(chunk)
		if errors.Is(err, io.EOF) {
			return expectSize(sum, size)
		}
		if err != nil {
			return err
		}
		sum += uint64(len(chunk.Value))
	}
}

func expectSize(got, want uint64) error {
	if got != want {
		return errors.New("the other side did not see every byte")
	}
	return nil
}
