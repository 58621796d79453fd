#!/usr/bin/env bash
# tokenizers 0.22.2 cuts "a½b" differently by the regular expressions \w+ and [\w]+: one class, spelt in and out of brackets, is two classes.
#
# The expressions of Split are Oniguruma's. Alone, \w holds every number, as its manual says; within brackets, as in [\w] and [^\W], it is
# POSIX's [[:word:]], without the numbers that are neither a decimal digit nor letter-like: ½ and ² fall out, Ⅷ stays. Who adds an apostrophe
# to a pre-tokenizer's \w+ and writes [\w']+ moves cuts elsewhere too. So with punctuation: [[:punct:]] holds € and +, \p{Punct} does not.
#
# Seen: "a½b" is one piece by \w+ and \p{Word}+, and a, ½, b by [\w]+, [^\W]+ and [[:word:]]+; "a€b+c" is five pieces by [[:punct:]] and one
# by \p{Punct}. The library is used through the NuGet packages Tokenizers.DotNet 1.4.1, which wrap 0.22.2; the model given to it has a token
# for each byte, and a mark is put before each piece.
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
using System.Text;

Console.OutputEncoding = Encoding.UTF8;
string[] words = [@"\w+", @"\p{Word}+", @"[\w]+", @"[^\W]+", "[[:word:]]+"], punctuation = ["[[:punct:]]", @"\p{Punct}"];
foreach (string text in (string[])["a½b", "a²b", "aⅧb", "a1b"]) Show(text, words);
foreach (string text in (string[])["a€b+c", "a!b"]) Show(text, punctuation);

static void Show(string text, string[] regexes) =>
    Console.WriteLine(string.Join("   ", regexes.Select(regex => $"{regex} {Cut(text, regex)}")));

static string Cut(string text, string regex)
{
    string bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"\"<0x{value:X2}>\":{value}"));
    File.WriteAllText("tokenizer.json", $$"""
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,"post_processor":null,"decoder":null,
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[
          {"type":"Split","pattern":{"Regex":"{{regex.Replace(@"\", @"\\")}}"},"behavior":"Isolated","invert":false},
          {"type":"Metaspace","replacement":"|","prepend_scheme":"always","split":true}]},
         "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,
          "byte_fallback":true,"ignore_merges":false,"vocab":{ {{bytes}} },"merges":[]} }
        """);
    using Tokenizers.DotNet.Tokenizer tokenizer = new("tokenizer.json");
    return Encoding.UTF8.GetString([.. tokenizer.Encode(text).Select(id => (byte)id)])[1..];
}
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }
dotnet out/check.dll | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
\w+ a½b   \p{Word}+ a½b   [\w]+ a|½|b   [^\W]+ a|½|b   [[:word:]]+ a|½|b
\w+ a²b   \p{Word}+ a²b   [\w]+ a|²|b   [^\W]+ a|²|b   [[:word:]]+ a|²|b
\w+ aⅧb   \p{Word}+ aⅧb   [\w]+ aⅧb   [^\W]+ aⅧb   [[:word:]]+ aⅧb
\w+ a1b   \p{Word}+ a1b   [\w]+ a1b   [^\W]+ a1b   [[:word:]]+ a1b
[[:punct:]] a|€|b|+|c   \p{Punct} a€b+c
[[:punct:]] a|!|b   \p{Punct} a|!|b
EXPECTED
echo "as stated: brackets change the class"
