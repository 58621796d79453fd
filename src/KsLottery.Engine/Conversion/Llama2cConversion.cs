using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Conversion;

/// <summary>Writes a llama2.c <c>.bin</c> as a Hugging Face folder: <c>config.json</c>, <c>model.safetensors</c> and the
/// tokenizer.</summary>
/// <remarks>
/// The rows of the query and key matrices change their order within each head, since the two forms pair values for rotary positions
/// differently; the model computes the same. What the file does not say is what llama2.c computes with: θ = 10,000, an epsilon of
/// 1e-5 in the norms, token 1 to begin a text and 2 to end one. A tied model gets no <c>lm_head.weight</c>. Weights pass through in chunks,
/// and the folder appears whole or not at all.
/// </remarks>
public static class Llama2cConversion
{
    private const string WeightsName = "model.safetensors";
    private const long ReportEvery = 16 << 20;

    /// <summary>Converts a model.</summary>
    /// <param name="modelPath">The <c>.bin</c> file, legacy (version 0) or version 1.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="type">The type of the weights as written: F32, the input's own, or F16 or BF16, rounded to nearest, ties to
    /// even.</param>
    /// <param name="tokenizerPath">
    /// A tokenizer that goes along: a <c>.model</c>, <c>.bin</c> or <c>.json</c>, copied as <c>tokenizer</c> with that ending.
    /// </param>
    /// <param name="options">How to read the model; mapped into memory by default.</param>
    /// <param name="progress">Reports every 16 MiB converted.</param>
    /// <param name="cancellationToken">Stops between chunks; nothing is left behind.</param>
    /// <exception cref="CheckpointFormatException">The model is not what its header says; see
    /// <see cref="Llama2cCheckpoint.Open"/>.</exception>
    /// <exception cref="NotSupportedException">The type is none of the three.</exception>
    /// <exception cref="InvalidDataException">The tokenizer is damaged, of no known form, or has more tokens than the model.</exception>
    /// <exception cref="IOException">A file is absent; the output is an input, a file, or a folder with content, or cannot be
    /// written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static ConversionResult Convert(string modelPath, string outDirectory, ElementType type = ElementType.F32,
        string? tokenizerPath = null, CheckpointOptions? options = null, IProgress<ConversionProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        if (!type.IsNative()) throw new NotSupportedException($"a model cannot be written as {type.ToName()}. Take F32, F16 or BF16.");
        using Llama2cCheckpoint model = Llama2cCheckpoint.Open(modelPath, options);
        List<string> notes = [];
        string? tokenizer = tokenizerPath is null ? null : NameOf(tokenizerPath, model.Header, notes);
        using StagedFolder folder = new(outDirectory, modelPath);

        RoundingLoss loss = WriteWeights(model, Path.Combine(folder.Staging, WeightsName), type, progress, cancellationToken);
        AtomicFile.Write(Path.Combine(folder.Staging, ModelConfig.FileName), stream => ConfigOf(model.Header).WriteTo(stream, type),
            cancellationToken);
        if (tokenizer is not null) WritableCopy.Make(tokenizerPath!, Path.Combine(folder.Staging, tokenizer));
        folder.Commit(cancellationToken);
        if (loss.Overflowed > 0)
            notes.Add($"{loss.Overflowed} weights lie beyond the range of {type.ToName()} and became infinite: the model will not work. "
                + "Take BF16 or F32.");
        return new ConversionResult
        {
            OutputPath = outDirectory,
            Files = tokenizer is null ? [ModelConfig.FileName, WeightsName] : [ModelConfig.FileName, WeightsName, tokenizer],
            Header = model.Header,
            ElementType = type,
            TensorCount = model.Tensors.Count,
            ParameterCount = model.ParameterCount,
            InexactValues = loss.Inexact,
            OverflowedValues = loss.Overflowed,
            Notes = notes,
        };
    }

    /// <summary>The name that others look for, by the file's ending; the content is checked too.</summary>
    private static string NameOf(string path, Llama2cHeader header, List<string> notes)
    {
        string ending = Path.GetExtension(path).ToLowerInvariant();
        if (ending is not (".model" or ".bin" or ".json"))
            throw new InvalidDataException(
                $"{path}: a tokenizer's name ends in .model, .bin or .json, this one in \"{ending}\". Rename it by its form.");
        int count = TokenTable.Open(path).File.Count; // A padding token that only a file beside it names needs no row.
        if (count > header.VocabularySize)
            throw new InvalidDataException($"{path}: {count} tokens, the model has {header.VocabularySize} embedding rows. "
                + "Give the tokenizer that the model was trained with.");
        if (count < header.VocabularySize)
            notes.Add($"The tokenizer has {count} tokens and the model {header.VocabularySize} embedding rows: the last "
                + $"{header.VocabularySize - count} have no text.");
        return $"tokenizer{ending}";
    }

    private static RoundingLoss WriteWeights(Llama2cCheckpoint model, string path, ElementType type,
        IProgress<ConversionProgress>? progress,
        CancellationToken cancellationToken)
    {
        RoundingLoss loss = default;
        byte[] buffer = [];
        long total = model.ParameterCount * sizeof(float), done = 0, reported = 0;
        SafetensorsWriter.Write(path, model.Tensors.Select(Source), new Dictionary<string, string> { ["format"] = "pt" },
            cancellationToken);
        progress?.Report(new ConversionProgress(total, total));
        return loss;

        TensorSource Source(Llama2cTensor tensor) =>
            new(tensor.Name, type, tensor.Shape, stream => tensor.Visit(chunk => WritePiece(stream, chunk)));

        void WritePiece(Stream stream, ReadOnlySpan<byte> chunk)
        {
            int length = chunk.Length / sizeof(float) * type.ByteSize();
            if (type != ElementType.F32)
            {
                if (buffer.Length < length) buffer = new byte[length];
                loss += RowRounding.Convert(chunk, ElementType.F32, buffer.AsSpan(0, length), type);
            }
            stream.Write(type == ElementType.F32 ? chunk : buffer.AsSpan(0, length));
            done += chunk.Length;
            if (done - reported < ReportEvery) return;
            reported = done;
            progress?.Report(new ConversionProgress(done, total));
        }
    }

    private static LlamaConfig ConfigOf(Llama2cHeader header) => new()
    {
        Width = header.Width,
        FeedForwardWidth = header.HiddenWidth,
        LayerCount = header.LayerCount,
        Attention = new AttentionShape(header.HeadCount, header.KeyValueHeadCount, header.HeadWidth),
        VocabularySize = header.VocabularySize,
        MaxLength = header.SequenceLength,
        NormEpsilon = 1e-5,
        IsTied = header.IsTied,
        BosTokenId = 1,
        EosTokenIds = [2],
    };
}
