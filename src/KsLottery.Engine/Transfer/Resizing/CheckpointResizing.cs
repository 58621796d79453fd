using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Applies a patch and gives the base the tuned checkpoint's vocabulary: embedding, head, <c>vocab_size</c> and tokenizer
/// together.</summary>
/// <remarks>
/// Rows that the base has keep their values, but for the patch's; rows that were added come from the tuned checkpoint, as do their order,
/// the tokenizer's files and the ids of special tokens. What reverting needs beside the patch goes into a <see cref="ResizeRecord"/>.
/// </remarks>
internal sealed class CheckpointResizing(Checkpoint baseModel, Checkpoint tuned, PatchRows patch, StagedFolder folder,
    CancellationToken cancellationToken)
{
    private const string GenerationConfig = "generation_config.json";

    private string BaseFolder => CarriedFiles.FolderOf(baseModel);

    private string TunedFolder => CarriedFiles.FolderOf(tuned);

    /// <summary>Writes all files.</summary>
    /// <exception cref="PatchMismatchException">The tuned checkpoint is not the one that the patch was taken from.</exception>
    public PatchResult Run(bool allowsNonFinite)
    {
        Tensor tensor = baseModel.GetTensor(patch.TensorName);
        RowPairing pairing = Pair(tensor);
        IReadOnlyList<int> baseOf = pairing.ToBase();
        ResizedMatrix[] matrices = [.. Matrices(tensor).Select(m => new ResizedMatrix(m.Base, m.Tuned, baseOf, m.Base == tensor ? patch
            : null))];
        IndexSet nonFinite = IndexSet.Of(pairing.TunedRows,
            matrices.SelectMany(m => m.FindNonFinite(cancellationToken)).Distinct().Order());
        if (nonFinite.Count > 0 && !allowsNonFinite) throw PatchFit.NonFinite(patch.Tensor, nonFinite);

        HashSet<string> written = [];
        foreach (IGrouping<SafetensorsFile, ResizedMatrix> shard in matrices.GroupBy(m => m.Base.File)) written.Add(WriteShard(shard.Key,
            [.. shard]));
        List<string> replaced = [.. WriteIndex(matrices.Sum(m => m.AddedBytes)), .. WriteConfig(pairing.TunedRows)];
        (List<string> dropped, List<string> taken) = TakeTokenizer();
        replaced.AddRange(dropped);
        // The base may be resized itself, and can be reverted further only with its own record.
        if (File.Exists(Path.Combine(BaseFolder, ResizeRecord.FileName))) replaced.Add(ResizeRecord.FileName);
        ResizeRecord.Write(folder.Staging, patch, pairing, [.. matrices.Select(m => m.Base)],
            [.. replaced.Select(name => Path.Combine(BaseFolder, name))], taken, cancellationToken);
        written.UnionWith([.. replaced, .. taken, ResizeRecord.FileName]);
        CarriedFiles carried = CarriedFiles.CarryOthers(baseModel, written, folder.Staging, cancellationToken);
        RoundingLoss loss = RoundingLoss.Sum(matrices.Select(m => m.Loss));
        return new()
        {
            OutputPath = folder.GivenPath,
            Tensors = [new PatchTarget(patch.Tensor, tensor).Describe(PatchApplication.ReadFingerprint(
                Path.Combine(folder.Staging, Path.GetFileName(tensor.File.Path)), tensor.Name, patch.BaseFingerprint,
                cancellationToken))],
            InexactValues = loss.Inexact,
            OverflowedValues = loss.Overflowed,
            IsTied = baseModel.IsTied,
            LinkedFiles = carried.Linked,
            CopiedFiles = [.. carried.Copied, .. taken],
            Notes = [.. PatchNotes.AboutResizing(baseModel, tuned, pairing, matrices, taken),
                .. PatchNotes.AboutNonFinite(nonFinite, patch.Tensor.Mask.Grid.UnitName),
                .. PatchNotes.AboutRounding(matrices), .. PatchNotes.AboutOtherWeights(carried)],
        };
    }

    private RowPairing Pair(Tensor tensor)
    {
        if (!patch.IsResized)
            throw new InvalidDataException($"{patch.Path}: the patch is of a tuned checkpoint with the base's own vocabulary, so that "
                + $"there is nothing to resize. Apply it {Remedy.KeepSize}.");
        if (tensor != baseModel.FindInputEmbedding() && tensor != baseModel.FindOutputHead())
            throw new NotSupportedException($"{patch.Path}: the patch is for {CheckpointFormatException.Quote(tensor.Name)}, which is "
                + $"neither embedding nor output head: a vocabulary has no part in it. Apply it {Remedy.KeepSize}.");
        Tensor after = TunedOf(tensor);
        string actual = Fingerprint.OfTensor(after, Fingerprint.KindOf(patch.TunedFingerprint), cancellationToken);
        if (actual != patch.TunedFingerprint)
            throw new PatchMismatchException(after.File.Path,
                $"{after.File.Path}, tensor {CheckpointFormatException.Quote(after.Name)}: this is not the tuned "
                + $"checkpoint that the patch {patch.Path} was taken from. Its fingerprint is {actual}, the patch names "
                + $"{patch.TunedFingerprint}. Give the tuned checkpoint that the ticket was found with.", patch.TunedFingerprint, actual);
        if (!patch.IsPairedByText) return RowPairing.ById(patch.BaseRowCount, patch.TunedRowCount);
        RowPairing pairing = VocabularyPairing.Choose(baseModel, tuned, patch.BaseRowCount, patch.TunedRowCount, RowPairingMode.Text).Rows;
        return patch.Indices.Select(row => pairing.TunedOf((int)row)).SequenceEqual(patch.TunedIndices) ? pairing
            : throw new InvalidDataException($"{patch.Path}: the tokenizers beside {baseModel.Path} and {tuned.Path} pair other rows than "
            + "the patch does. Put those there that the ticket was found with.");
    }

    /// <summary>The base's embedding and head, as far as it has them, each with the tuned one of its part.</summary>
    private List<(Tensor Base, Tensor Tuned)> Matrices(Tensor tensor)
    {
        List<(Tensor, Tensor)> found = [];
        foreach (Tensor? before in (Tensor?[])[baseModel.FindInputEmbedding(), baseModel.FindOutputHead()])
        {
            if (before is null || found.Exists(f => f.Item1 == before)) continue;
            Tensor after = TunedOf(before);
            if (before.Shape[0] != patch.BaseRowCount || after.Shape[0] != patch.TunedRowCount || before.Shape[1] != after.Shape[1])
                throw new NotSupportedException($"{CheckpointFormatException.Quote(before.Name)} is [{string.Join(',', before.Shape)}] "
                    + $"in {baseModel.Path} and [{string.Join(',', after.Shape)}] in {tuned.Path}, "
                    + $"{CheckpointFormatException.Quote(tensor.Name)} has {patch.BaseRowCount} and "
                    + $"{patch.TunedRowCount} rows: both cannot be resized together. Apply the patch {Remedy.KeepSize}.");
            if (before.Scale is not null || StoredCodes.AreInTheWay(after.ElementType, before.ElementType))
                throw new NotSupportedException($"{CheckpointFormatException.Quote(before.Name)} is {before.DtypeName} in {baseModel.Path}"
                    + $"{(before.Scale is null ? "" : ", with a scale")}, and {after.DtypeName} in {tuned.Path}: added rows would have no "
                    + $"scale there. Convert both to {ElementTypes.NativeNames}, or apply the patch {Remedy.KeepSize}.");
            found.Add((before, after));
        }
        if (baseModel.FindOutputHead() is { } head && baseModel.TryGetTensor(Path.ChangeExtension(head.Name, "bias"), out Tensor? bias))
            throw new NotSupportedException($"{bias.File.Path}, tensor {CheckpointFormatException.Quote(bias.Name)}: an output head with "
                + $"a bias cannot be resized. Apply the patch {Remedy.KeepSize}.");
        return found;
    }

    private Tensor TunedOf(Tensor before)
    {
        if (tuned.TryGetTensor(before.Name, out Tensor? same) && same.Shape.Count == 2) return same;
        Tensor? found = before == baseModel.FindOutputHead() ? tuned.FindOutputHead() ?? tuned.FindInputEmbedding()
            : tuned.FindInputEmbedding();
        return found ?? throw new KeyNotFoundException($"{tuned.Path}: no tensor {CheckpointFormatException.Quote(before.Name)} in it, "
            + "nor another that could be its embedding. Give the tuned checkpoint that the ticket was found with.");
    }

    private string WriteShard(SafetensorsFile shard, ResizedMatrix[] matrices)
    {
        string name = Path.GetFileName(shard.Path);
        SafetensorsWriter.Write(Path.Combine(folder.Staging, name), shard.Tensors.Select(tensor =>
            Array.Find(matrices, m => m.Base == tensor)?.ToSource(cancellationToken) ?? TensorSource.FromTensor(tensor)), shard.Metadata,
                cancellationToken);
        return name;
    }

    private IEnumerable<string> WriteIndex(long addedBytes)
    {
        if (baseModel.IndexPath is not { } path) yield break;
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(path));
        long? size = index.RootElement.TryGetProperty("metadata", out JsonElement metadata) && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("total_size", out JsonElement total) && total.TryGetInt64(out long bytes) ? bytes : null;
        if (size is null) yield break;
        string name = Path.GetFileName(path);
        AtomicFile.Write(Path.Combine(folder.Staging, name), stream =>
            JsonEdit.Replace(stream, index.RootElement, ["metadata", "total_size"], json => json.WriteNumberValue(size.Value
                + addedBytes)), cancellationToken);
        yield return name;
    }

    private IEnumerable<string> WriteConfig(int rows)
    {
        string original = Path.Combine(BaseFolder, ModelConfig.FileName);
        if (!File.Exists(original)) yield break;
        ResizedConfig.Write(Path.Combine(folder.Staging, ModelConfig.FileName), original, Path.Combine(TunedFolder, ModelConfig.FileName),
            rows);
        yield return ModelConfig.FileName;
    }

    /// <summary>Copies the tuned tokenizer; the base's stays away, for a mixture of both is neither. Where the tuned one has none, all
    /// stays.</summary>
    private (List<string> Dropped, List<string> Taken) TakeTokenizer()
    {
        List<string> taken = CarriedFiles.FindTokenizer(TunedFolder);
        if (taken.Count == 0) return ([], []);
        List<string> dropped = CarriedFiles.FindTokenizer(BaseFolder);
        if (File.Exists(Path.Combine(TunedFolder, GenerationConfig)))
        {
            taken.Add(GenerationConfig);
            if (File.Exists(Path.Combine(BaseFolder, GenerationConfig))) dropped.Add(GenerationConfig);
        }
        foreach (string name in taken) WritableCopy.Make(RealPath.Of(Path.Combine(TunedFolder, name)), Path.Combine(folder.Staging, name));
        return (dropped, taken);
    }
}
