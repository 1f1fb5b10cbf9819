// A host that uses go-plugin as SFTPGo does, to run one plugin of any kind but notifier.
//
//	kinds-host -kind auth [-auto-mtls] [-env NAME,…] plugin-executable [argument …]
//
// Each line of its standard input is one call: {"id":1,"do":"CheckUserAndPass", …}. It prints one line for the start,
// one an answer (in the order they come), and one when the plugin was stopped.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/sftpgo/sdk/plugin/auth"
	"github.com/sftpgo/sdk/plugin/eventsearcher"
	"github.com/sftpgo/sdk/plugin/ipfilter"
	"github.com/sftpgo/sdk/plugin/kms"
	"google.golang.org/grpc/status"
)

type kindSettings struct {
	name      string
	handshake plugin.HandshakeConfig
	plugins   map[string]plugin.Plugin
}

var kindsByName = map[string]kindSettings{
	"auth":          {auth.PluginName, auth.Handshake, auth.PluginMap},
	"kms":           {kms.PluginName, kms.Handshake, kms.PluginMap},
	"ipfilter":      {ipfilter.PluginName, ipfilter.Handshake, ipfilter.PluginMap},
	"eventsearcher": {eventsearcher.PluginName, eventsearcher.Handshake, eventsearcher.PluginMap},
}

func main() {
	kind := flag.String("kind", "auth", "auth, kms, ipfilter or eventsearcher")
	autoMTLS := flag.Bool("auto-mtls", false, "TLS both ways with one-time certificates")
	names := flag.String("env", "PATH,TMPDIR", "variables the plugin gets, comma separated")
	flag.Parse()
	if err := run(kindsByName[*kind], *autoMTLS, *names, flag.Args()); err != nil {
		printLine(map[string]any{"failed": err.Error()})
		os.Exit(1)
	}
}

func run(kind kindSettings, autoMTLS bool, names string, command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	for name := range strings.SplitSeq(names, ",") {
		cmd.Env = append(cmd.Env, name+"="+os.Getenv(name))
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  kind.handshake,
		Plugins:          kind.plugins,
		Cmd:              cmd,
		SkipHostEnv:      true,
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         autoMTLS,
		Managed:          false,
		StartTimeout:     60 * time.Second,
		Logger:           hclog.New(&hclog.LoggerOptions{Name: "host", Level: hclog.Debug, Output: os.Stderr, JSONFormat: true}),
	})
	defer client.Kill()
	rpc, err := client.Client()
	if err != nil {
		return err
	}
	impl, err := rpc.Dispense(kind.name)
	if err != nil {
		return err
	}
	printLine(map[string]any{"started": map[string]any{"pid": cmd.Process.Pid, "version": client.NegotiatedVersion()}})
	work(impl)
	client.Kill()
	code := -1
	if cmd.ProcessState != nil {
		code = cmd.ProcessState.ExitCode()
	}
	printLine(map[string]any{"stopped": map[string]any{"exited": client.Exited(), "code": code}})
	return nil
}

// work does what the lines say, all at once, until the input ends.
func work(impl any) {
	var calls sync.WaitGroup
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 256<<20)
	for lines.Scan() {
		var c call
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			printLine(map[string]any{"failed": err.Error()})
			continue
		}
		calls.Go(func() {
			start := time.Now()
			result, err := c.do(impl)
			line := map[string]any{"id": c.ID, "result": result, "ms": time.Since(start).Milliseconds()}
			if err != nil {
				line["code"] = status.Code(err).String()
				line["message"] = status.Convert(err).Message()
			}
			printLine(line)
		})
	}
	calls.Wait()
}

// call is one line: the name of a method of the sdk's interface, and whatever that takes.
type call struct {
	ID             int      `json:"id"`
	Do             string   `json:"do"`
	Username       string   `json:"username"`
	Credential     string   `json:"credential"`
	IP             string   `json:"ip"`
	Protocol       string   `json:"protocol"`
	User           string   `json:"user"`
	RequestID      string   `json:"requestId"`
	Answers        []string `json:"answers"`
	Questions      []string `json:"questions"`
	Step           int32    `json:"step"`
	Payload        string   `json:"payload"`
	Key            string   `json:"key"`
	AdditionalData string   `json:"additionalData"`
	URL            string   `json:"url"`
	MasterKey      string   `json:"masterKey"`
	Mode           int      `json:"mode"`

	Fs       *eventsearcher.FsEventSearch       `json:"fs"`
	Provider *eventsearcher.ProviderEventSearch `json:"provider"`
	Log      *eventsearcher.LogEventSearch      `json:"log"`
}

func (c call) do(impl any) (any, error) {
	switch p := impl.(type) {
	case auth.Authenticator:
		return c.doAuth(p)
	case kms.Service:
		return c.doKMS(p)
	case ipfilter.Filter:
		if c.Do == "Reload" {
			return nil, p.Reload()
		}
		return nil, p.CheckIP(c.IP, c.Protocol)
	case eventsearcher.Searcher:
		return c.doSearch(p)
	}
	return nil, fmt.Errorf("dispensed %T", impl)
}

func (c call) doAuth(p auth.Authenticator) (any, error) {
	user := []byte(c.User)
	switch c.Do {
	case "CheckUserAndPass":
		return text(p.CheckUserAndPass(c.Username, c.Credential, c.IP, c.Protocol, user))
	case "CheckUserAndTLSCert":
		return text(p.CheckUserAndTLSCert(c.Username, c.Credential, c.IP, c.Protocol, user))
	case "CheckUserAndPublicKey":
		return text(p.CheckUserAndPublicKey(c.Username, c.Credential, c.IP, c.Protocol, user))
	case "CheckUserAndKeyboardInteractive":
		return text(p.CheckUserAndKeyboardInteractive(c.Username, c.IP, c.Protocol, user))
	case "SendKeyboardAuthRequest":
		instructions, questions, echos, result, check, err := p.SendKeyboardAuthRequest(
			c.RequestID, c.Username, c.Credential, c.IP, c.Answers, c.Questions, c.Step)
		return map[string]any{
			"instructions": instructions, "questions": questions, "echos": echos, "authResult": result, "checkPassword": check,
		}, err
	}
	return nil, fmt.Errorf("no method %q", c.Do)
}

func (c call) doKMS(p kms.Service) (any, error) {
	if c.Do == "Encrypt" {
		payload, key, mode, err := p.Encrypt(c.Payload, c.AdditionalData, c.URL, c.MasterKey)
		return map[string]any{"payload": payload, "key": key, "mode": mode}, err
	}
	return p.Decrypt(c.Payload, c.Key, c.AdditionalData, c.Mode, c.URL, c.MasterKey)
}

func (c call) doSearch(p eventsearcher.Searcher) (any, error) {
	switch {
	case c.Fs != nil:
		return text(p.SearchFsEvents(c.Fs))
	case c.Provider != nil:
		return text(p.SearchProviderEvents(c.Provider))
	case c.Log != nil:
		return text(p.SearchLogEvents(c.Log))
	}
	return nil, fmt.Errorf("no filter")
}

func text(answer []byte, err error) (any, error) {
	return string(answer), err
}

var output sync.Mutex

func printLine(value map[string]any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	output.Lock()
	defer output.Unlock()
	fmt.Println(string(line))
}
