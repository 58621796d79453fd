using System.Globalization;

namespace KsLottery.Engine.Mpi;

/// <summary>How a process joins those that its launcher started with it.</summary>
public sealed record MpiOptions
{
    /// <summary>The environment variable with the seconds of <see cref="Patience"/>.</summary>
    public const string PatienceVariable = "KSLOTTERY_RANKS_PATIENCE";

    private static readonly TimeSpan DefaultPatience = TimeSpan.FromMinutes(10);

    /// <summary>The library's path, or a name that the system's loader looks for; null takes the one in <see cref="MpiLibrary.Variable"/>,
    /// or looks for the launcher's own.</summary>
    public string? Library { get; init; }

    /// <summary>Whether a library is taken of a kind that this binding was not run with, see <see cref="MpiLibrary.IsTried"/>.</summary>
    public bool AllowsUntried { get; init; }

    /// <summary>How long a rank may be silent before the others give it up: it tells them that it is alive five times in this time,
    /// whatever it is at. By default what <see cref="PatienceVariable"/> says, or 10 minutes.</summary>
    public TimeSpan Patience { get; init; } = PatienceOf(Environment.GetEnvironmentVariable(PatienceVariable));

    /// <summary>The bytes that are sent at once, at least 8: MPI counts by an int.</summary>
    internal int StretchBytes { get; init; } = 1 << 30;

    private static TimeSpan PatienceOf(string? seconds) =>
        double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value is >= 0.5 and <= 1e6 ? TimeSpan.FromSeconds(value) : DefaultPatience;
}
