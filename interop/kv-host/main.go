// A host with all of go-plugin's settings that concern the wire, driven by lines of JSON: our plugins must not notice
// a difference between it and ours.
//
//	kv-host [options] plugin-executable [argument …]
//
// It prints {"started":{…}} or {"failed":"…"}, then reads requests such as {"id":1,"do":"put","key":"a","value":"b"} and
// prints {"id":1,"result":…} or {"id":1,"code":"NotFound","message":"…"} in the order they end; {"stdout":"<base64>"} is
// what the plugin printed. At the end of its input it stops the plugin and prints {"stopped":{…}}.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"

	"google.golang.org/grpc/status"
)

func main() {
	var o options
	flag.BoolVar(&o.autoMTLS, "auto-mtls", false, "TLS both ways with one-time certificates")
	flag.BoolVar(&o.multiplex, "multiplex", false, "one connection for everything brokered")
	flag.StringVar(&o.versions, "versions", "1", "versions to offer")
	flag.StringVar(&o.tlsFolder, "tls-dir", "", "manual TLS: cert.pem, key.pem and ca.pem of this folder")
	flag.StringVar(&o.socketGroup, "socket-group", "", "group of the sockets, by name or number")
	flag.StringVar(&o.socketFolder, "socket-dir", "", "parent of the sockets' folder; starts the plugin by an own runner")
	flag.StringVar(&o.reattach, "reattach", "", "attach to this plugin, given as JSON, instead of starting one")
	flag.UintVar(&o.minPort, "min-port", 0, "first port for plugins that listen on tcp")
	flag.UintVar(&o.maxPort, "max-port", 0, "last port for plugins that listen on tcp")
	flag.DurationVar(&o.startTimeout, "start-timeout", 0, "how long the plugin may take to start")
	flag.Parse()
	o.command = flag.Args()
	if err := run(o); err != nil {
		printLine(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
}

func run(o options) error {
	if len(o.command) == 0 && o.reattach == "" {
		return errors.New("no plugin executable given")
	}
	h, err := launch(o)
	if err != nil {
		return err
	}
	reattach, err := h.reattach()
	if err != nil {
		return err
	}
	printLine(map[string]any{"started": map[string]any{
		"pid":      h.pid(),
		"version":  h.client.NegotiatedVersion(),
		"protocol": h.client.Protocol(),
		"reattach": reattach,
	}})
	err = obey(h)
	printLine(map[string]any{"stopped": h.stop()})
	return err
}

// obey answers requests until the input ends; every one runs beside the others.
func obey(h *host) error {
	var running sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("request %q: %w", lines.Bytes(), err)
		}
		running.Go(func() { answer(h, r) })
	}
	return lines.Err()
}

func answer(h *host, r request) {
	result, err := h.do(r)
	if err != nil {
		printLine(map[string]any{"id": r.ID, "code": status.Code(err).String(), "message": status.Convert(err).Message()})
		return
	}
	printLine(map[string]any{"id": r.ID, "result": result})
}

var output sync.Mutex

func printLine(value map[string]any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(text))
}
