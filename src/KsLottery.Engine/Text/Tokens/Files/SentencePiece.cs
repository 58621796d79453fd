using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The kind of a SentencePiece piece, numbered as <c>sentencepiece_model.proto</c> numbers it.</summary>
internal enum SentencePieceType
{
    /// <summary>Text.</summary>
    Normal = 1,
    /// <summary>Stands for what the vocabulary cannot express.</summary>
    Unknown = 2,
    /// <summary>Never part of a text: begin, end, padding.</summary>
    Control = 3,
    /// <summary>Text that its maker keeps in one piece.</summary>
    UserDefined = 4,
    /// <summary>A piece that is not used.</summary>
    Unused = 5,
    /// <summary>One byte, named <c>&lt;0xHH&gt;</c>.</summary>
    Byte = 6,
}

/// <summary>The algorithm of a SentencePiece model, numbered as <c>sentencepiece_model.proto</c> numbers it.</summary>
internal enum SentencePieceAlgorithm
{
    /// <summary>Most probable segmentation under a unigram language model.</summary>
    Unigram = 1,
    /// <summary>Byte-pair encoding.</summary>
    Bpe = 2,
    /// <summary>Whole words.</summary>
    Word = 3,
    /// <summary>Single characters.</summary>
    Character = 4,
}

/// <summary>One piece of a SentencePiece vocabulary.</summary>
/// <param name="Utf8">Its text as stored, with <c>▁</c> for a space; not checked to be valid UTF-8.</param>
/// <param name="Score">Its log probability (unigram) or merge priority (BPE); higher goes first.</param>
/// <param name="Type">Its kind.</param>
internal readonly record struct SentencePiece(ReadOnlyMemory<byte> Utf8, float Score, SentencePieceType Type)
{
    /// <summary>The stored text; invalid UTF-8 becomes U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Utf8.Span);
}
