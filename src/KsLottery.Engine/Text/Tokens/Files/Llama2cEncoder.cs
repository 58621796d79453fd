using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Encodes with a llama2.c <c>tokenizer.bin</c>.</summary>
/// <remarks>
/// Source: <c>encode</c> in llama2.c's <c>run.c</c>: a space before any text but an empty one, spaces kept as they are, characters
/// outside the vocabulary as byte b = token b + 3. A vocabulary without byte tokens gets its unknown token there instead, where
/// llama2.c would take whatever stands at b + 3. Byte and special tokens are not joined from text that spells their names.
/// </remarks>
internal sealed class Llama2cEncoder : Tokenizer
{
    private const int FirstByteId = 3;

    private readonly ScoredPieces _pieces;
    private readonly int[]? _byteIds;

    public Llama2cEncoder(string path, TokenTable names, Llama2cTokenizer file) : base(path, names)
    {
        List<(string, float, int)> pieces = [];
        int bytes = 0;
        for (int id = 0; id < file.Count; id++)
        {
            TokenKind kind = file.Kind(id);
            if (kind is TokenKind.Normal or TokenKind.Unused) pieces.Add((file.Piece(id), file.Score(id), id));
            if (kind == TokenKind.Byte && file.Bytes(id) is [byte value] && value + FirstByteId == id) bytes++;
        }
        _pieces = new ScoredPieces(file.Count, CollectionsMarshal.AsSpan(pieces));
        _byteIds = bytes == 256 ? [.. Enumerable.Range(FirstByteId, 256)] : null;
        UnknownId = Special(0);
        int? begin = Special(1);
        Bound(new BoundaryTokens(begin, Special(2), null, new SurroundingTokens(begin is { } first ? [first] : [], []), null));
        Refuse(_byteIds is null && UnknownId is null, "a vocabulary with", "neither byte tokens nor <unk>", "either");

        int? Special(int id) => id < file.Count && file.Kind(id) == TokenKind.Special ? id : null;
    }

    private protected override bool HasDummyPrefix => true;

    private protected override void Encode(string text, List<int> tokens)
    {
        if (text.Length == 0) return;
        List<int> symbols = [_pieces.SymbolOf(new Rune(' '))];
        foreach (Rune character in text.EnumerateRunes()) symbols.Add(_pieces.SymbolOf(character));
        List<int> joined = new(symbols.Count);
        new PairMerging(_pieces.Merges).Append(CollectionsMarshal.AsSpan(symbols), joined);
        foreach (int symbol in joined)
        {
            if (_pieces.IsToken(symbol, out Rune character)) tokens.Add(symbol);
            else if (_byteIds is not null) AppendBytes(character, _byteIds, tokens);
            else tokens.Add(UnknownId!.Value);
        }
    }
}
