#!/usr/bin/env bash
# Installs the clients that golden tests need beside OpenSSH's: sshpass, curl, and paramiko in golden/.venv.
# The version of paramiko is the one the recordings were made with: its answers are part of them.
set -euo pipefail
cd "$(dirname "$0")"
paramiko=5.1.0

missing=()
for tool in ssh sftp scp sshpass curl python3; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
if [ "${#missing[@]}" -gt 0 ]; then
  as_root=""
  [ "$(id -u)" -eq 0 ] || as_root="sudo"
  $as_root apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends \
    openssh-client sshpass curl python3 python3-venv >/dev/null
fi

if ! [ "$(.venv/bin/python -c 'import paramiko; print(paramiko.__version__)' 2>/dev/null)" = "$paramiko" ]; then
  rm -rf .venv
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check "paramiko==$paramiko"
fi
echo "golden clients: sshpass, curl, paramiko $paramiko"
