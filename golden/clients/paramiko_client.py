"""One action with paramiko, told as JSON in the first argument; prints what came back as Python writes it.

Actions: file (open, read, write, close or be killed), call (one method of SFTPClient), passwords, none, interactive,
start-client, raw-socket, two-transports, two-sftp-channels. Exit status 1 and "Type: text" on stderr when one fails.
"""

import json
import logging
import socket
import sys
import time
import traceback

import paramiko

logging.getLogger("paramiko").setLevel(logging.CRITICAL)
spec = json.loads(sys.argv[1])


def connect():
    transport = paramiko.Transport((spec.get("host", "127.0.0.1"), spec["port"]))
    transport.banner_timeout = transport.auth_timeout = spec.get("timeout", 60)
    transport.start_client(timeout=spec.get("timeout", 60))
    return transport


def key():
    return paramiko.Ed25519Key.from_private_key_file(spec["key"])


def login():
    transport = connect()
    transport.auth_publickey(spec["user"], key())
    return transport


def describe(error):
    return f"{type(error).__name__}: {error}"


def file_action():
    transport = login()
    results = []
    try:
        sftp = paramiko.SFTPClient.from_transport(transport)
        handle = sftp.open(spec["path"], spec["mode"])
        try:
            for name, *arguments in spec["steps"]:
                if name == "write":
                    handle.write(b"w" * arguments[0])
                elif name == "read":
                    results.append(len(handle.read(arguments[0])))
                elif name == "sleep":
                    time.sleep(arguments[0])
                else:  # seek, truncate, flush
                    getattr(handle, name)(*arguments)
        except Exception:
            handle.close()
            raise
        killed = spec.get("killed")
        if killed is None:
            handle.close()
            print(results)
        else:
            transport.close()
            print(None if killed == "" else (killed, results))
    finally:
        transport.close()


def call_action():
    transport = login()
    try:
        sftp = paramiko.SFTPClient.from_transport(transport)
        print(getattr(sftp, spec["method"])(*spec["arguments"]))
    finally:
        transport.close()


def passwords_action():
    transport = connect()
    said = []
    try:
        for password in spec["passwords"]:
            if not transport.is_active():
                said.append("inactive")
                break
            try:
                transport.auth_password(spec["user"], password)
                said.append("ok")
            except paramiko.SSHException as error:
                said.append(describe(error) if spec["typed"] else str(error))
        print(said)
    finally:
        transport.close()


def none_action():
    transport = connect()
    try:
        transport.auth_none(spec["user"])
        print("accepted")
    except paramiko.BadAuthenticationType as error:
        print(error.allowed_types)
    finally:
        transport.close()


def interactive_action():
    transport = connect()
    prompts = []
    rounds = list(spec["answers"])

    def answer(title, instructions, fields):
        fields = [tuple(field) for field in fields]
        if fields or title or instructions:
            prompts.append(
                (title, instructions, fields)
                if spec["form"] == "tuple"
                else {"title": title, "instructions": instructions, "fields": fields}
            )
        return rounds.pop(0) if fields else []

    try:
        try:
            transport.auth_interactive(spec["user"], answer)
            result = transport.is_authenticated()
        except paramiko.SSHException as error:
            result = describe(error)
        if spec["form"] == "tuple":
            print((prompts, result))
        else:
            print({"prompts": prompts, "result": result})
    finally:
        transport.close()


def start_client_action():
    transport = connect()
    transport.close()
    print(None)


def raw_socket_action():
    with socket.create_connection(("127.0.0.1", spec["port"]), timeout=30) as connection:
        if spec.get("sendFirst"):
            connection.sendall(spec["send"].encode())
        try:
            print(connection.recv(1024))
        except ConnectionResetError:
            print(b"")
        if not spec.get("sendFirst") and spec.get("send"):
            connection.sendall(spec["send"].encode())


def two_transports_action():
    first = login()
    said = []
    try:
        second = connect()
        try:
            second.auth_publickey(spec["user"], key())
            said.append("ok")
        except paramiko.SSHException as error:
            said.append(describe(error))
        finally:
            second.close()
        print(said)
    finally:
        first.close()


def two_sftp_channels_action():
    transport = login()
    try:
        channels = [paramiko.SFTPClient.from_transport(transport) for _ in range(2)]
        if spec.get("list"):
            print([channel.listdir() for channel in channels])
            return
        for channel, name in zip(channels, ("ca", "cb")):
            channel.open(name, "w").close()
        session = transport.open_session()
        session.exec_command("pwd")
        print(session.recv(100))
    finally:
        transport.close()


try:
    globals()[spec["action"].replace("-", "_") + "_action"]()
except Exception as error:  # whatever it is, it is the outcome
    if spec.get("debug"):
        traceback.print_exc()
    print(describe(error), file=sys.stderr, end="")
    sys.exit(1)
