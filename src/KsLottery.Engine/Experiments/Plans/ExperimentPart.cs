using System.Globalization;

namespace KsLottery.Engine.Experiments;

/// <summary>One of several parts that an experiment is divided into, for processes that share no folder.</summary>
/// <remarks>
/// What belongs together, a task with a seed, is never divided: its arms need its Embed Tuning. Of the pairs of seed and task, in the order
/// of the plan, seeds first, part i of n takes every n-th from the i-th. The base is scored with its task's first seed.
/// </remarks>
/// <param name="Index">Which, from 1.</param>
/// <param name="Count">Of how many.</param>
public readonly record struct ExperimentPart(int Index, int Count)
{
    /// <summary>The only part.</summary>
    public static ExperimentPart Whole { get; } = new(1, 1);

    /// <summary>Reads <c>I/N</c>.</summary>
    public static bool TryParse(string text, out ExperimentPart part)
    {
        ArgumentNullException.ThrowIfNull(text);
        part = Whole;
        if (text.Split('/') is not [var first, var second]
            || !int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            || !int.TryParse(second, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || index < 1 || index > count)
            return false;
        part = new(index, count);
        return true;
    }

    /// <summary>The pairs of seed and task that belong to the part.</summary>
    /// <exception cref="ArgumentException">There are fewer pairs than parts, or there is no such part.</exception>
    public IEnumerable<(ulong Seed, ExperimentTask Task)> Of(ExperimentPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        (ulong, ExperimentTask)[] all = [.. plan.Seeds.SelectMany(seed => plan.Tasks.Select(task => (seed, task)))];
        (int index, int count) = (Index, Count);
        if (index < 1 || index > count) throw new ArgumentException($"there is no part {this}. Give one from 1 to the number of parts.");
        return count <= all.Length ? all.Where((_, i) => i % count == index - 1)
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"part {this} is asked for; the experiment has {all.Length} ")
                + string.Create(CultureInfo.InvariantCulture,
                    $"pairs of task and seed, which are not divided: there can be 1 to {all.Length} parts. ")
                + $"Divide it into fewer, or {Remedy.ShareRun}: they share the arms among them.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Count}");
}
