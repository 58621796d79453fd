using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace KsLottery.Engine.Tokens;

/// <summary>Encodes with the BPE model of a Hugging Face <c>tokenizer.json</c>.</summary>
/// <remarks>
/// The order of the tokenizers library: added tokens that are not normalised, the normaliser on each part between them, the other
/// added tokens, words, merges. Its sections <c>truncation</c> and <c>padding</c> belong to batches and are passed over.
/// </remarks>
internal sealed class JsonTokenizer : Tokenizer
{
    private readonly TokenizerJson _file;
    private readonly BpeSettings _settings;
    private readonly JsonNormalizer _normalizer;
    private readonly JsonPreTokenizer _preTokenizer;
    private readonly AddedTokenFinder _addedBefore, _addedAfter;
    private readonly int[]? _byteIds;

    public JsonTokenizer(string path, TokenTable names, TokenizerJson file, BpeSettings settings) : base(path, names)
    {
        (_file, _settings) = (file, settings);
        _normalizer = new JsonNormalizer(path, settings.Normalizer);
        _preTokenizer = new JsonPreTokenizer(path, settings.PreTokenizer);
        HasDummyPrefix = StripsSpace(path, settings);
        AddedToken[] added = [.. file.AddedTokens, .. names.AddedTokens];
        AddedToken[] before = [.. added.Where(token => !token.IsNormalized)];
        AddedToken[] after = [.. added.Where(token => token.IsNormalized)
            .Select(token => token with { Content = _normalizer.Apply(token.Content) })];
        (_addedBefore, _addedAfter) = (new AddedTokenFinder(before), new AddedTokenFinder(after));
        if (settings.HasByteFallback)
        {
            int[] ids = [.. Enumerable.Range(0, 256).Select(value => settings.Vocabulary.GetValueOrDefault($"<0x{value:X2}>", -1))];
            int missing = Array.IndexOf(ids, -1);
            Refuse(missing >= 0, "byte_fallback without piece", $"<0x{missing:X2}>", "all of <0x00> to <0xFF>");
            _byteIds = ids;
        }
        Bound(BoundaryTokens.OfJson(names, SurroundingTokens.Read(path, settings.PostProcessor, names.IdOf)));
        UnknownId = file.UnknownId;
    }

    private protected override bool HasDummyPrefix { get; }

    private protected override byte[]? UnknownText => null;

    private protected override bool IsText(int id) => !_file.IsSpecial(id);

    private protected override void Encode(string text, List<int> tokens)
    {
        PairMerging merging = new(_settings.Merges);
        List<int> symbols = [];
        foreach ((int start, int length, int? added) in _addedBefore.Split(text))
        {
            if (added is { } id) tokens.Add(id);
            else AppendNormalized(_normalizer.Apply(text.Substring(start, length)), start == 0);
        }

        void AppendNormalized(string part, bool isAtStart)
        {
            foreach ((int start, int length, int? added) in _addedAfter.Split(part))
            {
                if (added is { } id)
                {
                    tokens.Add(id);
                    continue;
                }
                foreach (ReadOnlyMemory<char> word in _preTokenizer.Apply(part.Substring(start, length), isAtStart && start == 0))
                    AppendWord(word.Span);
            }
        }

        void AppendWord(ReadOnlySpan<char> word)
        {
            if (_settings.IgnoresMerges
                && _settings.Vocabulary.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out int whole))
            {
                tokens.Add(whole);
                return;
            }
            symbols.Clear();
            bool isAfterUnknown = false;
            foreach (Rune character in word.EnumerateRunes())
            {
                bool isKnown = _settings.Symbols.TryGetValue(character.Value, out int symbol);
                if (isKnown) symbols.Add(symbol);
                else if (_byteIds is not null) AppendBytes(character, _byteIds, symbols);
                else if (UnknownId is { } unknown && !(isAfterUnknown && _settings.FusesUnknown)) symbols.Add(unknown);
                isAfterUnknown = !isKnown;
            }
            merging.Append(CollectionsMarshal.AsSpan(symbols), tokens);
        }
    }

    /// <summary>Whether decoding takes the first space off: the decoder has a step for it.</summary>
    private static bool StripsSpace(string path, BpeSettings settings)
    {
        bool strips = false;
        foreach (JsonSection step in JsonSection.Steps(path, "decoder", settings.Decoder, "decoders"))
        {
            switch (step.Type)
            {
                case "ByteLevel" or "ByteFallback" or "Fuse":
                    break;
                case "Replace" when step.Get("pattern") is { ValueKind: JsonValueKind.Object } pattern
                    && (step with { Element = pattern }).Text("String") is not null:
                    break;
                case "Metaspace":
                    strips |= (step.Text("prepend_scheme") ?? (step.Flag("add_prefix_space", true) ? "always" : "never")) != "never";
                    break;
                case "Strip" when step.Text("content") == " " && Number(step, "start") <= 1 && Number(step, "stop") == 0:
                    strips |= Number(step, "start") == 1;
                    break;
                default:
                    throw step.Refuse("type", step.Type, "Sequence, ByteLevel, ByteFallback, Fuse, Metaspace, Replace of a String " +
                        "and Strip of one space at the start");
            }
        }
        return strips;
    }

    private static int Number(JsonSection step, string property) =>
        step.Get(property) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number) ? number : 0;
}
