// Package kv has what the two kv programs agree on besides the messages.
package kv

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/go-plugin"
)

// Handshake is the cookie; the version is unused, both sides give sets by version.
var Handshake = plugin.HandshakeConfig{
	MagicCookieKey:   "FAIRLEAD_INTEROP_KV",
	MagicCookieValue: "5f0c2d1e-kv",
}

// PluginName is the name the one kind is dispensed under.
const PluginName = "kv"

// patternSize is prime, so that bytes at the wrong place show.
const patternSize = 251

// Pattern is n bytes that the other side can check.
func Pattern(n int) []byte {
	unit := make([]byte, patternSize)
	for i := range unit {
		unit[i] = byte(i)
	}
	return bytes.Repeat(unit, n/patternSize+1)[:n]
}

// IsPattern tells whether data is what Pattern makes.
func IsPattern(data []byte) bool {
	return bytes.Equal(data, Pattern(len(data)))
}

// ParseVersions reads "2,3".
func ParseVersions(list string) ([]int, error) {
	var versions []int
	for item := range strings.SplitSeq(list, ",") {
		version, err := strconv.Atoi(item)
		if err != nil {
			return nil, fmt.Errorf("versions %q: %w", list, err)
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// Reattach is a plugin.ReattachConfig as Terraform writes it.
type Reattach struct {
	Protocol        string
	ProtocolVersion int
	Pid             int
	Test            bool
	Addr            Addr
}

// Addr is where a plugin listens.
type Addr struct {
	Network string
	String  string
}

// FormatReattach says how to attach to a plugin, which serves the given version.
func FormatReattach(config *plugin.ReattachConfig, version int) (string, error) {
	text, err := json.Marshal(Reattach{
		Protocol:        string(config.Protocol),
		ProtocolVersion: version,
		Pid:             config.Pid,
		Test:            config.Test,
		Addr:            Addr{Network: config.Addr.Network(), String: config.Addr.String()},
	})
	return string(text), err
}

// ParseReattach reads what FormatReattach made.
func ParseReattach(text string) (*plugin.ReattachConfig, error) {
	var r Reattach
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return nil, fmt.Errorf("reattach: %w", err)
	}
	var addr net.Addr
	var err error
	if r.Addr.Network == "unix" {
		addr, err = net.ResolveUnixAddr(r.Addr.Network, r.Addr.String)
	} else {
		addr, err = net.ResolveTCPAddr(r.Addr.Network, r.Addr.String)
	}
	if err != nil {
		return nil, fmt.Errorf("reattach: %w", err)
	}
	return &plugin.ReattachConfig{
		Protocol:        plugin.Protocol(r.Protocol),
		ProtocolVersion: r.ProtocolVersion,
		Addr:            addr,
		Pid:             r.Pid,
		Test:            r.Test,
	}, nil
}

// LoadTLS makes the configuration of one side from folder: cert.pem and key.pem are its own, ca.pem is whom it trusts.
// The same value serves and dials, as go-plugin uses it.
func LoadTLS(folder string) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	if !trusted.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("no certificate in %s", filepath.Join(folder, "ca.pem"))
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		RootCAs:      trusted,
		ClientCAs:    trusted,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ServerName:   "localhost",
		MinVersion:   tls.VersionTLS12,
	}, nil
}
