using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes and reads sparse fine-tunings in the form of composable-sft, a <c>pytorch_diff.bin</c> that <c>torch.load</c>
/// opens.</summary>
/// <remarks>
/// Source: the library composable-sft of LT-SFT (Ansell et al., ACL 2022). The file holds a dictionary of <c>diffs</c>, for each tensor its
/// <c>size</c>, <c>index_steps</c> (the number of its first element that changes, then each one's distance to the one before, with the
/// <b>first</b> dimension fastest) and the <c>values</c> that are added; and <c>abs</c>, whole tensors that are replaced. Numbers of
/// elements are 32 bits there. It says nothing of its base: reading takes that, and gives a patch that is bound to it.
/// </remarks>
public static class SparseFineTuning
{
    /// <summary>The name of the file.</summary>
    public const string FileName = ForeignFile.SparseFineTuningName;

    private const string Root = "pytorch_diff", Diffs = "diffs", Whole = "abs", Size = "size", Steps = "index_steps", Values = "values";

    /// <summary>Whether a path is such a file, or a folder with one.</summary>
    public static bool Is(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return File.Exists(path) ? Path.GetFileName(path) == FileName : File.Exists(Path.Combine(path, FileName));
    }

    /// <summary>Writes what a patch adds to its base; the folder appears whole or not at all.</summary>
    /// <param name="patch">The patch; its changes are differences in F32, of which those that are 0 are left out.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="cancellationToken">Stops between tensors; nothing is left behind.</param>
    /// <returns>How many elements of how many tensors were written.</returns>
    /// <exception cref="NotSupportedException">The patch has no changes to add, or a tensor is larger or of more dimensions than
    /// composable-sft reads back.</exception>
    /// <exception cref="IOException">The output is the patch, a file, or a folder with content, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static (long Elements, int Tensors) Write(TicketPatch patch, string outDirectory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(patch);
        foreach (PatchedTensor tensor in patch.Tensors) ThrowIfUnfit(patch, tensor);
        using StagedFolder folder = new(outDirectory, patch.Path);
        (long elements, int tensors) = (0, 0);
        AtomicFile.Write(Path.Combine(folder.Staging, FileName), stream =>
        {
            TorchArchiveWriter archive = new(stream, Root);
            archive.Add("version", "3\n"u8);
            archive.Add("byteorder", "little"u8);
            PickleWriter pickle = new();
            pickle.Write(PickleOpcode.EmptyDictionary, PickleOpcode.Mark);
            pickle.Text(Diffs);
            pickle.Write(PickleOpcode.EmptyDictionary, PickleOpcode.Mark);
            foreach (PatchedTensor tensor in patch.Tensors)
            {
                cancellationToken.ThrowIfCancellationRequested();
                (long[] steps, float[] values) = StepsOf(tensor);
                if (steps.Length == 0) continue;
                string key = $"{tensors++}";
                elements += steps.Length;
                archive.Add($"data/{key}", MemoryMarshal.AsBytes<float>(values));
                WriteTensor(pickle, tensor, steps, key);
            }
            pickle.Write(PickleOpcode.SetItems);
            pickle.Text(Whole);
            pickle.Write(PickleOpcode.EmptyDictionary, PickleOpcode.SetItems);
            archive.Add("data.pkl", pickle.Finish());
            archive.Finish();
        }, cancellationToken);
        folder.Commit(cancellationToken);
        return (elements, tensors);
    }

    /// <summary>Makes a patch for a base of a sparse fine-tuning; the folder appears whole or not at all.</summary>
    /// <param name="path">The file, or the folder that it lies in.</param>
    /// <param name="baseCheckpoint">The base, with the tensors that it changes.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists.</param>
    /// <param name="cancellationToken">Stops between tensors and pieces; nothing is left behind.</param>
    /// <returns>What the patch changes.</returns>
    /// <exception cref="CheckpointFormatException">The file is damaged, or holds something that is not read; nothing in it is
    /// executed.</exception>
    /// <exception cref="KeyNotFoundException">The base lacks a tensor.</exception>
    /// <exception cref="IOException">The output is an input, a file, or a folder with content, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketMask ToPatch(string path, Checkpoint baseCheckpoint, string outDirectory,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(baseCheckpoint);
        path = FileInFolder.Resolve(path, FileName, _ => Remedy.NamePatch.ToString());
        List<PatchSource> sources = [];
        using StagedFolder folder = new(outDirectory, path, baseCheckpoint.Path);
        using (TorchArchive archive = new(path))
        {
            if (archive.ReadPickle() is not Dictionary<string, object?> root || root.Keys.Any(key => key is not (Diffs or Whole)))
                throw archive.Wrong($"it holds something else than a dictionary of {Diffs} and {Whole}");
            foreach ((string name, object? tensor) in DictionaryOf(archive, root, Diffs))
                sources.Add(SourceOf(archive, baseCheckpoint.GetTensor(name), tensor, cancellationToken));
            foreach ((string name, object? tensor) in DictionaryOf(archive, root, Whole))
                sources.Add(WholeOf(archive, baseCheckpoint.GetTensor(name), tensor));
        }
        sources.RemoveAll(source => source.Mask.Units.Count == 0);
        if (sources.Count == 0)
            throw new CheckpointFormatException(CheckpointDefect.InvalidPickle, path, "it changes nothing", "Take another file");
        TicketPatch.Write(Path.Combine(folder.Staging, TicketPatch.FileName), sources, new()
        {
            Signature = $"composable-sft|file:{Fingerprint.OfFile(path, cancellationToken)}|v:{LibraryVersion.Current}",
            IsTied = baseCheckpoint.IsTied,
        }, cancellationToken);
        folder.Commit(cancellationToken);
        return new(sources.Select(source => source.Mask));
    }

    private static void ThrowIfUnfit(TicketPatch patch, PatchedTensor tensor)
    {
        string place = $"{patch.Path}: {CheckpointFormatException.Quote(tensor.Name)}";
        if (!PatchChanges.Reads(tensor.Payload) || tensor.BaseElementType is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
            throw new NotSupportedException($"{place}: the patch is to {tensor.Payload.ToName()} {tensor.UnitsInWords} of a tensor that is "
                + $"{tensor.BaseForm}; differences are written, of replace and delta in F32, F16 and BF16. Apply it, and find the ticket "
                + "anew by such a payload.");
        if (tensor.BaseShape.Count is not (1 or 2) || tensor.Mask.Grid.ElementCount > int.MaxValue)
            throw new NotSupportedException($"{place} is {tensor.BaseForm}; composable-sft reads vectors and matrices of up to "
                + $"{int.MaxValue} elements back. Leave the tensor out of the ticket.");
    }

    /// <summary>The changes that are not 0, in the order of the file.</summary>
    private static (long[] Steps, float[] Values) StepsOf(PatchedTensor tensor)
    {
        float[] changes = new float[tensor.Mask.Parameters];
        int done = 0;
        using PatchChanges read = new(tensor);
        foreach (float[] some in read.All())
        {
            some.CopyTo(changes, done);
            done += some.Length;
        }
        (long Number, float Value)[] kept = [.. tensor.Mask.ToElements().Units.Zip(changes, (element, change) => (element, change))
            .Where(c => c.change != 0).Select(c => (FlatIndex.ToFirstFastest(c.element, tensor.BaseShape), c.change))];
        long[] steps = [.. kept.Select(c => c.Number)];
        float[] values = [.. kept.Select(c => c.Value)];
        Array.Sort(steps, values);
        for (int i = steps.Length - 1; i > 0; i--) steps[i] -= steps[i - 1];
        return (steps, values);
    }

    /// <summary>A key and its value, for the dictionary of all tensors.</summary>
    private static void WriteTensor(PickleWriter pickle, PatchedTensor tensor, long[] steps, string key)
    {
        pickle.Text(TensorNames.Plain(tensor.Name));
        pickle.Write(PickleOpcode.EmptyDictionary, PickleOpcode.Mark);
        pickle.Text(Size);
        pickle.Global("torch", "Size");
        pickle.Write(PickleOpcode.Mark);
        foreach (long side in tensor.BaseShape) pickle.Number(side);
        pickle.Write(PickleOpcode.Tuple, PickleOpcode.Tuple1, PickleOpcode.Reduce);
        pickle.Text(Steps);
        pickle.List(steps);
        pickle.Text(Values);
        WriteValues(pickle, steps.Length, key);
        pickle.Write(PickleOpcode.SetItems);
    }

    /// <summary>A vector over a whole storage, as PyTorch makes it again.</summary>
    private static void WriteValues(PickleWriter pickle, int count, string key)
    {
        pickle.Global("torch._utils", "_rebuild_tensor_v2");
        pickle.Write(PickleOpcode.Mark, PickleOpcode.Mark);
        pickle.Text("storage");
        pickle.Global("torch", "FloatStorage");
        pickle.Text(key);
        pickle.Text("cpu");
        pickle.Number(count);
        pickle.Write(PickleOpcode.Tuple, PickleOpcode.PersistentId);
        pickle.Number(0);
        pickle.Number(count);
        pickle.Write(PickleOpcode.Tuple1);
        pickle.Number(1);
        pickle.Write(PickleOpcode.Tuple1, PickleOpcode.False);
        pickle.Global("collections", "OrderedDict");
        pickle.Write(PickleOpcode.EmptyTuple, PickleOpcode.Reduce, PickleOpcode.Tuple, PickleOpcode.Reduce);
    }

    private static Dictionary<string, object?> DictionaryOf(TorchArchive archive, Dictionary<string, object?> root, string key) =>
        !root.TryGetValue(key, out object? value) ? []
            : value as Dictionary<string, object?> ?? throw archive.Wrong($"{key} is no dictionary");

    private static PatchSource SourceOf(TorchArchive archive, Tensor before, object? pickled, CancellationToken cancellationToken)
    {
        string place = CheckpointFormatException.Quote(before.Name);
        if (pickled is not Dictionary<string, object?> fields || fields.GetValueOrDefault(Size) is not object?[] size
            || fields.GetValueOrDefault(Steps) is not PickledList { Others: 0, Numbers: var steps }
            || fields.GetValueOrDefault(Values) is not PickledTensor { Shape.Length: 1 } values)
            throw archive.Wrong($"{place} is no dictionary of {Size}, {Steps} and {Values}");
        if (!size.SequenceEqual(before.Shape.Select(side => (object?)side)))
            throw archive.Wrong($"{place} has the size [{string.Join(',', size)}], the base {before.File.Path} has "
                + $"[{string.Join(',', before.Shape)}]");
        if (steps.Count != values.Shape[0]) throw archive.Wrong($"{place} has {steps.Count} {Steps} and {values.Shape[0]} {Values}");
        long[] elements = ElementsOf(archive, place, steps, before);
        float[] changes = archive.ReadValues(values, place);
        Array.Sort(elements, changes);
        UnitGrid grid = TicketUnit.Elements.Cut(before);
        TensorMask mask = new(before.Name, grid, IndexSet.Of(grid.Count, elements));
        float[] tuned = MaskedValues.Read(before, mask, before.ElementType, cancellationToken);
        for (int i = 0; i < tuned.Length; i++) tuned[i] += changes[i];
        return new(before, mask, TicketPayload.Delta) { Values = tuned, Changes = changes };
    }

    /// <summary>The elements, in the order of the file, by their numbers with the last dimension fastest.</summary>
    private static long[] ElementsOf(TorchArchive archive, string place, List<long> steps, Tensor tensor)
    {
        long[] elements = new long[steps.Count];
        long number = 0;
        for (int i = 0; i < elements.Length; i++)
        {
            long step = steps[i];
            if (step < (i == 0 ? 0 : 1) || step > tensor.ElementCount - 1 - number)
                throw archive.Wrong($"{place}: step {step} at place {i} leads from element {number} to none behind it; there are "
                    + $"{tensor.ElementCount}, and each stands once");
            number += step;
            elements[i] = FlatIndex.FromFirstFastest(number, tensor.Shape);
        }
        return elements;
    }

    private static PatchSource WholeOf(TorchArchive archive, Tensor before, object? pickled)
    {
        string place = CheckpointFormatException.Quote(before.Name);
        if (pickled is not PickledTensor tensor || !tensor.Shape.SequenceEqual(before.Shape))
            throw archive.Wrong($"{place} of {Whole} is no tensor of the base's shape [{string.Join(',', before.Shape)}]");
        UnitGrid grid = TicketUnit.Rows.Cut(before);
        return new(before, new(before.Name, grid, IndexSet.All(grid.Count)), TicketPayload.Replace)
        {
            Values = archive.ReadValues(tensor, place),
        };
    }
}
