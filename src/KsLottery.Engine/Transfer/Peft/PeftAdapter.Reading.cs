using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

public static partial class PeftAdapter
{
    private const string WrapperEnding = ".token_adapter";
    private const string Again = "Save the adapter again with PEFT";

    private static readonly string[] HeadNames = ["lm_head", "embed_out"];

    /// <summary>Reads the replaced rows of an adapter, written by PEFT or by <see cref="Write"/>.</summary>
    /// <remarks>
    /// Both spellings are known: the plain one of a TRAINABLE_TOKENS adapter and the one with <c>.token_adapter</c> that stands beside a
    /// LoRA. Where the head has rows too they must be a copy, as in a tied model; rows of its own for the head are refused.
    /// </remarks>
    /// <param name="directory">The adapter's folder.</param>
    /// <exception cref="CheckpointFormatException">A file is damaged, or holds no replaced rows, or ids and rows do not agree.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    public static PeftRows Read(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        PeftConfig config = PeftConfig.Load(Path.Combine(directory, ConfigName));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(directory, WeightsName));
        List<Tensor> found = [.. file.Tensors.Where(t => t.Name.EndsWith(Ending, StringComparison.Ordinal))];
        List<Tensor> inputs = found.FindAll(t => !HeadNames.Contains(LastPart(ModuleOf(t))));
        if (found.Count is 0 or > 2 || (found.Count == 2 && inputs.Count != 1))
            throw Invalid(file, $"{found.Count} tensors end in {Ending}, expected is one, or one each for input and output embedding");

        Tensor rows = inputs.Count == 0 ? found[0] : inputs[0];
        int[] indices = config.IndicesFor(LastPart(ModuleOf(rows)));
        CheckForm(rows, indices.Length);
        Tensor? head = found.Find(t => t != rows);
        if (head is not null) CheckCopy(rows, head, indices, config.IndicesFor(LastPart(ModuleOf(head))));

        int[] order = [.. Enumerable.Range(0, indices.Length).OrderBy(i => indices[i])];
        return new PeftRows
        {
            Module = ModuleOf(rows),
            Indices = [.. order.Select(i => indices[i])],
            Width = (int)rows.Shape[1],
            Values = WideRows.Read(rows, order.Select(place => (long)place)),
            IsTied = head is not null,
            OtherTensorCount = file.Tensors.Count - found.Count,
        };
    }

    internal static void CheckForm(Tensor rows, int count)
    {
        if (!rows.ElementType.IsNative() || rows.Shape is not [var k, > 0] || k != count
            || rows.ElementCount > Array.MaxLength / sizeof(float))
            throw Invalid(rows.File, $"it is {rows.DtypeName} [{string.Join(',', rows.Shape)}], expected is F32, F16 or BF16 [{count},d], "
                + $"a row for each of the {count} token ids in {ConfigName}, "
                + $"of at most {Array.MaxLength / sizeof(float)} values in all", rows);
    }

    internal static void CheckCopy(Tensor rows, Tensor head, int[] indices, int[] headIndices)
    {
        const string Own = "it is no copy of the input embedding's rows, as a tied model's is: "
            + "the head has rows of its own, which cannot be read yet";
        if (head.DtypeName != rows.DtypeName || !head.Shape.SequenceEqual(rows.Shape) || !headIndices.SequenceEqual(indices))
            throw Invalid(rows.File, Own, head);
        int length = (int)rows.Shape[1] * rows.ElementType.ByteSize();
        byte[] buffer = new byte[length];
        byte[] headBuffer = new byte[length];
        for (int i = 0; i < indices.Length; i++)
        {
            if (!rows.GetBytes((long)i * length, length, buffer).SequenceEqual(head.GetBytes((long)i * length, length, headBuffer)))
                throw Invalid(rows.File, $"{Own}; the first that differs is for token {indices[i]}", head);
        }
    }

    private static string ModuleOf(Tensor tensor)
    {
        string module = tensor.Name[..^Ending.Length];
        if (module.EndsWith(WrapperEnding, StringComparison.Ordinal)) module = module[..^WrapperEnding.Length];
        return module.StartsWith(Prefix, StringComparison.Ordinal) ? module[Prefix.Length..] : module;
    }

    private static CheckpointFormatException Invalid(SafetensorsFile file, string problem, Tensor? tensor = null) =>
        new(CheckpointDefect.InvalidAdapter, file.Path, problem, Again, tensor?.Name, tensor?.FileOffset);
}
