#!/usr/bin/env bash
# tokenizers 0.22.2 ignores the id that tokenizer.json gives an added token.
#
# A token that is not in the model's vocabulary gets the next free number, in the order of the file, whatever its "id" says. Where a token was
# taken from the list, or the ids leave room for a model's spare rows, the ids that come out are not the file's, and pick other rows of the
# embedding. No error is raised. The ids of a template in post_processor are taken as they stand, so that one text can hold both numbers.
#
# Seen beside a vocabulary of 256, with "XYZ" of id 900 and "UVW" of id 300: "aXYZ" -> 97 256, "aUVW" -> 97 257, and "aXYZ" -> 97 256 900
# where a template puts XYZ (900) after the text. With ids 256 and 257 all is as the file says.
# The library is used through the NuGet packages Tokenizers.DotNet 1.4.1, which wrap 0.22.2.
# Needs the .NET 10 SDK and Linux on x64. Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup>
    <PackageReference Include="Tokenizers.DotNet" Version="[1.4.1]" />
    <PackageReference Include="Tokenizers.DotNet.runtime.linux-x64" Version="[1.4.1]" />
  </ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
foreach ((int first, int second) in ((int, int)[])[(900, 300), (256, 257)])
{
    string template = $$"""
        {"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0} },{"SpecialToken":{"id":"XYZ","type_id":0} }],
         "pair":[{"Sequence":{"id":"A","type_id":0} },{"Sequence":{"id":"B","type_id":1} }],
         "special_tokens":{"XYZ":{"id":"XYZ","ids":[{{first}}],"tokens":["XYZ"]} } }
        """;
    Console.WriteLine(
        $"XYZ {first}, UVW {second}: aXYZ {Encoded("aXYZ", "null")}, aUVW {Encoded("aUVW", "null")}, by the template {Encoded("aXYZ", template)}");

    string Encoded(string text, string postProcessor)
    {
        string bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"\"<0x{value:X2}>\":{value}"));
        File.WriteAllText("tokenizer.json", $$"""
            {"version":"1.0","truncation":null,"padding":null,"normalizer":null,"pre_tokenizer":null,"post_processor":{{postProcessor}},"decoder":null,
             "added_tokens":[{{Added("XYZ", first)}},{{Added("UVW", second)}}],
             "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,
              "byte_fallback":true,"ignore_merges":false,"vocab":{ {{bytes}} },"merges":[]} }
            """);
        using Tokenizers.DotNet.Tokenizer tokenizer = new("tokenizer.json");
        return string.Join(' ', tokenizer.Encode(text));
    }
}

static string Added(string content, int id) => $$"""
    {"id":{{id}},"content":"{{content}}","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}
    """;
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
XYZ 900, UVW 300: aXYZ 97 256, aUVW 97 257, by the template 97 256 900
XYZ 256, UVW 257: aXYZ 97 256, aUVW 97 257, by the template 97 256 256
EXPECTED
echo "as stated: the file's id is ignored"
