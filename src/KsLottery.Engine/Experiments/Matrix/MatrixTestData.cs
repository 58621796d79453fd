using System.Globalization;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>The pairs of a test, read.</summary>
/// <param name="Test">The test.</param>
/// <param name="Pairs">The pairs.</param>
/// <param name="Further">Further references, each with one for every pair.</param>
internal sealed record MatrixTestData(MatrixTest Test, IReadOnlyList<SentencePair> Pairs, IReadOnlyList<IReadOnlyList<string>> Further)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="InvalidDataException">Pairs are damaged, or a file of references has another number of lines.</exception>
    public static MatrixTestData Read(MatrixTest test, int? limit)
    {
        ParallelText text = ParallelText.Read(test.Data, test.Pairs);
        if (test.References.Count > 0 && text.SkippedCount > 0)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{test.Data}: {text.SkippedCount} incomplete pairs "
                + $"are left out, so that {test.References[0]} cannot stand line by line beside the others. Complete the pairs."));
        List<IReadOnlyList<string>> further = [];
        foreach (string path in test.References)
        {
            IReadOnlyList<string> lines = SegmentFile.Read(path);
            if (lines.Count != text.Count)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}: {lines.Count} references, and "
                    + $"{test.Data} has {text.Count} pairs. Give one line for each pair."));
            further.Add(lines);
        }
        return new(test, [.. text.Take(limit ?? int.MaxValue)], further);
    }

    /// <summary>All references of those pairs that are left, the pairs' own first.</summary>
    public IReadOnlyList<IReadOnlyList<string>> ReferencesOf(SampleSet samples)
    {
        string[] own = [.. samples.Samples.Select(s => s.Pair.Target)];
        if (Further.Count == 0) return [own];
        Dictionary<SentencePair, int> places = new(ReferenceEqualityComparer.Instance);
        foreach ((int i, SentencePair pair) in Pairs.Index()) places[pair] = i;
        int[] kept = [.. samples.Samples.Select(s => places[s.Pair])];
        return [own, .. Further.Select(lines => kept.Select(i => lines[i]).ToArray())];
    }
}
