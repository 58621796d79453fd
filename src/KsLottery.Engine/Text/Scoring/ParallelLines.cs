namespace KsLottery.Engine.Text.Scoring;

/// <summary>Refuses hypotheses and references that do not stand line by line beside each other.</summary>
internal static class ParallelLines
{
    public static void Check(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references)
    {
        ArgumentNullException.ThrowIfNull(hypotheses);
        ArgumentNullException.ThrowIfNull(references);
        if (references.Count == 0)
            throw new ArgumentException("There are no references; a score needs one or more for every hypothesis.", nameof(references));
        if (hypotheses.Count == 0)
            throw new ArgumentException("There are no hypotheses; a score needs one line or more.", nameof(hypotheses));
        CheckLines(hypotheses, "hypotheses", nameof(hypotheses));
        for (int i = 0; i < references.Count; i++)
        {
            ArgumentNullException.ThrowIfNull(references[i], $"{nameof(references)}[{i}]");
            if (references[i].Count != hypotheses.Count)
            {
                throw new ArgumentException(
                    $"There are {hypotheses.Count} hypotheses, but the references at index {i} have {references[i].Count} lines; " +
                    "every reference needs one line for each hypothesis.", nameof(references));
            }
            CheckLines(references[i], $"references at index {i}", nameof(references));
        }
    }

    private static void CheckLines(IReadOnlyList<string> lines, string name, string parameter)
    {
        for (int i = 0; i < lines.Count; i++)
            if (lines[i] is null)
                throw new ArgumentException($"Line {i + 1} of the {name} is null; give an empty string for an empty line.", parameter);
    }
}
