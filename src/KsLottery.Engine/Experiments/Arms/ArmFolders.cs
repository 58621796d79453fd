using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Experiments;

/// <summary>Where the arms of an experiment stand: <c>TASK-SEED-ARM</c> in its folder, or in the parts that are collected.</summary>
/// <param name="root">The experiment's folder.</param>
internal sealed class ArmFolders(string root)
{
    /// <summary>What the folder of a ticket ends with; no arm may be called so.</summary>
    public const string TicketName = "ticket";

    /// <summary>The file that says why an arm has no scores: its training came to values that are not finite.</summary>
    public const string DivergedName = "diverged.txt";

    private readonly Dictionary<string, string> _collected = [];

    /// <summary>The folders that were found in parts, by their names.</summary>
    public IReadOnlyDictionary<string, string> Collected => _collected;

    /// <summary>What an arm's folder is called.</summary>
    public static string NameOf(ExperimentTask task, ulong? seed, ExperimentArm arm) =>
        seed is { } known ? $"{task.Slug}-{known}-{arm.Slug}" : $"{task.Slug}-{arm.Slug}";

    /// <summary>What the folder of a ticket is called.</summary>
    public static string NameOfTicket(ExperimentTask task, ulong seed) => $"{task.Slug}-{seed}-{TicketName}";

    /// <summary>A folder by its name.</summary>
    public string Place(string name) => _collected.GetValueOrDefault(name) ?? Path.Combine(root, name);

    /// <summary>Finds the finished arms and the tickets of a part.</summary>
    /// <exception cref="InvalidDataException">Another part holds an arm with other numbers.</exception>
    public void Collect(string part)
    {
        foreach (string folder in Directory.EnumerateDirectories(part).Order(StringComparer.Ordinal))
        {
            string name = Path.GetFileName(folder);
            string? sign = new[] { ArmScoring.ScoresName, Tickets.TicketFile.FileName,
                DivergedName }.FirstOrDefault(n => File.Exists(Path.Combine(folder, n)));
            if (sign is null || name.StartsWith('.') || _collected.TryAdd(name, folder)) continue;
            string one = Path.Combine(_collected[name], sign), other = Path.Combine(folder, sign);
            if (!File.Exists(one) || Fingerprint.OfFile(one) != Fingerprint.OfFile(other))
                throw new InvalidDataException(
                    $"{one} and {other} are results of one arm and differ. Leave out the part that is not of this experiment.");
        }
    }

    /// <summary>Gives every folder that was found a place in another, by links where the file system has them.</summary>
    public void CopyTo(string target, CancellationToken cancel)
    {
        foreach ((string name, string source) in _collected)
        {
            string copy = Path.Combine(target, name);
            Directory.CreateDirectory(copy);
            foreach (string file in Directory.EnumerateFiles(source).Where(f => !Path.GetFileName(f).StartsWith('.')))
            {
                cancel.ThrowIfCancellationRequested();
                string second = Path.Combine(copy, Path.GetFileName(file));
                if (!Interop.HardLink.TryCreate(RealPath.Of(file), second)) WritableCopy.Make(file, second);
            }
        }
    }
}
