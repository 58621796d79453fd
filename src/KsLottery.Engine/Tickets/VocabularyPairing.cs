using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tickets;

/// <summary>Which token's row of a tuned embedding stands against which of the base, by what their tokenizers say.</summary>
/// <remarks>
/// A fine-tune that adds a padding token, chat tokens, or rows up to a multiple of 64 leaves the first ids as they were: those are
/// compared, the rest is added. Where the tokenizers name common ids differently, ids say nothing: then the text of the tokens can pair
/// the rows.
/// </remarks>
public sealed class VocabularyPairing
{
    private const int MaxNamed = 5;

    private VocabularyPairing(RowPairing rows, RowTokens tunedTokens, IReadOnlyList<int> namedDifferently, IReadOnlyList<string> remarks) =>
        (Rows, TunedTokens, NamedDifferently, Remarks) = (rows, tunedTokens, namedDifferently, remarks);

    /// <summary>The pairs.</summary>
    public RowPairing Rows { get; }

    /// <summary>Names the rows of the tuned matrix.</summary>
    public RowTokens TunedTokens { get; }

    /// <summary>The ids that both tokenizers name, each otherwise; empty where only one has a tokenizer.</summary>
    public IReadOnlyList<int> NamedDifferently { get; }

    /// <summary>What a reader should know of how the pairs came about, as whole sentences.</summary>
    public IReadOnlyList<string> Remarks { get; }

    /// <summary>Pairs the rows of two embeddings.</summary>
    /// <param name="baseModel">The base; its tokenizer is looked for beside it.</param>
    /// <param name="tuned">The tuned checkpoint, likewise.</param>
    /// <param name="baseRows">Rows of the base's embedding.</param>
    /// <param name="tunedRows">Rows of the tuned one.</param>
    /// <param name="mode">How.</param>
    /// <param name="baseTokenizer">The base's tokenizer, where it does not lie beside it.</param>
    /// <exception cref="InvalidDataException">
    /// Ids are named differently, and nobody said how rows are to be paired; or text is to pair them, and a tokenizer is absent or damaged.
    /// </exception>
    /// <exception cref="IOException">A tokenizer cannot be read.</exception>
    public static VocabularyPairing Choose(Checkpoint baseModel, Checkpoint tuned, long baseRows, long tunedRows,
        RowPairingMode mode = RowPairingMode.Auto, string? baseTokenizer = null)
    {
        ArgumentNullException.ThrowIfNull(baseModel);
        ArgumentNullException.ThrowIfNull(tuned);
        RowPairing byId = RowPairing.ById(baseRows, tunedRows);
        if (mode != RowPairingMode.Text && byId.IsPlain && !HaveOtherTokenizers(baseModel.Path, tuned.Path))
            return new(byId, RowTokens.None, [], []);

        List<string> remarks = [];
        TokenTable? before = baseTokenizer is not null ? TokenTable.Open(baseTokenizer) : Find(baseModel, mode, remarks);
        TokenTable? after = Find(tuned, mode, remarks);
        RowTokens names = new(after, tuned.Config);
        if (mode == RowPairingMode.Text)
        {
            if (before is null || after is null) throw NoTokenizer(before is null ? baseModel : tuned);
            return new(ByText(before, after, (int)baseRows, (int)tunedRows), names, [], remarks);
        }
        if (before is null || after is null)
        {
            string unnamed = (before is null ? baseModel : tuned).Path;
            string why = TokenTable.LocateBeside(unnamed) is null ? $"No tokenizer lies beside {unnamed}"
                : $"The tokenizer beside {unnamed} cannot be read";
            if (!byId.IsPlain)
                remarks.Add($"{why}, so that nobody can say whether ids mean the same: the first {byId.Count} rows are compared by id.");
            return new(byId, names, [], byId.IsPlain ? [] : remarks);
        }
        List<int> different = Different(before, after, byId.Count);
        if (different.Count == 0) return new(byId, names, [], remarks);
        string which = $"{different.Count} of {Math.Min(byId.Count, Math.Min(before.Count, after.Count))} common ids are named "
            + $"differently by the tokenizers of {baseModel.Path} and {tuned.Path}: {Name(different, before, after)}";
        if (mode == RowPairingMode.Auto && (!byId.IsPlain || HaveMoved(different, before, after)))
            throw new InvalidDataException($"{which}. Rows of one id need not be one token's. Pair them by the text of the tokens "
                + $"({Remedy.PairByText}), or by id all the same ({Remedy.PairById}).");
        remarks.Add($"{which}. Rows are compared by id.");
        return new(byId, names, different, remarks);
    }

