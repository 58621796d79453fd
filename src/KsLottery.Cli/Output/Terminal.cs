using KsLottery.Engine.Ranks;

namespace KsLottery.Cli;

/// <summary>What the environment says of the terminal, kept from the runtime.</summary>
/// <remarks>
/// With its first write to a console .NET sends the text that initialises the terminal's keypad, on to whatever stands there: a
/// pseudo-terminal of <c>mpirun</c> or <c>ssh -t</c> that ends in a file has it before our first byte. The text is looked up under
/// <c>TERM</c>; where that is not set there is none.
/// </remarks>
internal static class Terminal
{
    private const string Variable = "TERM";

    private static string? _name;

    /// <summary>Whether the terminal shows text and no more.</summary>
    public static bool IsDumb => _name == "dumb";

    /// <summary>Whether stdout is no terminal of a person: Open MPI gives each rank a pseudo-terminal, into a file too.</summary>
    public static bool IsOutputRedirected => Console.IsOutputRedirected || IsOfLauncher;

    /// <summary>The same of stderr.</summary>
    public static bool IsErrorRedirected => Console.IsErrorRedirected || IsOfLauncher;

    private static bool IsOfLauncher => Launcher.Find() is not null;

    /// <summary>Takes the terminal's name from the environment, before anything is written.</summary>
    public static void Claim()
    {
        _name = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, null);
    }
}
