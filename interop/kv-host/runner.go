package main

import (
	"context"
	"io"
	"os/exec"
	"strconv"
)

// processRunner starts the plugin as go-plugin does by itself. Only with a runner does go-plugin make a folder for the
// sockets and tell the plugin of it.
type processRunner struct {
	cmd    *exec.Cmd
	stdout io.ReadCloser
	stderr io.ReadCloser
}

func newProcessRunner(cmd *exec.Cmd) (*processRunner, error) {
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	return &processRunner{cmd: cmd, stdout: stdout, stderr: stderr}, nil
}

func (r *processRunner) Start(context.Context) error     { return r.cmd.Start() }
func (r *processRunner) Wait(context.Context) error      { return r.cmd.Wait() }
func (r *processRunner) Kill(context.Context) error      { return r.cmd.Process.Kill() }
func (r *processRunner) Stdout() io.ReadCloser           { return r.stdout }
func (r *processRunner) Stderr() io.ReadCloser           { return r.stderr }
func (r *processRunner) Name() string                    { return r.cmd.Path }
func (r *processRunner) ID() string                      { return strconv.Itoa(r.cmd.Process.Pid) }
func (r *processRunner) Diagnose(context.Context) string { return "" }

func (r *processRunner) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (r *processRunner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
