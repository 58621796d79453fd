using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>A base and a tuned checkpoint whose vocabulary differs; a row depends on its token alone, unless it was moved.</summary>
internal sealed class VocabularyFixture : IDisposable
{
    public const int Width = 32;

    private const string Head = "lm_head.weight", Norm = "model.norm.weight";

    private readonly TemporaryFolder _folder = new();

    /// <param name="before">The base's tokens; null for a row that its tokenizer does not name.</param>
    /// <param name="after">The tuned checkpoint's.</param>
    /// <param name="moved">The tokens whose rows the fine-tune moved.</param>
    /// <param name="isTied">Whether the head is the embedding.</param>
    /// <param name="isSharded">Whether the base's head lies in a file of its own.</param>
    /// <param name="tunedType">The tuned checkpoint's type.</param>
    /// <param name="baseType">The base's.</param>
    public VocabularyFixture(string?[] before, string?[] after, string[] moved, bool isTied = true, bool isSharded = false,
        ElementType tunedType = ElementType.F32, ElementType baseType = ElementType.F32)
    {
        Write(Base, before, [], isTied, isSharded, baseType, 0);
        Write(Tuned, after, moved, isTied, false, tunedType, 7);
    }

    public string Base => _folder.File("base");

    public string Tuned => _folder.File("tuned");

    public string Found => _folder.File("found");

    public string Patch => Path.Combine(Found, TicketPatch.FileName);

    /// <summary>Tokens t0, t1, … and rows without a name after them.</summary>
    public static string?[] Tokens(int named, int unnamed = 0, params string?[] more) =>
        [.. Enumerable.Range(0, named).Select(i => $"t{i}"), .. more, .. new string?[unnamed]];

    public string File(string name) => _folder.File(name);

    /// <summary>Finds the ticket and writes its folder.</summary>
    public Ticket Find(RowPairingMode mode = RowPairingMode.Auto, int? top = null, string? basePath = null)
    {
        using Checkpoint baseModel = Checkpoint.Open(basePath ?? Base), tuned = Checkpoint.Open(Tuned);
        Tensor before = baseModel.GetTensor(TicketFixture.Embedding), after = tuned.GetTensor(TicketFixture.Embedding);
        VocabularyPairing vocabulary = VocabularyPairing.Choose(baseModel, tuned, before.Shape[0], after.Shape[0], mode);
        ScoredRows rows = new(RowScan.Run(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after), new() { Pairing = vocabulary.Rows }),
            top is { } count ? new TopUnits(count) : new BelowAlpha());
        RowTokens tokens = new(TokenTable.FindBeside(baseModel.Path), baseModel.Config);
        Ticket ticket = Ticket.Select(rows,
            TicketOrigin.Of(baseModel, before, after, Fingerprint.OfTensor(before, FingerprintKind.Tree),
                Fingerprint.OfTensor(after, FingerprintKind.Tree), vocabulary.Rows), tokens);
        using TicketFolder folder = new(Found, replace: true);
        folder.Write(ticket, rows, tokens, before, after, vocabulary.TunedTokens);
        return ticket;
    }

    /// <summary>Asserts that two folders hold the same files.</summary>
    public static void AssertSameFolder(string actual, string expected)
    {
        Assert.That(TicketFixture.Names(actual), Is.EqualTo(TicketFixture.Names(expected)));
        foreach (string name in TicketFixture.Names(expected))
            TicketFixture.AssertSame(Path.Combine(actual, name), Path.Combine(expected, name));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The row of a token, before it was moved.</summary>
    public static float[] Row(string? token, float shift = 0)
    {
        int seed = token is null ? 0 : token.Aggregate(17, (hash, c) => (hash * 31 + c) % 10_007);
        return [.. Enumerable.Range(0, Width).Select(i => token is null ? 0 : MathF.Sin(seed + (i * i)) + shift)];
    }

    private static void Write(string folder, string?[] tokens, string[] moved, bool isTied, bool isSharded, ElementType type, int padId)
    {
        Directory.CreateDirectory(folder);
        TensorSource Matrix(string name, Func<string?, float[]> row)
        {
            byte[] bytes = [.. tokens.SelectMany(row).SelectMany(value => Bytes(value, type))];
            return TensorSource.FromBytes(name, type, [tokens.Length, Width], bytes);
        }
        TensorSource embedding = Matrix(TicketFixture.Embedding, token => Row(token, moved.Contains(token) ? 3 : 0));
        TensorSource norm = TensorSource.FromBytes(Norm, ElementType.F32, [3], new byte[12]);
        TensorSource[] head = isTied ? [] : [Matrix(Head, token => Row(token is null ? null : token + "!"))];
        if (isSharded)
        {
            SafetensorsWriter.Write(Path.Combine(folder, "model-00001-of-00002.safetensors"), [embedding, norm],
                new Dictionary<string, string> { ["format"] = "pt" });
            SafetensorsWriter.Write(Path.Combine(folder, "model-00002-of-00002.safetensors"), head);
            string map =
                $"\"{TicketFixture.Embedding}\":\"model-00001-of-00002.safetensors\",\"{Norm}\":\"model-00001-of-00002.safetensors\"";
            System.IO.File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"),
                $"{{\"metadata\":{{\"total_size\":{(2 * tokens.Length * Width * 4) + 12}}},"
                + $"\"weight_map\":{{{map},\"{Head}\":\"model-00002-of-00002.safetensors\"}}}}");
        }
        else SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [embedding, norm, .. head]);
        string tied = isTied ? "true" : "false";
        System.IO.File.WriteAllText(Path.Combine(folder, "config.json"),
            $"{{ \"model_type\": \"llama\", \"vocab_size\": {tokens.Length}, \"tie_word_embeddings\": {tied}, \"eos_token_id\": "
                + $"{padId + 2}, \"own\": \"{padId}\" }}");
        if (padId > 0) System.IO.File.WriteAllText(Path.Combine(folder, "added_tokens.json"), "{}");
        string names = string.Join(',', tokens.Index().Where(t => t.Item is not null).Select(t => $"\"{t.Item}\":{t.Index}"));
        System.IO.File
            .WriteAllText(Path.Combine(folder, "tokenizer.json"), "{\"model\":{\"type\":\"BPE\",\"vocab\":{" + names + "},\"merges\":[]}}");
    }

    private static byte[] Bytes(float value, ElementType type) =>
        type == ElementType.F32 ? BitConverter.GetBytes(value) : BitConverter.GetBytes((Half)value);
}
