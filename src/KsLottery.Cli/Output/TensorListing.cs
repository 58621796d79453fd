using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>Lists tensors; those that layers have alike in one line with their bytes together,
/// <c>model.layers.{0-21}.mlp.up_proj.weight</c>, unless each is wanted.</summary>
internal sealed class TensorListing(IReadOnlyList<Tensor> tensors, IReadOnlyList<SafetensorsFile> shards, bool isFolded)
{
    /// <summary>The table. Columns that would say the same in every row are left out, for terminals are narrow.</summary>
    public TextTable ToTable()
    {
        Tensor[][] lines = Fold();
        bool hasShards = shards.Count > 1, hasOdd = tensors.Any(t => !IsAligned(t));
        TextTable table = new([.. hasShards ? [">#"] : (string[])[], "tensor", "dtype", "shape", ">bytes",
            .. hasOdd ? ["alignment"] : (string[])[]]);
        Dictionary<SafetensorsFile, int> numbers = shards.Select((s, i) => (s, i)).ToDictionary(p => p.s, p => p.i + 1);
        foreach (Tensor[] line in lines)
        {
            Tensor first = line[0];
            table.Add([
                .. hasShards ? [Range(line.Select(t => (long)numbers[t.File]))] : (string[])[],
                VisibleText.Escape(NameOf(line)), VisibleText.Escape(first.DtypeName), $"[{string.Join(", ", first.Shape)}]",
                Sizes.Bytes(line.Sum(t => t.ByteLength)),
                .. hasOdd ? [IsAligned(first) ? "" : $"odd offset {first.FileOffset}"] : (string[])[]]);
        }
        return table;
    }

    /// <summary>Elements and tensors of each type, most first: <c>BF16 1,100,048,384 in 201 tensors</c>.</summary>
    public static string DescribeTypes(IEnumerable<Tensor> tensors) => string.Join("; ", tensors.GroupBy(t => t.DtypeName)
        .Select(g => (Name: g.Key, Elements: g.Sum(t => t.ElementCount), Tensors: g.LongCount()))
        .OrderByDescending(g => g.Elements).ThenBy(g => g.Name, StringComparer.Ordinal)
        .Select(g => $"{VisibleText.Escape(g.Name)} {Sizes.Count(g.Elements)} in {Sizes.Count(g.Tensors, "tensor")}"));

    /// <summary>Whether the tensor begins on a multiple of its element's size, counted from the start of its file.</summary>
    public static bool IsAligned(Tensor tensor) => tensor.FileOffset % Math.Max(1, tensor.ElementType.BitSize() / 8) == 0;

    private Tensor[][] Fold() => !isFolded ? [.. tensors.Select(t => new[] { t })]
        : [.. tensors.GroupBy(t => (Pattern(t.Name), t.DtypeName, string.Join(',', t.Shape), IsAligned(t) ? -1 : t.FileOffset))
            .Select(g => g.ToArray())];

    /// <summary>The name without its first number between dots.</summary>
    private static string Pattern(string name) => Number(name) is { } place ? name[..place.Start] + "\0" + name[place.End..] : name;

    private static (int Start, int End)? Number(string name)
    {
        for (int start = name.IndexOf('.'); start >= 0; start = name.IndexOf('.', start + 1))
        {
            int end = start + 1;
            while (end < name.Length && char.IsAsciiDigit(name[end])) end++;
            if (end > start + 1 && end - start < 10 && end < name.Length && name[end] == '.') return (start + 1, end);
        }
        return null;
    }

    private static string NameOf(Tensor[] line)
    {
        string name = line[0].Name;
        if (line.Length == 1 || Number(name) is not var (start, end)) return name;
        return $"{name[..start]}{{{Range(line.Select(t => NumberOf(t.Name)))}}}{name[end..]}";
    }

    private static long NumberOf(string name) =>
        Number(name) is var (start, end) ? long.Parse(name.AsSpan(start, end - start), NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    /// <summary>Numbers as ranges: <c>0-3,5</c>.</summary>
    private static string Range(IEnumerable<long> numbers)
    {
        List<(long First, long Last)> runs = [];
        foreach (long number in numbers.Distinct().Order())
            if (runs.Count > 0 && runs[^1].Last == number - 1) runs[^1] = (runs[^1].First, number);
            else runs.Add((number, number));
        return string.Join(',', runs.Select(run => run.First == run.Last ? Digits(run.First) : $"{Digits(run.First)}-{Digits(run.Last)}"));
    }

    private static string Digits(long number) => number.ToString(CultureInfo.InvariantCulture);
}
