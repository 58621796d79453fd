#!/usr/bin/env bash
# .NET 10 writes ESC [ ? 1 h ESC = before the first byte that a program writes to a terminal through Console, and never takes it back.
#
# It is the terminal's keypad mode, meant for Console.ReadKey, and it comes with the stream itself: Console.OpenStandardOutput(), Console.Out
# and Console.Write alike, of a program that reads nothing. NO_COLOR does not turn it off. It goes to standard output where that is a terminal,
# even if all that is written is Console.Error and that is a file. A program behind a pseudo-terminal whose output another one reads (ssh -t,
# script, some launchers of MPI) thus sends JSON that does not begin with a brace. TERM=dumb turns it off, and so does a FileStream on
# handle 1, which is not the console's.
#
# Seen on .NET 10.0 with TERM=xterm. Needs the .NET 10 SDK, script of util-linux and the terminfo entry of xterm (ncurses-base); without
# these it says so and judges nothing. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

script --version 2>/dev/null | grep -q util-linux || { echo "not judged: script of util-linux is not installed"; exit 0; }
entries=$(ls /usr/share/terminfo/x/xterm /lib/terminfo/x/xterm /etc/terminfo/x/xterm 2>/dev/null || true)
[ -n "$entries" ] || { echo "not judged: there is no terminfo entry of xterm"; exit 0; }

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
</Project>
XML
cat >Program.cs <<'CS'
using Microsoft.Win32.SafeHandles;

switch (args[0])
{
    case "stream":
        using (Stream stream = Console.OpenStandardOutput()) stream.Write("{}\n"u8);
        break;
    case "unused":
        Console.OpenStandardOutput().Dispose();
        break;
    case "writer":
        Console.Out.Write("{}\n");
        break;
    case "error":
        Console.Error.Write("{}\n");
        break;
    case "handle":
        using (FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write)) stream.Write("{}\n"u8);
        break;
}
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }

shown() { tr -d '\r' | sed 's/\x1b/ESC/g' | tr '\n' ' ' | sed 's/ $//'; }
on_terminal() { printf '%-44s [%s]\n' "$1" "$(env "${@:3}" script -qec "dotnet out/check.dll $2" /dev/null </dev/null | shown)"; }
{
  on_terminal "OpenStandardOutput" "stream" TERM=xterm
  on_terminal "OpenStandardOutput, NO_COLOR=1" "stream" TERM=xterm NO_COLOR=1
  on_terminal "OpenStandardOutput, input is not a terminal" "stream </dev/null" TERM=xterm
  on_terminal "OpenStandardOutput, nothing written" "unused" TERM=xterm
  on_terminal "Console.Out" "writer" TERM=xterm
  on_terminal "Console.Error, which is a file" "error 2>error" TERM=xterm
  on_terminal "OpenStandardOutput, TERM=dumb" "stream" TERM=dumb
  on_terminal "FileStream on handle 1" "handle" TERM=xterm
  printf '%-44s [%s]\n' "OpenStandardOutput, a pipe" "$(TERM=xterm dotnet out/check.dll stream </dev/null | shown)"
} | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
OpenStandardOutput                           [ESC[?1hESC={}]
OpenStandardOutput, NO_COLOR=1               [ESC[?1hESC={}]
OpenStandardOutput, input is not a terminal  [ESC[?1hESC={}]
OpenStandardOutput, nothing written          []
Console.Out                                  [ESC[?1hESC={}]
Console.Error, which is a file               [ESC[?1hESC=]
OpenStandardOutput, TERM=dumb                [{}]
FileStream on handle 1                       [{}]
OpenStandardOutput, a pipe                   [{}]
EXPECTED
echo "as stated: the console begins with an escape sequence"
