// A plugin of any kind but notifier, written with SFTPGo's sdk as any plugin author would: our host must run it
// unchanged. What it does is told by what it is asked, so that one process serves all tests:
//
//	username "denied…"     answers the error "denied by plugin"
//	username "unchanged…"  answers nothing
//	username "sleep…"      takes KINDS_PLUGIN_SLEEP (default 1m) before it answers
//	username "crash…"      leaves with exit code 7
//	username "large…"      answers a user with a description of KINDS_PLUGIN_SIZE characters
//	any other              answers the user with what it was asked in its description
//
//	KINDS_PLUGIN_OUT  file that gets one JSON line a call (appended); no file when unset
package main

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/sftpgo/sdk/plugin/auth"
	"github.com/sftpgo/sdk/plugin/eventsearcher"
	"github.com/sftpgo/sdk/plugin/ipfilter"
	"github.com/sftpgo/sdk/plugin/kms"
)

var errDenied = errors.New("denied by plugin")

func main() {
	p := &kinds{}
	if path := os.Getenv("KINDS_PLUGIN_OUT"); path != "" {
		out, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		p.out = out
	}
	handshake, set := p.kind()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         set,
		GRPCServer:      plugin.DefaultGRPCServer,
		Logger:          hclog.New(&hclog.LoggerOptions{DisableTime: true, Level: hclog.Trace, JSONFormat: true}),
	})
}

// kind is the one whose cookie the host has set.
func (p *kinds) kind() (plugin.HandshakeConfig, map[string]plugin.Plugin) {
	isSet := func(h plugin.HandshakeConfig) bool { return os.Getenv(h.MagicCookieKey) == h.MagicCookieValue }
	switch {
	case isSet(kms.Handshake):
		return kms.Handshake, map[string]plugin.Plugin{kms.PluginName: &kms.Plugin{Impl: p}}
	case isSet(ipfilter.Handshake):
		return ipfilter.Handshake, map[string]plugin.Plugin{ipfilter.PluginName: &ipfilter.Plugin{Impl: p}}
	case isSet(eventsearcher.Handshake):
		return eventsearcher.Handshake, map[string]plugin.Plugin{eventsearcher.PluginName: &eventsearcher.Plugin{Impl: p}}
	}
	return auth.Handshake, map[string]plugin.Plugin{auth.PluginName: &auth.Plugin{Impl: p}}
}

type kinds struct {
	mutex sync.Mutex
	out   *os.File
}