    /// <summary>Tokens of one text are one pair; of several with the same text first those of one id, then in their order.</summary>
    /// <remarks>Rows that neither tokenizer names, as padding is, are paired by id.</remarks>
    private static RowPairing ByText(TokenTable before, TokenTable after, int baseRows, int tunedRows)
    {
        int[] tunedOf = new int[baseRows];
        bool[] taken = new bool[tunedRows];
        Array.Fill(tunedOf, -1);
        for (int id = 0; id < Math.Min(baseRows, tunedRows); id++)
            if (before.Visible(id) == after.Visible(id)) (tunedOf[id], taken[id]) = (id, true);
        Dictionary<string, Queue<int>> free = [];
        for (int id = 0; id < Math.Min(tunedRows, after.Count); id++)
        {
            if (taken[id] || after.Visible(id) is not { Length: > 0 } text) continue;
            if (!free.TryGetValue(text, out Queue<int>? ids)) free[text] = ids = new();
            ids.Enqueue(id);
        }
        for (int id = 0; id < Math.Min(baseRows, before.Count); id++)
        {
            if (tunedOf[id] >= 0 || !free.TryGetValue(before.Visible(id), out Queue<int>? ids)) continue;
            if (ids.TryDequeue(out int tuned)) tunedOf[id] = tuned;
        }
        return RowPairing.Of(tunedOf, tunedRows);
    }

    /// <summary>The ids that both name, each otherwise.</summary>
    private static List<int> Different(TokenTable before, TokenTable after, int rows) =>
        [.. Enumerable.Range(0, Math.Min(rows, Math.Min(before.Count, after.Count))).Where(id =>
            before.Visible(id) is { Length: > 0 } text && after.Visible(id) is { Length: > 0 } other && text != other)];

    /// <summary>Whether a token of the base has another id in the tuned vocabulary; where none has, tokens were merely renamed.</summary>
    private static bool HaveMoved(List<int> different, TokenTable before, TokenTable after)
    {
        HashSet<string> present = [.. Enumerable.Range(0, after.Count).Select(after.Visible)];
        return different.Any(id => present.Contains(before.Visible(id)));
    }

    private static string Name(List<int> different, TokenTable before, TokenTable after) =>
        string.Join(", ", different.Take(MaxNamed).Select(id => $"{id} '{before.Visible(id)}' and '{after.Visible(id)}'"))
        + (different.Count > MaxNamed ? ", …" : "");

    /// <summary>Whether both have a tokenizer and the files differ: most fine-tunes carry their base's along, and need not be read
    /// twice.</summary>
    private static bool HaveOtherTokenizers(string basePath, string tunedPath)
    {
        if (TokenTable.LocateBeside(basePath) is not { } before || TokenTable.LocateBeside(tunedPath) is not { } after) return false;
        string from = Path.GetDirectoryName(before) ?? "", to = Path.GetDirectoryName(after) ?? "";
        return Differ(before, after) || TokenizerCompanions.FileNames.Any(name => Differ(Path.Combine(from, name), Path.Combine(to, name)));
    }

    private static bool Differ(string path, string other)
    {
        FileInfo first = new(path), second = new(other);
        return first.Exists != second.Exists
            || (first.Exists && (first.Length != second.Length
            || !File.ReadAllBytes(path).AsSpan().SequenceEqual(File.ReadAllBytes(other))));
    }

    private static TokenTable? Find(Checkpoint checkpoint, RowPairingMode mode, List<string> remarks)
    {
        try
        {
            return TokenTable.FindBeside(checkpoint.Path);
        }
        catch (Exception fault) when (mode != RowPairingMode.Text
            && (fault is InvalidDataException or IOException or UnauthorizedAccessException))
        {
            remarks.Add(fault.Message);
            return null;
        }
    }

    private static InvalidDataException NoTokenizer(Checkpoint checkpoint) => new(
        $"{checkpoint.Path}: no tokenizer lies beside it, and rows are to be paired by the text of their tokens. Copy its tokenizer there, "
        + $"or pair rows by id ({Remedy.PairById}).");
}

/// <summary>How rows of two vocabularies are paired.</summary>
public enum RowPairingMode
{
    /// <summary>By id where both tokenizers name the ids alike; where they do not, a resized or reordered vocabulary is refused.</summary>
    Auto,

    /// <summary>By id, whatever the tokenizers say.</summary>
    Id,

    /// <summary>By the text of the tokens.</summary>
    Text,
}
