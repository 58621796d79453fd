namespace KsLottery.Engine.Text.Tokens;

/// <summary>Which tokens begin, end and pad a text, and which of them stand around every text.</summary>
/// <remarks>
/// The rules are those of Hugging Face's library for the tokenizer's class; docs/tokenizers.md has them as a table, with what its versions
/// 4 and 5 do differently.
/// </remarks>
/// <param name="Begin">The token that begins a text, null for none.</param>
/// <param name="End">The token that ends a text, null for none.</param>
/// <param name="Pad">The token that fills a batch, null for none.</param>
/// <param name="Around">What is put around every text.</param>
/// <param name="Remark">What another version of the library would do; null where all do the same.</param>
internal sealed record BoundaryTokens(int? Begin, int? End, int? Pad, SurroundingTokens Around, string? Remark)
{
    private const string Llama = "LlamaTokenizer", CodeLlama = "CodeLlamaTokenizer";

    private static readonly string[] BeginNames = ["<s>", "<|begin_of_text|>", "<bos>"];
    private static readonly string[] EndNames = ["</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>"];
    private static readonly string[] PadNames = ["<pad>", "<|pad|>"];

    /// <summary>The tokens of a <c>tokenizer.json</c>, whose post-processor decides unless flags speak for a class that follows
    /// them.</summary>
    /// <param name="names">The tokens.</param>
    /// <param name="template">What the post-processor adds.</param>
    public static BoundaryTokens OfJson(TokenTable names, SurroundingTokens template)
    {
        TokenizerCompanions settings = names.Settings;
        int? begin = Named(names, "bos_token", (template.Before is [int first, ..] ? first : (int?)null) ?? Default(names, BeginNames));
        int? end = Named(names, "eos_token", (template.After is [.., int last] ? last : (int?)null) ?? Default(names, EndNames));
        BoundaryTokens tokens = new(begin, end, Named(names, "pad_token", Default(names, PadNames)), template, null);

        bool hasFlags = (settings.AddsBos ?? settings.AddsEos) is not null;
        bool follows = settings.Class == CodeLlama || (hasFlags && settings.Class is null or Llama);
        if (hasFlags && !follows) return tokens with { Remark = PassedOver(names, tokens) };
        if (!follows) return tokens with { Remark = BeginsInVersion4(names, tokens) };
        SurroundingTokens flagged = tokens.ByFlags(settings);
        return tokens with
        {
            Around = flagged,
            Remark = settings.Class == CodeLlama || flagged.IsSame(template) ? null
            : Overruled(names, flagged, template)
        };
    }

    /// <summary>The tokens of a SentencePiece model, around which the class of LLaMA's tokenizer puts what the flags say.</summary>
    /// <param name="names">The tokens.</param>
    /// <param name="begin">The model's own begin token.</param>
    /// <param name="end">The model's own end token.</param>
    /// <param name="pad">The model's own padding token.</param>
    public static BoundaryTokens OfModel(TokenTable names, int? begin, int? end, int? pad)
    {
        BoundaryTokens tokens = new(Named(names, "bos_token", begin), Named(names, "eos_token", end), Named(names, "pad_token", pad),
            SurroundingTokens.None, null);
        return tokens with { Around = tokens.ByFlags(names.Settings) };
    }

    /// <summary>LLaMA's classes put a begin token before a text unless told otherwise, and an end token after it where told to.</summary>
    private SurroundingTokens ByFlags(TokenizerCompanions settings) => new(
        (settings.AddsBos ?? true) && Begin is { } begin ? [begin] : [],
        (settings.AddsEos ?? false) && End is { } end ? [end] : []);

    private static int? Named(TokenTable names, string role, int? otherwise) =>
        !names.Settings.TryGetName(role, out string? name) ? otherwise : name is null ? null : names.IdOf(name);

    private static int? Default(TokenTable names, string[] usual)
    {
        foreach (string name in usual)
            if (names.IdOf(name) is { } id)
                return id;
        return null;
    }

    private static string Overruled(TokenTable names, SurroundingTokens flagged, SurroundingTokens template) =>
        $"{names.Settings.Path} says {Flags(names.Settings)}, so that a text becomes {flagged.Show(names)}, as in version 4 of Hugging "
            + $"Face's "
        + $"library; version 5 passes over this beside a {names.Source}, whose post_processor makes it {template.Show(names)}.";

    private static string? PassedOver(TokenTable names, BoundaryTokens tokens) =>
        tokens.ByFlags(names.Settings) is var flagged && flagged.IsSame(tokens.Around) ? null
            : $"{names.Settings.Path} says {Flags(names.Settings)}; Hugging Face's library passes over this for "
                + $"{names.Settings.Class}, and "
                + $"so does this: the post_processor of {names.Source} makes a text {tokens.Around.Show(names)}.";

    private static string? BeginsInVersion4(TokenTable names, BoundaryTokens tokens) =>
        names.Settings.Class != Llama || tokens.Begin is not { } begin || tokens.Around.Before.Contains(begin) ? null
            : $"the post_processor of {names.Source} makes a text {tokens.Around.Show(names)}, as in version 5 of Hugging Face's library; "
                + $"version 4 would put {names.Visible(begin)} before it, unless {names.Settings.Path} says \"add_bos_token\": false.";

    private static string Flags(TokenizerCompanions settings) => string.Join(" and ", new[]
    {
        settings.AddsBos is { } bos ? $"\"add_bos_token\": {(bos ? "true" : "false")}" : null,
        settings.AddsEos is { } eos ? $"\"add_eos_token\": {(eos ? "true" : "false")}" : null,
    }.OfType<string>());
}
