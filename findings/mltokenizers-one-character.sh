#!/usr/bin/env bash
# Microsoft.ML.Tokenizers 2.0.1 encodes a text that normalizes to a single character as no token at all.
#
# A SentencePiece BPE model is trained on 2,000 made-up lines. SentencePiece itself encodes "a" as one token; LlamaTokenizer of
# Microsoft.ML.Tokenizers gives [], for "a", "b" and " a" alike, and agrees with SentencePiece from two characters on. A corpus with lines
# of one character (a list's bullet, a one-letter answer) loses them without a word.
#
# Seen: "a" -> [], "b" -> [], " a" -> []; "ab" and "a b" as SentencePiece has them.
# Needs the .NET 10 SDK and Debian 12's apt (sentencepiece 0.1.97). Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get download -q sentencepiece=0.1.97-3+b1 libsentencepiece0=0.1.97-3+b1 >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$(dirname "$(find root -name 'libsentencepiece.so.0')")
spm=root/usr/bin

awk 'BEGIN { for (i = 0; i < 2000; i++) { line = ""; for (w = 0; w < 5; w++) { n = i * 5 + w; word = ""
  do { word = word substr("abcdefghij", n % 10 + 1, 1); n = int(n / 10) } while (n > 0); line = line word " " } print line } }' >text
"$spm/spm_train" --input=text --model_prefix=bpe --model_type=bpe --vocab_size=100 --normalization_rule_name=identity --byte_fallback=false --minloglevel=2 2>/dev/null

cat >check.csproj <<'XML'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings></PropertyGroup>
  <ItemGroup><PackageReference Include="Microsoft.ML.Tokenizers" Version="[2.0.1]" /></ItemGroup>
</Project>
XML
cat >Program.cs <<'CS'
using Microsoft.ML.Tokenizers;

using FileStream model = File.OpenRead(args[0]);
LlamaTokenizer tokenizer = LlamaTokenizer.Create(model, addBeginOfSentence: false, addEndOfSentence: false);
while (Console.ReadLine() is { } line) Console.WriteLine(string.Join(' ', tokenizer.EncodeToIds(line)));
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }

printf '%s\n' a b ' a' ab 'a b' 'abc def' >lines
"$spm/spm_encode" --model=bpe.model --output_format=id <lines >theirs
dotnet out/check.dll bpe.model <lines >ours
paste -d '|' lines theirs ours | awk -F '|' '{ printf "%-9s SentencePiece [%s]  Microsoft.ML.Tokenizers [%s]\n", "\"" $1 "\"", $2, $3 }'

awk 'NR <= 3 && $0 == "" { bad++ } END { exit bad > 0 }' theirs || { echo "changed: SentencePiece itself gives no token"; exit 1; }
[ -z "$(head -n 3 ours | tr -d '\n')" ] || { echo "changed: one character gives tokens now"; exit 1; }
[ "$(tail -n 3 ours)" = "$(tail -n 3 theirs)" ] || { echo "changed: longer texts differ"; exit 1; }
echo "as stated: one character alone is lost"
