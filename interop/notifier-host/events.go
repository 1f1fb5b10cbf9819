package main

import (
	"math"

	"github.com/sftpgo/sdk/plugin/notifier"

	"fairlead.dev/interop/internal/eventjson"
)

// uploadEvent is what an upload over SFTP sends.
func uploadEvent() *notifier.FsEvent {
	return &notifier.FsEvent{
		Action:      "upload",
		Username:    "alice",
		Path:        "/srv/sftpgo/data/alice/reports/2026/summary-east.csv",
		VirtualPath: "/reports/2026/summary-east.csv",
		FileSize:    1_048_576,
		Status:      1,
		Protocol:    "SFTP",
		IP:          "192.0.2.17",
		SessionID:   "SFTP_0f4c2b7a9d3e8816557a0c1e9b2d4f607182939ab4c5d6e7f8091a2b3c4d5e6f_1",
		Timestamp:   1_790_000_000_123_456_789,
		Role:        "finance-eu",
		Elapsed:     12,
	}
}

// builtInEvents is one event of each kind with every field set, and the extremes.
func builtInEvents() []eventjson.Line {
	full := eventjson.FsEvent{
		Action: "rename", Username: "ünï", Path: "/a/b", TargetPath: "/a/c", VirtualPath: "/b", VirtualTargetPath: "/c",
		SSHCmd: "sftpgo-copy", FileSize: math.MaxInt64, FsProvider: 6, Bucket: "bucket", Endpoint: "https://s3.example",
		Status: 3, Protocol: "SFTP", IP: "2001:db8::1", SessionID: "SFTP_00_1", Timestamp: math.MinInt64,
		OpenFlags: math.MaxInt32, Role: "role", Elapsed: math.MinInt64,
		Metadata: map[string]string{"key": "value", "": "", "__proto__": "x"},
	}
	return []eventjson.Line{
		{Fs: &full},
		{Fs: (*eventjson.FsEvent)(uploadEvent())},
		{Provider: &eventjson.ProviderEvent{
			Action: "update", Username: "admin", ObjectType: "user", ObjectName: "alice", IP: "192.0.2.1",
			ObjectData: []byte{0, 1, 0xff, '{', '}'}, Timestamp: math.MaxInt64, Role: "role",
		}},
		{Log: &eventjson.LogEvent{
			Timestamp: -1, Event: notifier.LogEventTypeLoginOK, Protocol: "SSH", Username: "alice", IP: "192.0.2.1",
			Message: "", Role: "",
		}},
	}
}
