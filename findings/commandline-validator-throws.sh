#!/usr/bin/env bash
# System.CommandLine 3.0.0 throws out of Parse on a mistyped value as soon as a validator reads it.
#
# Without a validator, "--count x" is a usage error in ParseResult.Errors. Validators run all the same where conversion failed, and GetValue
# throws InvalidOperationException of such a value: in the option's own validator, and in a command's, which runs before its options are
# checked, of a missing value and of an option given twice as well. So the usual check of a range turns a user's slip into an unhandled
# exception, out of Parse, before Invoke and its handler of exceptions. Check ranges after Parse instead.
#
# Seen with System.CommandLine 3.0.0 on .NET 10.0. Needs the .NET 10 SDK. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
    <InvariantGlobalization>true</InvariantGlobalization></PropertyGroup>
  <ItemGroup><PackageReference Include="System.CommandLine" Version="[3.0.0]" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using System.CommandLine;

foreach (string validator in (string[])["no", "the option's", "the command's"])
    foreach (string line in (string[])["--count x", "--count", "--count 1 --count 2", "--count -1"])
        Console.WriteLine($"{validator} validator, {line}: {Parsed(validator, line.Split(' '))}");

static string Parsed(string validator, string[] line)
{
    Option<int> count = new("--count");
    RootCommand command = new("checks") { count };
    if (validator == "the option's")
        count.Validators.Add(result => { if (result.GetValue(count) < 0) result.AddError("negative"); });
    if (validator == "the command's")
        command.Validators.Add(result => { if (result.GetValue(count) < 0) result.AddError("negative"); });
    try
    {
        return command.Parse(line).Errors is [var error, ..] ? "error: " + error.Message : "no error";
    }
    catch (InvalidOperationException fault)
    {
        return "exception: " + fault.Message;
    }
}
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
no validator, --count x: error: Cannot parse argument 'x' for option '--count' as expected type 'System.Int32'.
no validator, --count: error: Required argument missing for option: '--count'.
no validator, --count 1 --count 2: error: Option '--count' expects a single argument but 2 were provided.
no validator, --count -1: no error
the option's validator, --count x: exception: Cannot parse argument 'x' for option '--count' as expected type 'System.Int32'.
the option's validator, --count: error: Required argument missing for option: '--count'.
the option's validator, --count 1 --count 2: error: Option '--count' expects a single argument but 2 were provided.
the option's validator, --count -1: error: negative
the command's validator, --count x: exception: Cannot parse argument 'x' for option '--count' as expected type 'System.Int32'.
the command's validator, --count: exception: Required argument missing for option: '--count'.
the command's validator, --count 1 --count 2: exception: Option '--count' expects a single argument but 2 were provided.
the command's validator, --count -1: error: negative
EXPECTED
echo "as stated: a validator that reads a mistyped value throws out of Parse"
