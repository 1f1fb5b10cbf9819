package main

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"fairlead.dev/interop/internal/kvpb"
)

// store keeps its entries in memory, unlike the one of go-plugin's example.
type store struct {
	kvpb.UnimplementedKVServer
	version int
	mutex   sync.Mutex
	entries map[string]string
	totals  map[string]int64
}

func newStore(version int) *store {
	return &store{version: version, entries: map[string]string{}, totals: map[string]int64{}}
}

func (s *store) Get(_ context.Context, request *kvpb.Key) (*kvpb.Value, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	value, ok := s.entries[request.Key]
	if !ok {
		return nil, status.Errorf(codes.NotFound, "no entry %q", request.Key)
	}
	if s.version > 1 {
		value = fmt.Sprintf("%s (version %d)", value, s.version)
	}
	return &kvpb.Value{Value: value}, nil
}

func (s *store) Put(_ context.Context, request *kvpb.Entry) (*kvpb.Empty, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.entries[request.Key] = request.Value
	return &kvpb.Empty{}, nil
}
