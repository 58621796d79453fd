using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary>The arguments that say what the loss of <c>tune</c> is a sum of.</summary>
/// <param name="Plan">The terms; token weights are put into it once the tokenizer is there.</param>
/// <param name="Teacher">The teacher; null for none.</param>
/// <param name="TokenWeights">The file of token weights; null for none.</param>
internal sealed record ObjectiveOptions(ObjectivePlan Plan, string? Teacher, string? TokenWeights)
{
    private static readonly Option[] OfTeacher = [Options.Distill, Options.TeacherTemperature];
    private static readonly Option<double?>[] Distances = [Options.L1ToBase, Options.L2ToBase];

    /// <summary>Gives a command the options.</summary>
    public static void AddTo(Command command)
    {
        command.Add(Options.Teacher, Options.Distill, Options.TeacherTemperature, Options.CrossEntropy, Options.TokenWeights,
            Options.L1ToBase, Options.L2ToBase);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.Teacher) is not null) return;
            foreach (Option option in OfTeacher.Where(o => result.GetResult(o) is not null))
                result.AddError($"{option.Name} is about a teacher: name it with {Options.Teacher.Name}.");
            if (result.GetValue(Options.CrossEntropy) == 0)
                result.AddError($"{Options.CrossEntropy.Name} 0 leaves nothing of the loss without a {Options.Teacher.Name}.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static ObjectiveOptions From(ParseResult arguments)
    {
        string? teacher = arguments.GetValue(Options.Teacher);
        return new(new()
        {
            CrossEntropy = arguments.GetValue(Options.CrossEntropy) ?? 1,
            Distillation = teacher is null ? 0 : arguments.GetValue(Options.Distill) ?? 1,
            Temperature = arguments.GetValue(Options.TeacherTemperature) ?? 1,
        }, teacher, arguments.GetValue(Options.TokenWeights));
    }

    /// <summary>Distances to the base that are asked for.</summary>
    public static IEnumerable<string> DistancesOf(CommandResult result) =>
        Distances.Where(d => result.GetValue(d) > 0).Select(d => d.Name);

    /// <summary>The terms in a line; empty for a plain loss.</summary>
    public string Describe() => string.Join(" + ", new[]
    {
        (Plan.CrossEntropy, $"cross-entropy{(TokenWeights is null ? "" : " by token weights")}"),
        (Plan.Distillation, string.Create(CultureInfo.InvariantCulture,
            $"KL to {ConsoleUi.OneLine(Teacher ?? "")} at T {Plan.Temperature}")),
    }.Where(term => term.Item1 > 0).Select(term => term.Item1 == 1 ? term.Item2
        : string.Create(CultureInfo.InvariantCulture, $"{term.Item1} {term.Item2}")));
}
