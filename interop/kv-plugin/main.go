// A plugin of everything go-plugin can do with gRPC: a store, calls in both directions through the broker, streams, prints,
// logs, and misbehaviour on request. fixtures/kv-plugin.ts is its twin.
//
//	-versions 2,3        serve these versions; from 2 on the store appends the version to what it gives
//	-max-receive 1048576 take messages of at most this many bytes; 4 MiB when not given, as grpc-go does
//	-tls-dir DIR         manual TLS: cert.pem, key.pem and ca.pem of DIR
//	-test-mode           print how to attach as one line of JSON instead of the handshake; ends with SIGTERM
//	-never-ready         never print the handshake line
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // Takes packed messages, and packs the answers to them.

	"fairlead.dev/interop/internal/kv"
	"fairlead.dev/interop/internal/kvpb"
)

type options struct {
	versions   string
	maxReceive int
	tlsFolder  string
	testMode   bool
	neverReady bool
}

func main() {
	var o options
	flag.StringVar(&o.versions, "versions", "1", "versions to serve")
	flag.IntVar(&o.maxReceive, "max-receive", 0, "largest message to take, in bytes")
	flag.StringVar(&o.tlsFolder, "tls-dir", "", "folder with cert.pem, key.pem and ca.pem")
	flag.BoolVar(&o.testMode, "test-mode", false, "serve without a host")
	flag.BoolVar(&o.neverReady, "never-ready", false, "hang before the handshake")
	flag.Parse()
	logger := hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, JSONFormat: true})
	if o.neverReady {
		logger.Info("not getting ready")
		time.Sleep(time.Hour)
	}
	if err := serve(o, logger); err != nil {
		logger.Error("cannot serve", "error", err)
		os.Exit(1)
	}
}

func serve(o options, logger hclog.Logger) error {
	versions, err := kv.ParseVersions(o.versions)
	if err != nil {
		return err
	}
	config := &plugin.ServeConfig{
		HandshakeConfig:  kv.Handshake,
		VersionedPlugins: map[int]plugin.PluginSet{},
		GRPCServer:       serverFactory(o.maxReceive),
		Logger:           logger,
	}
	for _, version := range versions {
		config.VersionedPlugins[version] = plugin.PluginSet{
			kv.PluginName: &kind{version: version, logger: logger},
		}
	}
	if o.tlsFolder != "" {
		config.TLSProvider = func() (*tls.Config, error) { return kv.LoadTLS(o.tlsFolder) }
	}
	if o.testMode {
		return serveForTest(config)
	}
	plugin.Serve(config)
	return nil
}

func serverFactory(maxReceive int) func([]grpc.ServerOption) *grpc.Server {
	if maxReceive == 0 {
		return plugin.DefaultGRPCServer
	}
	return func(options []grpc.ServerOption) *grpc.Server {
		return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(maxReceive))...)
	}
}

// serveForTest is what a debugger would run: the plugin outlives its hosts.
func serveForTest(config *plugin.ServeConfig) error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	attach := make(chan *plugin.ReattachConfig)
	closed := make(chan struct{})
	config.Test = &plugin.ServeTestConfig{Context: ctx, ReattachConfigCh: attach, CloseCh: closed}
	go plugin.Serve(config)
	reattach := <-attach
	text, err := kv.FormatReattach(reattach, reattach.ProtocolVersion)
	if err != nil {
		return err
	}
	fmt.Println(text)
	<-closed
	return nil
}

// kind registers the services of one version.
type kind struct {
	plugin.NetRPCUnsupportedPlugin
	version int
	logger  hclog.Logger
}

func (k *kind) GRPCServer(broker *plugin.GRPCBroker, server *grpc.Server) error {
	s := newStore(k.version)
	kvpb.RegisterKVServer(server, s)
	kvpb.RegisterCounterServer(server, &counter{store: s, broker: broker})
	kvpb.RegisterStreamsServer(server, &streams{})
	kvpb.RegisterControlServer(server, &control{logger: k.logger})
	return nil
}

func (k *kind) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("this program is no host")
}
