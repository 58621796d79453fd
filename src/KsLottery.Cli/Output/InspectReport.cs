using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <summary>Shows a <see cref="CheckpointInspection"/> as tables or as JSON.</summary>
internal sealed class InspectReport(CheckpointInspection found, bool isOneTensor)
{
    private const int ShownDigits = 16, ShownCharacters = 200;
    private const string FingerprintPrefix = "sha256:";

    private readonly Checkpoint _checkpoint = found.Checkpoint;

    /// <summary>Of the matrices, where it was asked for.</summary>
    public IReadOnlyList<TensorSparsity> Sparsity { get; init; } = [];

    /// <summary>Whether tensors that layers have alike stand in one line.</summary>
    public bool IsFolded { get; init; } = true;

    /// <summary>From another checkpoint, where one was named.</summary>
    public IReadOnlyList<WeightDistance> Distances { get; init; } = [];

    public void WriteTo(ConsoleUi ui)
    {
        Facts().WriteTo(ui);
        if (_checkpoint.Shards.Count > 1)
        {
            ui.WriteLine();
            ui.Write(ShardTable());
        }
        ui.WriteLine();
        ui.Write(new TensorListing(found.Tensors, _checkpoint.Shards, IsFolded).ToTable());
        if (found.Norms.Count > 0)
        {
            ui.WriteLine();
            ui.Write(NormTable());
        }
        if (Sparsity.Count > 0)
        {
            ui.WriteLine();
            ui.Write(SparsityTable());
        }
        if (Distances.Count > 0)
        {
            ui.WriteLine();
            ui.Write(DistanceTable());
            int undefined = Distances.Count(d => double.IsNaN(d.Vectors.Distance));
            if (undefined > 0) ui.WriteLine($"-: {Sizes.Count(undefined, "tensor")} with a NaN on one side, which has no distance.");
        }
        if (found.Fingerprints.Count > 0)
        {
            ui.WriteLine();
            ui.Write(FingerprintTable());
        }
    }

    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("checkpoint", _checkpoint.Path);
        json.WriteString("architecture", _checkpoint.Config?.Architecture);
        json.WriteString("model_type", _checkpoint.Config?.ModelType);
        WriteNumber(json, "layers", _checkpoint.Config?.LayerCount);
        WriteNumber(json, "hidden_size", _checkpoint.Config?.HiddenSize);
        json.WriteTruth("tied", _checkpoint.IsTied);
        json.WriteString("embedding", found.Embedding?.Name);
        json.WriteString("output_head", found.Head?.Name);
        WriteNumber(json, "vocabulary_size", found.Vocabulary);
        json.WriteStartObject("special_ids");
        foreach ((string name, IReadOnlyList<long> ids) in SpecialIds())
        {
            json.WriteStartArray(name);
            foreach (long id in ids) json.WriteNumberValue(id);
            json.WriteEndArray();
        }
        json.WriteEndObject();
        json.WriteString("tokenizer", found.Tokenizer?.Source);
        WriteNumber(json, "tokenizer_size", found.Tokenizer?.Count);
        WriteNumber(json, "padded_rows", found.PaddedRows);
        json.WriteString("tokenizer_defect", found.TokenizerDefect);
        json.WriteNumber("parameters", _checkpoint.Tensors.Sum(t => t.ElementCount));
        json.WriteNumber("bytes", _checkpoint.Tensors.Sum(t => t.ByteLength));
        json.WriteStartArray("shards");
        foreach (SafetensorsFile shard in _checkpoint.Shards)
        {
            json.WriteStartObject();
            json.WriteString("file", System.IO.Path.GetFileName(shard.Path));
            json.WriteNumber("bytes", shard.Length);
            json.WriteNumber("tensors", shard.Tensors.Count);
            json.WriteStartObject("metadata");
            foreach ((string key, string value) in shard.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) json.WriteString(key, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("tensors");
        foreach (Tensor tensor in found.Tensors) WriteTensor(json, tensor);
        json.WriteEndArray();
        if (Distances.Count > 0) Write(json, WeightDistance.Total(Distances));
    }

    private FactList Facts()
    {
        FactList facts = new();
        ModelConfig? config = _checkpoint.Config;
        facts.Add("checkpoint",
            $"{ConsoleUi.OneLine(_checkpoint.Path)}{(_checkpoint.Shards.Count > 1 ? $", {_checkpoint.Shards.Count} shards" : "")}");
        facts.Add("architecture", config is null ? "unknown: no config.json beside it" : string.Join(", ", new string?[]
        {
            Escape(config.Architecture ?? config.ModelType ?? "unnamed"),
            config.LayerCount is { } layers ? Sizes.Count(layers, "layer") : null,
            config.HiddenSize is { } hidden ? $"hidden size {Sizes.Count(hidden)}" : null,
        }.OfType<string>()));
        facts.Add("tied", PatchReport.Tied(_checkpoint.IsTied));
        facts.Add("embedding", found.Embedding is { } embedding ? Escape(embedding.Name) : "not found by the usual names");
        if (found.Head is { } head) facts.Add("output head", Escape(head.Name));
        facts.Add("vocabulary", Vocabulary());
        facts.Add("tokenizer", TokenizerText());
        if (config is not null)
            facts.Add("special ids", SpecialIds().Where(s => s.Ids.Count > 0)
                .Select(s => $"{s.Name} {string.Join(" ", s.Ids)}").DefaultIfEmpty("none")
                .Aggregate((a, b) => $"{a}, {b}"));
        facts.Add("total", $"{Sizes.Count(_checkpoint.Tensors.LongCount(), "tensor")}, "
            + $"{Sizes.Count(_checkpoint.Tensors.Sum(t => t.ElementCount), "parameter")}, "
            + $"{Sizes.Bytes(_checkpoint.Tensors.Sum(t => t.ByteLength))}");
        facts.Add("types", TensorListing.DescribeTypes(_checkpoint.Tensors));
        foreach ((string key, string value) in Metadata()) facts.Add("metadata", $"{Escape(key)}: {ConsoleUi.OneLine(Cut(value))}");
        return facts;
    }

    /// <summary>What the shards say beside their tensors, each once.</summary>
    private IEnumerable<(string Key, string Value)> Metadata() => _checkpoint.Shards.SelectMany(shard => shard.Metadata)
        .Select(m => (m.Key, m.Value)).Distinct().OrderBy(m => m.Key, StringComparer.Ordinal);

    private static string Cut(string text) => text.Length <= ShownCharacters ? text
        : $"{text[..ShownCharacters]}… ({Sizes.Count(text.Length)} characters)";

    private string Vocabulary()
    {
        long? said = _checkpoint.Config?.VocabularySize;
        if (found.Embedding is null) return said is { } only ? $"{Sizes.Count(only)} by config.json" : "unknown";
        string rows = Sizes.Count(found.Vocabulary ?? 0, "row");
        return said is null || said == found.Vocabulary ? rows : $"{rows}, but {Sizes.Count(said.Value)} by config.json";
    }

    private string TokenizerText()
    {
        if (found.TokenizerDefect is { } defect) return $"cannot be read: {ConsoleUi.OneLine(defect)}";
        if (found.Tokenizer is not { } tokenizer) return "none beside it";
        return $"{Escape(tokenizer.Source)}, {Sizes.Count(tokenizer.Count, "token")}" + found.PaddedRows switch
        {
            > 0 and { } rows => $"; the last {Sizes.Count(rows, "row")} are padding",
            < 0 and { } rows => $"; {Sizes.Count(-rows, "token")} have no row: is it another model's?",
            _ => "",
        };
    }

    private TextTable ShardTable()
    {
        TextTable table = new(">#", "shard", ">bytes", ">tensors");
        for (int i = 0; i < _checkpoint.Shards.Count; i++)
        {
            SafetensorsFile shard = _checkpoint.Shards[i];
            table.Add(Sizes.Count(i + 1), Escape(System.IO.Path.GetFileName(shard.Path)), Sizes.Bytes(shard.Length),
                Sizes.Count(shard.Tensors.Count));
        }
        return table;
    }

    private TextTable NormTable()
    {
        TextTable table = new("norms of rows", ">rows", ">min", ">median", ">max", ">zero", ">near 0", ">NaN/inf");
        foreach (Tensor tensor in found.Tensors)
            if (found.Norms.TryGetValue(tensor.Name, out RowNorms? norms))
                table.Add(Escape(tensor.Name), Sizes.Count(norms.RowCount), NumberText.Real(norms.Min), NumberText.Real(norms.Median),
                    NumberText.Real(norms.Max), Sizes.Count(norms.Zero), Sizes.Count(norms.NearlyZero), Sizes.Count(norms.NonFinite));
        return table;
    }

    private TextTable SparsityTable()
    {
        TextTable table = new("sparsity", ">elements", ">zero", ">PQ index", ">of the rest", ">may go", ">Gini", ">NaN/inf");
        foreach (TensorSparsity one in Sparsity)
            table.Add(Escape(one.Name), Sizes.Count(one.Count), NumberText.Percent(one.ZeroShare), NumberText.Fixed(one.Index, 4),
                NumberText.Fixed(one.SurvivingIndex, 4), Sizes.Count(one.Prunable), NumberText.Fixed(one.Gini, 4),
                Sizes.Count(one.NonFinite));
        return table;
    }

    private TextTable DistanceTable()
    {
        TextTable table = new("distance", ">elements", ">norm", ">other's norm", ">L2", ">relative", ">angle");
        foreach (WeightDistance one in (IEnumerable<WeightDistance>)[.. Distances, WeightDistance.Total(Distances)])
            table.Add(one.Name.Length > 0 ? Escape(one.Name) : "all", Sizes.Count(one.Count), NumberText.Real(one.Vectors.First),
                NumberText.Real(one.Vectors.Second), NumberText.Real(one.Vectors.Distance), NumberText.Real(one.Vectors.Relative),
                double.IsNaN(one.Vectors.Degrees) ? "-" : $"{NumberText.Real(one.Vectors.Degrees)}°");
        return table;
    }

    private TextTable FingerprintTable()
    {
        TextTable table = new("tensor", "fingerprint");
        foreach (Tensor tensor in found.Tensors)
        {
            string text = found.Fingerprints[tensor.Name];
            table.Add(Escape(tensor.Name), isOneTensor ? text : Shorten(text));
        }
        return table;
    }

    /// <summary>A fingerprint's first digits.</summary>
    public static string Shorten(string fingerprint) => fingerprint.Length <= FingerprintPrefix.Length + ShownDigits ? fingerprint
        : fingerprint[..(FingerprintPrefix.Length + ShownDigits)] + "…";

    private void WriteTensor(Utf8JsonWriter json, Tensor tensor)
    {
        json.WriteStartObject();
        json.WriteString("name", tensor.Name);
        json.WriteString("dtype", tensor.DtypeName);
        json.WriteStartArray("shape");
        foreach (long dimension in tensor.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteNumber("bytes", tensor.ByteLength);
        json.WriteString("shard", System.IO.Path.GetFileName(tensor.File.Path));
        json.WriteNumber("offset", tensor.FileOffset);
        json.WriteBoolean("aligned", TensorListing.IsAligned(tensor));
        if (found.Norms.TryGetValue(tensor.Name, out RowNorms? norms))
        {
            json.WriteStartObject("norms");
            json.WriteNumber("rows", norms.RowCount);
            json.WriteNumberOrNull("min", norms.Min);
            json.WriteNumberOrNull("median", norms.Median);
            json.WriteNumberOrNull("max", norms.Max);
            json.WriteNumber("zero", norms.Zero);
            json.WriteNumber("nearly_zero", norms.NearlyZero);
            json.WriteNumber("non_finite", norms.NonFinite);
            json.WriteEndObject();
        }
        if (Sparsity.FirstOrDefault(one => one.Name == tensor.Name) is { } sparsity) Write(json, sparsity);
        if (Distances.FirstOrDefault(one => one.Name == tensor.Name) is { } distance) Write(json, distance);
        if (found.Fingerprints.TryGetValue(tensor.Name, out string? fingerprint)) json.WriteString("fingerprint", fingerprint);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TensorSparsity sparsity)
    {
        json.WriteStartObject("sparsity");
        json.WriteNumber("elements", sparsity.Count);
        json.WriteNumber("zero", sparsity.Zero);
        json.WriteNumber("non_finite", sparsity.NonFinite);
        json.WriteNumberOrNull("pq_index", sparsity.Index);
        json.WriteNumberOrNull("pq_index_of_non_zero", sparsity.SurvivingIndex);
        json.WriteNumberOrNull("pq_index_1_2", sparsity.WideIndex);
        json.WriteNumberOrNull("gini", sparsity.Gini);
        json.WriteNumber("prunable", sparsity.Prunable);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, WeightDistance distance)
    {
        json.WriteStartObject("distance");
        json.WriteNumber("elements", distance.Count);
        json.WriteNumberOrNull("norm", distance.Vectors.First);
        json.WriteNumberOrNull("other_norm", distance.Vectors.Second);
        json.WriteNumberOrNull("l2", distance.Vectors.Distance);
        json.WriteNumberOrNull("relative_l2", distance.Vectors.Relative);
        json.WriteNumberOrNull("cosine", distance.Vectors.Cosine);
        json.WriteNumberOrNull("angle_degrees", distance.Vectors.Degrees);
        json.WriteEndObject();
    }

    private IEnumerable<(string Name, IReadOnlyList<long> Ids)> SpecialIds() => _checkpoint.Config is not { } config ? [] :
    [
        ("bos", config.BosTokenIds), ("eos", config.EosTokenIds), ("pad", config.PadTokenIds), ("unk", config.UnkTokenIds),
    ];

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }

    private static string Escape(string text) => VisibleText.Escape(text);
}
