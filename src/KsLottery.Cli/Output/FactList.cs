using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>Facts with a name each, one below the other.</summary>
internal sealed class FactList
{
    private readonly List<(string Name, string Value)> _facts = [];

    /// <summary>Adds a fact; text from a file goes through <see cref="VisibleText"/> first.</summary>
    public FactList Add(string name, string value)
    {
        _facts.Add((name, value));
        return this;
    }

    /// <summary>The lines, values aligned.</summary>
    public void WriteTo(ConsoleUi ui)
    {
        int width = _facts.Max(f => f.Name.Length);
        foreach ((string name, string value) in _facts) ui.WriteLine($"{name.PadRight(width)}  {value}");
    }
}
