// Package eventjson is how the programs here write notifier events as JSON lines: 64-bit integers are strings, because
// a JSON number does not hold them in JavaScript, and no field is left out.
package eventjson

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/sftpgo/sdk/plugin/notifier"
)

// FsEvent has the fields of notifier.FsEvent in the same order, so that one converts to the other.
type FsEvent struct {
	Action            string            `json:"action"`
	Username          string            `json:"username"`
	Path              string            `json:"path"`
	TargetPath        string            `json:"target_path"`
	VirtualPath       string            `json:"virtual_path"`
	VirtualTargetPath string            `json:"virtual_target_path"`
	SSHCmd            string            `json:"ssh_cmd"`
	FileSize          int64             `json:"file_size,string"`
	FsProvider        int               `json:"fs_provider"`
	Bucket            string            `json:"bucket"`
	Endpoint          string            `json:"endpoint"`
	Status            int               `json:"status"`
	Protocol          string            `json:"protocol"`
	IP                string            `json:"ip"`
	SessionID         string            `json:"session_id"`
	Timestamp         int64             `json:"timestamp,string"`
	OpenFlags         int               `json:"open_flags"`
	Role              string            `json:"role"`
	Elapsed           int64             `json:"elapsed,string"`
	Metadata          map[string]string `json:"metadata"`
}

// ProviderEvent has the fields of notifier.ProviderEvent in the same order. ObjectData is base64 in JSON.
type ProviderEvent struct {
	Action     string `json:"action"`
	Username   string `json:"username"`
	ObjectType string `json:"object_type"`
	ObjectName string `json:"object_name"`
	IP         string `json:"ip"`
	ObjectData []byte `json:"object_data"`
	Timestamp  int64  `json:"timestamp,string"`
	Role       string `json:"role"`
}

// LogEvent has the fields of notifier.LogEvent in the same order.
type LogEvent struct {
	Timestamp int64                 `json:"timestamp,string"`
	Event     notifier.LogEventType `json:"event"`
	Protocol  string                `json:"protocol"`
	Username  string                `json:"username"`
	IP        string                `json:"ip"`
	Message   string                `json:"message"`
	Role      string                `json:"role"`
}

// Line is one event: exactly one of the fields is set.
type Line struct {
	Fs       *FsEvent       `json:"fs,omitempty"`
	Provider *ProviderEvent `json:"provider,omitempty"`
	Log      *LogEvent      `json:"log,omitempty"`
}

// Parse reads one line, refusing fields it does not know.
func Parse(text []byte) (Line, error) {
	var line Line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&line); err != nil {
		return line, fmt.Errorf("event line %q: %w", text, err)
	}
	if line.Kind() == "" {
		return line, fmt.Errorf("event line %q: none of fs, provider and log is set", text)
	}
	return line, nil
}

// Kind is the name of the field that is set.
func (l Line) Kind() string {
	switch {
	case l.Fs != nil:
		return "fs"
	case l.Provider != nil:
		return "provider"
	case l.Log != nil:
		return "log"
	}
	return ""
}

// Send gives the event to a notifier.
func (l Line) Send(to notifier.Notifier) error {
	switch {
	case l.Fs != nil:
		return to.NotifyFsEvent((*notifier.FsEvent)(l.Fs))
	case l.Provider != nil:
		return to.NotifyProviderEvent((*notifier.ProviderEvent)(l.Provider))
	default:
		return to.NotifyLogEvent((*notifier.LogEvent)(l.Log))
	}
}
