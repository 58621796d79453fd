using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Takes a patch and the tuned vocabulary out of a checkpoint again: every file has the base's exact bytes.</summary>
internal sealed class ResizeReversal(Checkpoint patched, TicketPatch file, PatchRows patch, ResizeRecord record,
    StagedFolder folder, CancellationToken cancellationToken)
{
    /// <summary>Writes all files.</summary>
    /// <exception cref="PatchMismatchException">The checkpoint does not hold the patch's rows, or other rows changed since.</exception>
    public PatchResult Run()
    {
        Tensor tensor = patched.GetTensor(patch.TensorName);
        ThrowIfNotPatched(tensor);
        foreach (string shard in record.Shards) Restore(shard);
        foreach (string name in record.Files)
            AtomicFile.Write(Path.Combine(folder.Staging, name), stream => stream.Write(record.FileOf(name)), cancellationToken);
        foreach (string name in record.Matrices) ThrowIfNotRestored(name);
        CarriedFiles carried = CarriedFiles.CarryOthers(patched,
            new HashSet<string>([.. record.Shards, .. record.Files, .. record.Taken, ResizeRecord.FileName]), folder.Staging,
                cancellationToken);
        return new()
        {
            OutputPath = folder.GivenPath,
            Tensors = [new PatchTarget(patch.Tensor, tensor).Describe(patch.BaseFingerprint)],
            InexactValues = 0,
            OverflowedValues = 0,
            IsTied = patched.IsTied,
            LinkedFiles = carried.Linked,
            CopiedFiles = carried.Copied,
            Notes = [$"The vocabulary has {patch.BaseRowCount} rows again, and the base's own {string.Join(", ", record.Files)}.",
                .. PatchNotes.AboutOtherWeights(carried)],
        };
    }

    private void ThrowIfNotPatched(Tensor tensor)
    {
        if (tensor.DtypeName != patch.BaseElementType.ToName() || tensor.Shape is not [var rows, var width] || rows != patch.TunedRowCount
            || width != patch.Width)
            throw PatchFit.Mismatch(file, tensor, $"this is {tensor.DtypeName} [{string.Join(',', tensor.Shape)}], resized by the patch "
                + $"{patch.Path} it is {patch.BaseElementType.ToName()} [{patch.TunedRowCount},{patch.Width}]");
        int length = patch.Width * tensor.ElementType.ByteSize();
        StoredRows stored = new(patch.TunedRows, tensor.ElementType);
        byte[] buffer = new byte[length];
        List<long> different = [];
        foreach ((int place, long row) in patch.Indices.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            long start = (long)patch.TunedIndices[place] * length;
            if (!tensor.GetBytes(start, length, buffer).SequenceEqual(stored.Get(place, out _))) different.Add(row);
        }
        if (different.Count > 0)
            throw PatchFit.Mismatch(file, tensor, $"the patch {patch.Path} cannot be reverted, for of its {patch.Indices.Count} rows "
                + $"{PatchFit.Name(IndexSet.Of(patch.BaseRowCount, different))} do not hold its tuned values");
    }

    private void Restore(string shard)
    {
        SafetensorsFile now = patched.Shards.FirstOrDefault(s => Path.GetFileName(s.Path) == shard)
            ?? throw new FileNotFoundException($"{patched.Path}: the file {shard} is absent, which the patch had rewritten. Give the "
                + "checkpoint that apply wrote.");
        byte[] header = record.HeaderOf(shard);
        SafetensorsHeader before = SafetensorsHeader.Parse(header.AsSpan(SafetensorsHeader.PrefixLength), record.LengthOf(shard), shard);
        AtomicFile.Write(Path.Combine(folder.Staging, shard), stream =>
        {
            stream.Write(header);
            foreach (TensorEntry entry in before.Tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Tensor tensor = now.GetTensor(entry.Name);
                if (record.Matrices.Contains(entry.Name)) WriteRows(stream, tensor);
                else tensor.CopyTo(stream);
            }
        }, cancellationToken);
    }

    private void WriteRows(Stream stream, Tensor tensor)
    {
        int length = (int)tensor.Shape[1] * tensor.ElementType.ByteSize(), lost = 0;
        Tensor dropped = record.DroppedOf(tensor.Name);
        StoredRows original = new(patch.BaseRows, tensor.ElementType);
        Dictionary<long, int> places = tensor.Name == patch.TensorName ? patch.Indices.Index().ToDictionary(p => p.Item, p => p.Index) : [];
        byte[] buffer = new byte[length];
        for (int row = 0; row < record.Pairs.Count; row++)
        {
            int at = record.Pairs[row];
            stream.Write(at < 0 ? dropped.GetBytes((long)lost++ * length, length, buffer)
                : places.TryGetValue(row, out int place) ? original.Get(place, out _)
                : tensor.GetBytes((long)at * length, length, buffer));
        }
    }

    private void ThrowIfNotRestored(string matrix)
    {
        Tensor tensor = patched.GetTensor(matrix);
        string expected = matrix == patch.TensorName ? patch.BaseFingerprint : record.FingerprintOf(matrix);
        string restored = PatchApplication.ReadFingerprint(Path.Combine(folder.Staging, Path.GetFileName(tensor.File.Path)), matrix,
            expected, cancellationToken);
        if (matrix == patch.TensorName) PatchFit.ThrowIfNotRestored(file, patch.Tensor, tensor, restored);
        else if (restored != expected)
            throw PatchFit.Mismatch(file, tensor, "this tensor does not become the base's again: rows changed since the patch was applied");
    }
}