func (p *kinds) record(call map[string]any) {
	if p.out == nil {
		return
	}
	line, err := json.Marshal(call)
	if err != nil {
		panic(err)
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if _, err := p.out.Write(append(line, '\n')); err != nil {
		panic(err)
	}
}

// answer does what the username tells.
func (p *kinds) answer(call string, username string, user []byte, asked ...string) ([]byte, error) {
	p.record(map[string]any{"call": call, "username": username, "asked": asked})
	description := call + " " + strings.Join(asked, " ")
	switch {
	case strings.HasPrefix(username, "denied"):
		return nil, errDenied
	case strings.HasPrefix(username, "unchanged"):
		return nil, nil
	case strings.HasPrefix(username, "crash"):
		os.Exit(7)
	case strings.HasPrefix(username, "sleep"):
		time.Sleep(sleepTime())
	case strings.HasPrefix(username, "large"):
		size, err := strconv.Atoi(os.Getenv("KINDS_PLUGIN_SIZE"))
		if err != nil {
			return nil, err
		}
		description = strings.Repeat("x", size)
	}
	document := map[string]json.RawMessage{}
	if err := json.Unmarshal(user, &document); err != nil {
		return nil, err
	}
	text, err := json.Marshal(description)
	if err != nil {
		return nil, err
	}
	document["description"] = text
	return json.Marshal(document)
}

func sleepTime() time.Duration {
	if d, err := time.ParseDuration(os.Getenv("KINDS_PLUGIN_SLEEP")); err == nil {
		return d
	}
	return time.Minute
}

func (p *kinds) CheckUserAndPass(username, password, ip, protocol string, user []byte) ([]byte, error) {
	return p.answer("CheckUserAndPass", username, user, password, ip, protocol)
}

func (p *kinds) CheckUserAndTLSCert(username, certificate, ip, protocol string, user []byte) ([]byte, error) {
	return p.answer("CheckUserAndTLSCert", username, user, certificate, ip, protocol)
}

func (p *kinds) CheckUserAndPublicKey(username, key, ip, protocol string, user []byte) ([]byte, error) {
	return p.answer("CheckUserAndPublicKey", username, user, key, ip, protocol)
}

func (p *kinds) CheckUserAndKeyboardInteractive(username, ip, protocol string, user []byte) ([]byte, error) {
	return p.answer("CheckUserAndKeyboardInteractive", username, user, ip, protocol)
}

// SendKeyboardAuthRequest asks for the password, then two questions, and is content with "yes" and "blue".
func (p *kinds) SendKeyboardAuthRequest(requestID, username, password, ip string, answers, questions []string, step int32) (string, []string, []bool, int, int, error) {
	p.record(map[string]any{
		"call": "SendKeyboardAuthRequest", "requestId": requestID, "username": username, "password": password, "ip": ip,
		"answers": answers, "questions": questions, "step": step,
	})
	switch {
	case strings.HasPrefix(username, "denied"):
		return "", nil, nil, 0, 0, errDenied
	case step == 1:
		return "first", []string{"Password: "}, []bool{false}, 0, 1, nil
	case step == 2:
		return "second", []string{"Sure? ", "Colour? "}, []bool{true, false}, 0, 0, nil
	case len(answers) == 2 && answers[0] == "yes" && answers[1] == "blue":
		return "", nil, nil, 1, 0, nil
	}
	return "", nil, nil, -1, 0, nil
}

func (p *kinds) Encrypt(payload, additionalData, url, masterKey string) (string, string, int32, error) {
	p.record(map[string]any{"call": "Encrypt", "asked": []string{payload, additionalData, url, masterKey}})
	if payload == "refuse" {
		return "", "", 0, errDenied
	}
	return "sealed:" + payload, strings.Join([]string{additionalData, url, masterKey}, "|"), 1, nil
}

func (p *kinds) Decrypt(payload, key, additionalData string, mode int, url, masterKey string) (string, error) {
	p.record(map[string]any{"call": "Decrypt", "asked": []string{payload, key, additionalData, strconv.Itoa(mode), url, masterKey}})
	plain, isSealed := strings.CutPrefix(payload, "sealed:")
	if !isSealed || key != strings.Join([]string{additionalData, url, masterKey}, "|") {
		return "", errDenied
	}
	return plain, nil
}

func (p *kinds) CheckIP(ip, protocol string) error {
	p.record(map[string]any{"call": "CheckIP", "asked": []string{ip, protocol}})
	if strings.HasPrefix(ip, "203.0.113.") {
		return errDenied
	}
	return nil
}

func (p *kinds) Reload() error {
	p.record(map[string]any{"call": "Reload"})
	return nil
}

// search answers the filter it was given, and KINDS_PLUGIN_SIZE characters.
func (p *kinds) search(call string, username string, filter any) ([]byte, error) {
	p.record(map[string]any{"call": call, "filter": filter})
	if strings.HasPrefix(username, "denied") {
		return nil, errDenied
	}
	padding := 0
	if strings.HasPrefix(username, "large") {
		var err error
		if padding, err = strconv.Atoi(os.Getenv("KINDS_PLUGIN_SIZE")); err != nil {
			return nil, err
		}
	}
	return json.Marshal([]any{map[string]any{"call": call, "padding": strings.Repeat("x", padding)}})
}

func (p *kinds) SearchFsEvents(filter *eventsearcher.FsEventSearch) ([]byte, error) {
	return p.search("SearchFsEvents", filter.Username, filter)
}

func (p *kinds) SearchProviderEvents(filter *eventsearcher.ProviderEventSearch) ([]byte, error) {
	return p.search("SearchProviderEvents", filter.Username, filter)
}

func (p *kinds) SearchLogEvents(filter *eventsearcher.LogEventSearch) ([]byte, error) {
	return p.search("SearchLogEvents", filter.Username, filter)
}
