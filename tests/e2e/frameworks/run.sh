#!/usr/bin/env bash
# The Deepgram and OpenAI plugins of livekit-agents and pipecat, unchanged, against a real server
# with the demonstration model. Each framework gets a virtual environment of its own, since they pin
# what the server needs otherwise; a folder for them as the argument keeps them for the next time.
#
#   bash tests/e2e/frameworks/run.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
sample=$here/../../../streamer/models/sample/sample.flac
work=$(mktemp -d)
venvs=${1:-$work/venvs}
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT

environment() { # NAME PACKAGE...
  local name=$1
  shift
  [ -x "$venvs/$name/bin/python" ] || python3 -m venv "$venvs/$name"
  "$venvs/$name/bin/pip" install -qq --disable-pip-version-check "$@"
}
environment livekit 'livekit-agents[openai,deepgram]' soundfile
environment pipecat 'pipecat-ai[openai,deepgram]' soundfile

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
${STREAMER:-streamer} serve --port "$port" --api-keys secret >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do
  python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/readyz')" 2>/dev/null && break
  kill -0 "$server" || { cat "$work/server.log"; exit 1; }
  sleep 0.3
done

failed=0
for framework in livekit pipecat; do
  "$venvs/$framework/bin/python" "$here/${framework}_plugins.py" "127.0.0.1:$port" "$sample" || failed=1
done
exit $failed
