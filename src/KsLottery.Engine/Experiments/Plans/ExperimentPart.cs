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
    private const string ArrayTask = "SLURM_ARRAY_TASK_ID";
    private const string ArrayCount = "SLURM_ARRAY_TASK_COUNT";
    private const string ArrayFirst = "SLURM_ARRAY_TASK_MIN";
    private const string ArrayStep = "SLURM_ARRAY_TASK_STEP";

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

    /// <summary>The part that a task of a Slurm job array is for: the first task of N takes 1/N.</summary>
    /// <remarks>
    /// Slurm numbers tasks as the user does (<c>--array=0-6:2</c>): SLURM_ARRAY_TASK_ID less _MIN, divided by _STEP. See sbatch's page on
    /// output environment variables.
    /// </remarks>
    /// <param name="variable">Gives a variable of the environment, or null where it is not set.</param>
    /// <returns>The part; null where this is no task of an array.</returns>
    /// <exception cref="ArgumentException">The variables are no numbers, or the array has gaps, so that they do not say which part
    /// it is; names them.</exception>
    public static ExperimentPart? OfJobArray(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        if (variable(ArrayTask) is not { Length: > 0 }) return null;
        long task = Number(ArrayTask), count = Number(ArrayCount), first = Number(ArrayFirst), step = Number(ArrayStep);
        long index = step > 0 && (task - first) % step == 0 ? ((task - first) / step) + 1 : 0;
        return index >= 1 && index <= count && count <= int.MaxValue ? new((int)index, (int)count)
            : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{ArrayTask} is {task}, {ArrayFirst} {first}, ")
                + string.Create(CultureInfo.InvariantCulture, $"{ArrayStep} {step} and {ArrayCount} {count}: the array has gaps, so that ")
                + $"these do not say which part this task is. {Remedy.NamePart}, or give the array as a range, such as 1-8.");

        long Number(string name)
        {
            string? text = variable(name);
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value
                : throw new ArgumentException($"{name} is {(text is null ? "not set" : $"'{text}'")}; Slurm sets a whole number in a task "
                    + $"of a job array. {Remedy.NamePart}.");
        }
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
