#!/usr/bin/env bash
# Makes the API reference of the XML docs as a site in docs/api/site: needs a build in Release, takes about a minute.
set -e
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet tool restore --verbosity quiet
dotnet docfx docfx.json --logLevel Warning
echo "docs/api/site/index.html"
