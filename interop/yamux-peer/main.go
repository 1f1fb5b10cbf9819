// Command yamux-peer is the other end of a yamux session, with hashicorp/yamux itself: it echoes every stream that is
// opened to it, opens streams of its own and looks whether they are echoed, and prints what it saw as one line of JSON.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
)

type report struct {
	// Echoed and Broken are streams opened to us that ended well, and that did not.
	Echoed int `json:"echoed"`
	Broken int `json:"broken"`
	// BrokenBy has the error of the last broken one.
	BrokenBy string `json:"brokenBy"`
	// Answered are streams of our own that came back whole.
	Answered int    `json:"answered"`
	Error    string `json:"error"`
}

type options struct {
	streams int
	size    int
	pause   time.Duration
	goAway  bool
	drop    bool
}

func main() {
	side := flag.String("side", "server", "client or server, in yamux's sense")
	socket := flag.String("socket", "", "unix socket to connect to")
	keepAlive := flag.Duration("keep-alive", 30*time.Second, "how often to ping")
	var o options
	flag.IntVar(&o.streams, "streams", 0, "how many streams to open, all at once")
	flag.IntVar(&o.size, "size", 0, "how many bytes to send on each of them")
	flag.DurationVar(&o.pause, "pause", 0, "how long to wait between two reads of an echoed stream")
	flag.BoolVar(&o.goAway, "go-away", false, "refuse new streams once the own ones are done")
	flag.BoolVar(&o.drop, "drop", false, "close the connection once the own ones are done")
	flag.Parse()

	conn, err := net.Dial("unix", *socket)
	if err != nil {
		log.Fatal(err)
	}
	config := yamux.DefaultConfig()
	config.KeepAliveInterval = *keepAlive
	config.ConnectionWriteTimeout = 5 * time.Second
	open := yamux.Server
	if *side == "client" {
		open = yamux.Client
	}
	session, err := open(conn, config)
	if err != nil {
		log.Fatal(err)
	}
	result := run(session, o)
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}

// run lasts until the session ends.
func run(session *yamux.Session, o options) report {
	var mu sync.Mutex
	var result report
	var echoing sync.WaitGroup
	own := make(chan error, 1)
	go func() { own <- openStreams(session, o, &result) }()
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			break
		}
		echoing.Add(1)
		go func() {
			defer echoing.Done()
			err := echo(stream, o.pause)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				result.Echoed++
				return
			}
			result.Broken++
			result.BrokenBy = err.Error()
		}()
	}
	if err := <-own; err != nil {
		result.Error = err.Error()
	}
	echoing.Wait()
	return result
}

func echo(stream *yamux.Stream, pause time.Duration) error {
	buffer := make([]byte, 64*1024)
	for {
		n, err := stream.Read(buffer)
		if errors.Is(err, io.EOF) {
			return stream.Close()
		}
		if err != nil {
			return err
		}
		if _, err := stream.Write(buffer[:n]); err != nil {
			return err
		}
		time.Sleep(pause)
	}
}

func openStreams(session *yamux.Session, o options, result *report) error {
	if _, err := session.Ping(); err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	failures := make(chan error, o.streams)
	for i := range o.streams {
		go func() { failures <- roundTrip(session, int64(i), o.size) }()
	}
	for range o.streams {
		if err := <-failures; err != nil {
			return err
		}
		result.Answered++
	}
	if o.goAway {
		if err := session.GoAway(); err != nil {
			return err
		}
	}
	if o.drop {
		return session.Close()
	}
	return nil
}

// roundTrip sends bytes, ends its side, and wants them back.
func roundTrip(session *yamux.Session, seed int64, size int) error {
	stream, err := session.OpenStream()
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	sent := make([]byte, size)
	rand.New(rand.NewSource(seed)).Read(sent)
	writing := make(chan error, 1)
	go func() {
		if _, err := stream.Write(sent); err != nil {
			writing <- err
			return
		}
		writing <- stream.Close()
	}()
	received, err := io.ReadAll(stream)
	if err := errors.Join(err, <-writing); err != nil {
		return fmt.Errorf("stream %d: %w", stream.StreamID(), err)
	}
	if !bytes.Equal(received, sent) {
		return fmt.Errorf("stream %d: received %d bytes that are not the %d sent", stream.StreamID(), len(received), size)
	}
	return nil
}
