// A host that uses go-plugin as SFTPGo does, to run one notifier plugin: our plugins must not notice a difference.
//
//	notifier-host [options] plugin-executable [argument …]
//
// It sends the events on its standard input, one JSON line each (a built-in set when there is none), prints one JSON
// line a call, then stops the plugin and prints one line about that.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sftpgo/sdk/plugin/notifier"
	"google.golang.org/grpc/status"

	"fairlead.dev/interop/internal/eventjson"
)

type options struct {
	launch  launchOptions
	builtIn bool
}

func main() {
	var o options
	flag.BoolVar(&o.launch.autoMTLS, "auto-mtls", false, "TLS both ways with one-time certificates")
	flag.StringVar(&o.launch.sha256, "sha256", "", "checksum of the executable, in hex; refuse to start another")
	flag.StringVar(&o.launch.envPrefix, "env-prefix", "", "pass own variables with this prefix (default: from the executable's name, as SFTPGo)")
	flag.StringVar(&o.launch.envVars, "env-vars", "", "more variables to pass, comma separated")
	flag.StringVar(&o.launch.logLevel, "log-level", "debug", "level of the host's log, written to standard error as JSON")
	flag.BoolVar(&o.builtIn, "built-in", false, "send the built-in events, read nothing")
	flag.Parse()
	o.launch.command = flag.Args()
	if err := run(o); err != nil {
		printLine(map[string]any{"error": err.Error()})
		os.Exit(1)
	}
}

func run(o options) error {
	if len(o.launch.command) == 0 {
		return errors.New("no plugin executable given")
	}
	plugin, err := launch(o.launch)
	if err != nil {
		return err
	}
	printLine(map[string]any{"started": map[string]any{
		"ms":              milliseconds(plugin.startTook),
		"pid":             plugin.pid(),
		"protocolVersion": plugin.client.NegotiatedVersion(),
	}})
	err = work(o, plugin.notifier)
	printLine(map[string]any{"stopped": plugin.stop()})
	return err
}

func work(o options, to notifier.Notifier) error {
	if o.builtIn {
		for _, line := range builtInEvents() {
			send(to, line)
		}
		return nil
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		line, err := eventjson.Parse(lines.Bytes())
		if err != nil {
			return err
		}
		send(to, line)
	}
	return lines.Err()
}

func send(to notifier.Notifier, line eventjson.Line) {
	start := time.Now()
	err := line.Send(to)
	result := map[string]any{"kind": line.Kind(), "ms": milliseconds(time.Since(start)), "code": status.Code(err).String()}
	if err != nil {
		result["message"] = status.Convert(err).Message()
	}
	printLine(map[string]any{"call": result})
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000
}

func printLine(value map[string]any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
