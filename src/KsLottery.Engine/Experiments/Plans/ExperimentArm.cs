using System.Globalization;
using System.Text;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Experiments;

/// <summary>One arm of an experiment: what is done, and to how many rows.</summary>
/// <remarks>
/// Without <see cref="Alpha"/> and <see cref="Rows"/> an arm takes the ticket of the plan's alpha. A control has as many rows as the ticket
/// that it names in the same words; one that names none stands for a control of each ticket's size, see
/// <see cref="ExperimentPlan.WithControls"/>.
/// </remarks>
public sealed record ExperimentArm(ArmMethod Method)
{
    /// <summary>The arms of an experiment that names none: the paper's, and every control.</summary>
    public static IReadOnlyList<ExperimentArm> Default { get; } =
    [
        new(ArmMethod.Base), new(ArmMethod.Embedding), new(ArmMethod.Transfer), new(ArmMethod.Ticket), new(ArmMethod.RandomDelta),
        new(ArmMethod.Random), new(ArmMethod.Frequent), new(ArmMethod.LargestShift), new(ArmMethod.Token) { Text = "\n" },
            new(ArmMethod.LowRank),
        new(ArmMethod.Full),
    ];

    /// <summary>The names of all methods.</summary>
    public static IEnumerable<string> MethodNames => ArmPreset.All.Select(p => p.Name);

    /// <summary>The method's name in files.</summary>
    public string MethodName => Preset.Name;

    /// <summary>What the arm is called in tables; it tells arms of one method apart.</summary>
    public string Name { get => field ?? Describe(); init; }

    /// <summary>The level of the ticket, or of the one that a control is matched with; null for the plan's.</summary>
    public double? Alpha { get; init; }

    /// <summary>The number of rows: of a ticket those of largest h, whether below alpha or not; null for the ticket's.</summary>
    public int? Rows { get; init; }

    /// <summary>The text whose tokens' rows <see cref="ArmMethod.Token"/> trains.</summary>
    public string? Text { get; init; }

    /// <summary>Only the ticket's rows of this group; a control has as many.</summary>
    public TokenGroup? Only { get; init; }

    /// <summary>The ticket without its rows of this group; a control has as many.</summary>
    public TokenGroup? Without { get; init; }

    /// <summary>The largest learning rate; null for the plan's.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The name as a part of a folder's: letters a to z, digits and single hyphens.</summary>
    public string Slug => SlugOf(Name);

    /// <summary>What its method does.</summary>
    internal ArmPreset Preset => ArmPreset.Of(Method);

    /// <summary>Whether the arm takes a ticket's rows themselves.</summary>
    internal bool TakesTicket => Preset.TakesTicket;

    /// <summary>Whether the arm is matched with a ticket's size, to be held against it.</summary>
    internal bool IsControl => Preset.IsControl;

    /// <summary>Whether the number of rows is given, so that no ticket need be looked at for it.</summary>
    internal bool HasFixedCount => Rows is not null && Only is null && Without is null;

    /// <summary>Whether Embed Tuning must have run: for a ticket, or for how many rows it has.</summary>
    internal bool NeedsTicket => TakesTicket || Preset.Recipe?.Score is L2ShiftScore || (IsControl && !HasFixedCount);

    /// <summary>Whether two arms take the same rows of a ticket, or are matched with them.</summary>
    internal bool HasRowsOf(ExperimentArm other) => (Alpha, Rows, Only, Without) == (other.Alpha, other.Rows, other.Only, other.Without);

    /// <summary>Whether the arm names no ticket, so that it is about the one of the plan's alpha.</summary>
    internal bool NamesNoTicket => (Alpha, Rows, Only, Without) == (null, null, null, null);

    /// <summary>The same control, matched with another ticket.</summary>
    internal ExperimentArm MatchedWith(ExperimentArm ticket)
    {
        ExperimentArm matched = new(Method)
        {
            Alpha = ticket.Alpha,
            Rows = ticket.Rows,
            Only = ticket.Only,
            Without = ticket.Without,
            LearningRate = LearningRate,
        };
        return Name == Describe() ? matched : matched with { Name = Name + matched.DescribeTicket() };
    }

    internal static bool TryParse(string name, out ArmMethod method)
    {
        ArmPreset? preset = ArmPreset.All.FirstOrDefault(p => p.Name == name);
        method = preset?.Method ?? default;
        return preset is not null;
    }

    internal static string SlugOf(string name)
    {
        StringBuilder slug = new();
        foreach (char c in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c)) slug.Append(c);
            else if (slug.Length > 0 && slug[^1] != '-') slug.Append('-');
        }
        return slug.ToString().TrimEnd('-');
    }

    private string Describe()
    {
        StringBuilder name = new(Preset.Title);
        if (Text is not null) name.Append(' ').Append(VisibleText.Escape(Text));
        return name.Append(DescribeTicket()).ToString();
    }

    private string DescribeTicket()
    {
        StringBuilder name = new();
        if (Alpha is { } alpha) name.Append(CultureInfo.InvariantCulture, $", alpha {alpha}");
        if (Rows is { } rows) name.Append(CultureInfo.InvariantCulture, $", {rows} rows");
        if (Only is { } only) name.Append($", only {TokenGroups.NameOf(only)}");
        if (Without is { } without) name.Append($", without {TokenGroups.NameOf(without)}");
        return name.ToString();
    }
}
