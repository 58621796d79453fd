#!/usr/bin/env bash
# tokenizers 0.22.2 loses combining marks under the rules of a SentencePiece model, its normalizer Precompiled.
#
# The rules are looked up for a grapheme of up to five bytes as a whole, and the shortest rule that fits its beginning stands for all of it:
# what follows in the grapheme is dropped. A ligature or full-width letter before a combining mark loses the mark without a word, and the
# text's ids are not those of SentencePiece, though the rules are the same bytes.
#
# Seen with the rules nmt_nfkc of SentencePiece 0.1.97: U+FB01 U+0301 -> "fi" (SentencePiece: "fi" U+0301), U+FF21 U+0300 -> "A" (U+00C0);
# without the mark, or with one that makes six bytes, both agree. The library is used through the NuGet packages Tokenizers.DotNet 1.4.1,
# which wrap 0.22.2; the model given to it has a token for each byte, so that the ids are the normalized bytes.
# Needs the .NET 10 SDK, Linux on x64 and Debian 12's apt (sentencepiece 0.1.97). Fails if the behaviour is another.
set -eu -o pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get download -q sentencepiece=0.1.97-3+b1 libsentencepiece0=0.1.97-3+b1 >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done
export LD_LIBRARY_PATH=$(dirname "$(find root -name 'libsentencepiece.so.0')")
spm=root/usr/bin

awk 'BEGIN { for (i = 0; i < 1000; i++) print substr("abcdefghij", i % 10 + 1, 1) substr("klmnopqrst", int(i / 10) % 10 + 1, 1) " " i }' >text
"$spm/spm_train" --input=text --model_prefix=small --model_type=unigram --vocab_size=40 --hard_vocab_limit=false \
  --normalization_rule_name=nmt_nfkc --minloglevel=2 2>/dev/null

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

// The model file is a protobuf message: field 3 holds the normalizer's settings, whose field 2 holds the compiled rules.
byte[] rules = Field(Field(File.ReadAllBytes(args[0]), 3), 2);
string bytes = string.Join(',', Enumerable.Range(0, 256).Select(value => $"\"<0x{value:X2}>\":{value}"));
File.WriteAllText("tokenizer.json", $$"""
    {"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"pre_tokenizer":null,"post_processor":null,"decoder":null,
     "normalizer":{"type":"Precompiled","precompiled_charsmap":"{{Convert.ToBase64String(rules)}}"},
     "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,
      "byte_fallback":true,"ignore_merges":false,"vocab":{ {{bytes}} },"merges":[]} }
    """);
using Tokenizers.DotNet.Tokenizer tokenizer = new("tokenizer.json");
using StreamReader lines = new("lines", Encoding.UTF8);
while (lines.ReadLine() is { } line) Console.WriteLine(Convert.ToHexString([.. tokenizer.Encode(line).Select(id => (byte)id)]));

static byte[] Field(byte[] message, int number)
{
    int at = 0;
    while (at < message.Length)
    {
        int tag = Varint(message, ref at), kind = tag & 7;
        int length = kind switch { 0 => 0, 1 => 8, 2 => Varint(message, ref at), 5 => 4, _ => throw new InvalidDataException("not a model") };
        if (kind == 0) Varint(message, ref at);
        if (kind == 2 && tag >> 3 == number) return message[at..(at + length)];
        at += length;
    }
    throw new InvalidDataException($"no field {number}");
}

static int Varint(byte[] message, ref int at)
{
    int value = 0, shift = 0;
    do
    {
        value |= (message[at] & 127) << shift;
        shift += 7;
    } while (message[at++] >= 128);
    return value;
}
CS
dotnet build -c Release -v q --nologo -o out check.csproj >log 2>&1 || { cat log; exit 1; }

hex() { od -An -v -tx1 -w1 | tr -d ' ' | tr a-f A-F | awk '$0 == "0A" { print line; line = ""; next } { line = line $0 }'; }

# The first two have a mark of two bytes, the last one of three.
printf '%b\n' '\xEF\xAC\x81\xCC\x81' '\xEF\xBC\xA1\xCC\x80' '\xEF\xAC\x81' '\xEF\xBC\xA1' 'a\xCC\x80' '\xEF\xAC\x81\xE2\x83\x90' >lines
hex <lines >given
"$spm/spm_normalize" --model=small.model <lines | hex >theirs
dotnet out/check.dll small.model >ours
paste -d ' ' given theirs ours | awk '{ printf "%-12s SentencePiece %-10s tokenizers %s\n", $1, $2, $3 }' | tee seen

diff seen - <<'EXPECTED' || { echo "changed"; exit 1; }
EFAC81CC81   SentencePiece 6669CC81   tokenizers 6669
EFBCA1CC80   SentencePiece C380       tokenizers 41
EFAC81       SentencePiece 6669       tokenizers 6669
EFBCA1       SentencePiece 41         tokenizers 41
61CC80       SentencePiece C3A0       tokenizers C3A0
EFAC81E28390 SentencePiece 6669E28390 tokenizers 6669E28390
EXPECTED
echo "as stated: the marks are lost"
