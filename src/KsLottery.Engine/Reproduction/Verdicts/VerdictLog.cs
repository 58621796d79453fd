using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Reproduction;

/// <summary>The verdicts of a recipe, all that there were: a tab-separated file beside it, to which lines are only added.</summary>
/// <remarks>So a recipe that is changed keeps the verdicts of what it was before; a change needs a new revision.</remarks>
public static class VerdictLog
{
    private const string Suffix = ".verdicts.tsv";
    private const string Title = "date\trevision\trecipe\tversion\tverdict\tclaim\tmean\tseeds\n";

    /// <summary>The log's file.</summary>
    /// <param name="recipePath">The recipe's.</param>
    public static string PathOf(string recipePath) => Path.ChangeExtension(recipePath, null) + Suffix;

    /// <summary>Makes sure that a revision has one content: a recipe that was judged and changed since needs the next one.</summary>
    /// <exception cref="InvalidDataException">The log has the revision with other bytes.</exception>
    public static void ThrowIfChanged(string recipePath, ReproductionRecipe recipe)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        string path = PathOf(recipePath), revision = Number(recipe.Revision);
        if (File.Exists(path) && File.ReadLines(path).Skip(1).Select(l => l.Split('\t')).FirstOrDefault(l =>
            l.Length > 2 && l[1] == revision && l[2] != recipe.Fingerprint) is { } before)
            throw new InvalidDataException($"{recipePath}: revision {revision} was judged on {before[0]} with other bytes ({before[2]}). "
                + $"Raise the revision, and its verdict stays in {path}.");
    }

    /// <summary>Adds the verdicts of a full run; what stands there already is not added again.</summary>
    /// <param name="recipePath">The recipe's file.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="claims">Its claims, judged.</param>
    /// <param name="date">The day.</param>
    /// <param name="cancellationToken">Stops before it is written.</param>
    /// <exception cref="InvalidOperationException">It is the short form, which gives no verdict.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Append(string recipePath, ReproductionRecipe recipe, IReadOnlyList<JudgedClaim> claims, DateOnly date,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        ArgumentNullException.ThrowIfNull(claims);
        if (recipe.IsShort) throw new InvalidOperationException("the short form gives no verdict. Run the whole.");
        string path = PathOf(recipePath);
        string[] known = File.Exists(path) ? [.. File.ReadLines(path).Skip(1)] : [];
        StringBuilder text = new(Title);
        foreach (string line in known) text.Append(line).Append('\n');
        foreach (JudgedClaim claim in claims)
        {
            string rest = string.Join('\t', Number(recipe.Revision), recipe.Fingerprint, LibraryVersion.Current,
                VerdictRule.NameOf(claim.Figures.Verdict), claim.Claim.Says, Real(claim.Figures.Mean),
                string.Join(' ', recipe.Plan.Seeds.Zip(claim.Figures.Seeds, (seed, value) => $"{Number(seed)}={Real(value)}")));
            if (!known.Any(l => l.EndsWith($"\t{rest}", StringComparison.Ordinal)))
                text.Append(CultureInfo.InvariantCulture, $"{date:yyyy-MM-dd}\t{rest}\n");
        }
        AtomicFile.WriteText(path, text.ToString(), cancellationToken);
    }

    private static string Number(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Real(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
